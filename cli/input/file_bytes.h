// The contents of a file, read or mapped.
#ifndef LATIMER_CLI_INPUT_FILE_BYTES_H_
#define LATIMER_CLI_INPUT_FILE_BYTES_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace latimer::cli {

// Bytes of a file. Large regular files are mapped, so that the weights in a model of many gigabytes are only paged in
// where somebody looks at them; everything else is read. A mapped file must not be cut while it is in use.
class FileBytes {
 public:
  // `path` "-" is the standard input. Messages do not repeat the path.
  // Errors: NOT_FOUND, PERMISSION_DENIED, INVALID_ARGUMENT (a directory), INTERNAL (read error).
  static absl::StatusOr<FileBytes> Open(const std::string& path);

  FileBytes() = default;
  ~FileBytes();
  FileBytes(FileBytes&& other) noexcept;
  FileBytes& operator=(FileBytes&& other) noexcept;

  absl::string_view view() const { return mapped_ != nullptr ? absl::string_view(mapped_, mapped_size_) : read_; }

 private:
  std::string read_;
  const char* mapped_ = nullptr;
  size_t mapped_size_ = 0;
};

}  // namespace latimer::cli

#endif  // LATIMER_CLI_INPUT_FILE_BYTES_H_
