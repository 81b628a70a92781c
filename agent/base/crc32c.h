// CRC-32C (Castagnoli), as in iSCSI and ext4.
#ifndef LATIMER_AGENT_BASE_CRC32C_H_
#define LATIMER_AGENT_BASE_CRC32C_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace latimer::agent {

uint32_t Crc32c(absl::string_view bytes);

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_BASE_CRC32C_H_
