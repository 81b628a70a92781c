// Finds and checks descriptions of toolchains (toolchain.proto): those built in, and those of a folder.
#ifndef LATIMER_BACKENDS_COMMAND_TOOLCHAIN_FILE_H_
#define LATIMER_BACKENDS_COMMAND_TOOLCHAIN_FILE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backends/command/report_parser.h"
#include "backends/command/toolchain.pb.h"

namespace latimer::command {

namespace proto = ::latimer::toolchain::v1;

// Files of data/toolchains as they were when this was built, by name.
const std::map<std::string, std::string>& BuiltInToolchains();

// Names of all descriptions: built in, and *.textproto in `folder` (empty: none).
std::vector<std::string> ToolchainNames(const std::string& folder);

// The description `name`: <folder>/<name>.textproto where it is there, else the one built in. Errors: NOT_FOUND, and
// those of ParseToolchain().
absl::StatusOr<proto::Toolchain> FindToolchain(absl::string_view name, const std::string& folder,
                                               const ParserTable& parsers = BuiltInParsers());

// Reads and checks a description. INVALID_ARGUMENT (reason BAD_TOOLCHAIN) says what is wrong: text that is no
// description, an unknown parser, setting or placeholder, a regular expression that is none, a command without limit.
absl::StatusOr<proto::Toolchain> ParseToolchain(absl::string_view text, const ParserTable& parsers = BuiltInParsers());

}  // namespace latimer::command

#endif  // LATIMER_BACKENDS_COMMAND_TOOLCHAIN_FILE_H_
