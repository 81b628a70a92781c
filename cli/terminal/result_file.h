// Results that a person wants in a file.
#ifndef LATIMER_CLI_TERMINAL_RESULT_FILE_H_
#define LATIMER_CLI_TERMINAL_RESULT_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "cli/terminal/output.h"

namespace latimer::cli {

// Writes `text` to the file, over what was there; to `out` if `path` is "-" or empty.
// Errors: INVALID_ARGUMENT (no such folder, a folder of that name, no permission), INTERNAL (disk full and the like).
absl::Status WriteResult(const std::string& path, absl::string_view text, Output* out);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_TERMINAL_RESULT_FILE_H_
