// Owner of a file descriptor, and reads and writes that do not stop half way.
#ifndef LATIMER_AGENT_BASE_DESCRIPTOR_H_
#define LATIMER_AGENT_BASE_DESCRIPTOR_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace latimer::agent {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      Close();
      value_ = std::exchange(other.value_, -1);
    }
    return *this;
  }
  ~Descriptor() { Close(); }

  bool valid() const { return value_ >= 0; }
  int get() const { return value_; }
  void Close();

 private:
  int value_ = -1;
};

// What errno says about `what`: RESOURCE_EXHAUSTED for a full disk, quota or file size limit, NOT_FOUND,
// PERMISSION_DENIED, else INTERNAL.
absl::Status ErrnoStatus(int number, absl::string_view what);

// Writes all of `bytes`; after an error some of them may be written.
absl::Status WriteAll(int descriptor, absl::string_view bytes, absl::string_view what);

// Everything in a file. NOT_FOUND where there is none.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// Replaces a file so that after a crash or power cut either the old or the new contents are there: written beside it,
// synced, renamed, folder synced.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view bytes, unsigned mode);

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_BASE_DESCRIPTOR_H_
