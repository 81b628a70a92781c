// Text from foreign files ends up in messages whose strings must be UTF-8.
#ifndef LATIMER_CORE_BASE_UTF8_H_
#define LATIMER_CORE_BASE_UTF8_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace latimer {

// Bytes of the well-formed UTF-8 sequence `text` begins with (1 to 4); 0 where it is empty or malformed (also overlong
// forms, surrogates, and numbers past U+10FFFF).
size_t Utf8SequenceLength(absl::string_view text);

bool IsValidUtf8(absl::string_view text);

}  // namespace latimer

#endif  // LATIMER_CORE_BASE_UTF8_H_
