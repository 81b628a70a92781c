// Where a command writes: buffered, and aware that readers of a pipe may leave early.
#ifndef LATIMER_CLI_TERMINAL_OUTPUT_H_
#define LATIMER_CLI_TERMINAL_OUTPUT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace latimer::cli {

// A sink of text. Not thread-safe.
class Output {
 public:
  virtual ~Output() = default;

  // Takes `text` over; errors show in Flush().
  virtual void Write(absl::string_view text) = 0;

  // Hands everything on. Errors: INTERNAL (disk full and the like), once; later writes are dropped.
  virtual absl::Status Flush() { return absl::OkStatus(); }

  // True once nobody reads any more ("latimer … | head"): more work would be for nothing.
  virtual bool ReaderGone() const { return false; }
};

// Collects text in memory.
class StringOutput : public Output {
 public:
  void Write(absl::string_view text) override { text_.append(text.data(), text.size()); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Writes to a file descriptor. SIGPIPE has to be ignored by the process.
class DescriptorOutput : public Output {
 public:
  explicit DescriptorOutput(int descriptor, size_t buffer_bytes = 64 << 10)
      : descriptor_(descriptor), buffer_bytes_(buffer_bytes) {}
  ~DescriptorOutput() override;
  DescriptorOutput(const DescriptorOutput&) = delete;
  DescriptorOutput& operator=(const DescriptorOutput&) = delete;

  void Write(absl::string_view text) override;
  absl::Status Flush() override;
  bool ReaderGone() const override { return reader_gone_; }

 private:
  void Drain();

  const int descriptor_;
  const size_t buffer_bytes_;
  std::string buffer_;
  bool reader_gone_ = false;
  int error_ = 0;
};

}  // namespace latimer::cli

#endif  // LATIMER_CLI_TERMINAL_OUTPUT_H_
