#include "cli/terminal/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace latimer::cli {

DescriptorOutput::~DescriptorOutput() { Drain(); }

void DescriptorOutput::Write(absl::string_view text) {
  if (reader_gone_ || error_ != 0) return;
  buffer_.append(text.data(), text.size());
  if (buffer_.size() >= buffer_bytes_) Drain();
}

absl::Status DescriptorOutput::Flush() {
  Drain();
  if (error_ == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("cannot write the output: ", std::strerror(error_)));
}

void DescriptorOutput::Drain() {
  absl::string_view rest = buffer_;
  while (!rest.empty() && !reader_gone_ && error_ == 0) {
    const ssize_t written = write(descriptor_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EPIPE) {
      reader_gone_ = true;
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  buffer_.clear();
}

}  // namespace latimer::cli
