#include "server/store/data_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace latimer::server {

namespace fs = std::filesystem;

std::string StoreFile(const std::string& folder) { return (fs::path(folder) / "latimer.sqlite").string(); }

absl::StatusOr<std::unique_ptr<FolderLock>> FolderLock::Take(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    return Error(absl::StatusCode::kUnavailable, "DATA_DIR_UNAVAILABLE",
                 absl::StrCat("the data folder ", folder, " cannot be made: ", error.message()))
        .ToStatus();
  }
  const fs::path file = fs::path(folder) / "lock";
  const int descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0 || flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const std::string why = errno == EWOULDBLOCK ? "another server uses it" : std::strerror(errno);
    if (descriptor >= 0) close(descriptor);
    return Error(absl::StatusCode::kUnavailable, "DATA_DIR_UNAVAILABLE",
                 absl::StrCat("the data folder ", folder, " cannot be used: ", why))
        .ToStatus();
  }
  return std::unique_ptr<FolderLock>(new FolderLock(descriptor));
}

FolderLock::~FolderLock() { close(descriptor_); }

}  // namespace latimer::server
