#include "cli/input/network_folder.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer::cli {
namespace {

namespace fs = std::filesystem;

Error CannotRead(const std::string& path, const std::error_code& error) {
  const bool denied = error == std::errc::permission_denied;
  return Error(denied ? absl::StatusCode::kPermissionDenied : absl::StatusCode::kNotFound,
               denied ? "FILE_UNREADABLE" : "NO_SUCH_FILE", absl::StrCat(path, ": ", error.message()));
}

absl::StatusOr<std::vector<std::string>> NetworksIn(const std::string& folder) {
  std::vector<std::string> found;
  std::error_code error;
  fs::recursive_directory_iterator file(folder, error);
  for (; !error && file != fs::recursive_directory_iterator(); file.increment(error)) {
    std::error_code ignored;
    if (file->path().extension() == ".onnx" && file->is_regular_file(ignored)) found.push_back(file->path().string());
  }
  if (error) return CannotRead(folder, error);
  if (found.empty()) return NotFound("NO_NETWORKS", absl::StrCat(folder, ": there is no *.onnx in this folder"));
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> FindNetworks(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  std::set<std::string> known;
  for (const std::string& path : paths) {
    std::vector<std::string> found = {path};
    std::error_code error;
    if (fs::is_directory(path, error)) {
      LATIMER_ASSIGN_OR_RETURN(found, NetworksIn(path));
    } else if (path != "-" && !fs::exists(path, error)) {
      return CannotRead(path, std::make_error_code(std::errc::no_such_file_or_directory));
    }
    for (std::string& file : found) {
      if (known.insert(fs::path(file).lexically_normal().string()).second) files.push_back(std::move(file));
    }
  }
  return files;
}

}  // namespace latimer::cli
