#include "cli/input/file_bytes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace latimer::cli {
namespace {

constexpr off_t kMapFrom = 16 << 20;

absl::Status SystemError(int error, absl::string_view doing) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return NotFound("NO_SUCH_FILE", "no such file");
    case EACCES:
    case EPERM:
      return Error(absl::StatusCode::kPermissionDenied, "FILE_NOT_READABLE", "may not be read: permission denied");
    case EISDIR:
      return InvalidArgument("FILE_IS_DIRECTORY", "is a directory; name the network file inside it");
    default:
      return Error(absl::StatusCode::kInternal, "FILE_READ_ERROR",
                   absl::StrCat("cannot ", doing, ": ", std::strerror(error)));
  }
}

}  // namespace

absl::StatusOr<FileBytes> FileBytes::Open(const std::string& path) {
  const bool standard_input = path == "-";
  const int descriptor = standard_input ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return SystemError(errno, "open");
  const absl::Cleanup close_descriptor = [&] {
    if (!standard_input) close(descriptor);
  };
  struct stat info = {};
  if (fstat(descriptor, &info) != 0) return SystemError(errno, "read");
  if (S_ISDIR(info.st_mode)) return SystemError(EISDIR, "read");

  FileBytes file;
  if (S_ISREG(info.st_mode) && info.st_size >= kMapFrom && !standard_input) {
    const size_t size = static_cast<size_t>(info.st_size);
    void* const mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (mapped != MAP_FAILED) {
      file.mapped_ = static_cast<const char*>(mapped);
      file.mapped_size_ = size;
      return file;
    }
  }
  if (S_ISREG(info.st_mode)) file.read_.reserve(static_cast<size_t>(info.st_size));
  std::string chunk(256 << 10, '\0');
  while (true) {
    const ssize_t count = read(descriptor, chunk.data(), chunk.size());
    if (count == 0) return file;
    if (count > 0) {
      file.read_.append(chunk.data(), static_cast<size_t>(count));
    } else if (errno != EINTR) {
      return SystemError(errno, "read");
    }
  }
}

FileBytes::~FileBytes() {
  if (mapped_ != nullptr) munmap(const_cast<char*>(mapped_), mapped_size_);
}

FileBytes::FileBytes(FileBytes&& other) noexcept { *this = std::move(other); }

FileBytes& FileBytes::operator=(FileBytes&& other) noexcept {
  std::swap(read_, other.read_);
  std::swap(mapped_, other.mapped_);
  std::swap(mapped_size_, other.mapped_size_);
  return *this;
}

}  // namespace latimer::cli
