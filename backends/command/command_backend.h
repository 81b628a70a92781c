// A vendor's toolchain as a back end: everything it does stands in a description (toolchain.proto) and a parser.
#ifndef LATIMER_BACKENDS_COMMAND_COMMAND_BACKEND_H_
#define LATIMER_BACKENDS_COMMAND_COMMAND_BACKEND_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "backends/backend.h"
#include "backends/command/report_parser.h"
#include "backends/command/toolbox.h"
#include "backends/command/toolchain_file.h"

namespace latimer::command {

struct CommandBackendOptions {
  ToolboxOptions toolbox;
  std::string cache_dir;  // of conversions; empty: one that ends with the back end
  int64_t cache_bytes = int64_t{4} << 30;
};

// Finds the programs and reads the fingerprint. Errors: those of Toolbox::Create() and of the commands that tell the
// facts. `parsers` has the parsers `toolchain` was checked with.
absl::StatusOr<std::unique_ptr<Backend>> CreateCommandBackend(proto::Toolchain toolchain, const ParserTable& parsers,
                                                              CommandBackendOptions options);

}  // namespace latimer::command

#endif  // LATIMER_BACKENDS_COMMAND_COMMAND_BACKEND_H_
