// Networks named on a command line, folders searched.
#ifndef LATIMER_CLI_INPUT_NETWORK_FOLDER_H_
#define LATIMER_CLI_INPUT_NETWORK_FOLDER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace latimer::cli {

// Files as they are; of folders every *.onnx in them and in the folders below, sorted by path. Symbolic links to
// folders are not followed. A file named twice appears once.
// Errors: NOT_FOUND (no such path; a folder without networks), PERMISSION_DENIED.
absl::StatusOr<std::vector<std::string>> FindNetworks(const std::vector<std::string>& paths);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_INPUT_NETWORK_FOLDER_H_
