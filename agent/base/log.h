// Log lines of the agent: time, level, what. For people at a board's console and for journald; no key material ever.
#ifndef LATIMER_AGENT_BASE_LOG_H_
#define LATIMER_AGENT_BASE_LOG_H_

#include <string>

#include "absl/strings/string_view.h"

namespace latimer::agent {

enum class LogLevel { kInfo, kWarning, kError };

// Safe for concurrent use.
class Log {
 public:
  virtual ~Log() = default;
  virtual void Write(LogLevel level, absl::string_view text) = 0;

  void Info(absl::string_view text) { Write(LogLevel::kInfo, text); }
  void Warning(absl::string_view text) { Write(LogLevel::kWarning, text); }
  void Error(absl::string_view text) { Write(LogLevel::kError, text); }
};

// "2024-05-01T12:00:00.123Z warning text" to a file descriptor, one write per line.
class DescriptorLog final : public Log {
 public:
  explicit DescriptorLog(int descriptor = 2) : descriptor_(descriptor) {}
  void Write(LogLevel level, absl::string_view text) override;

 private:
  const int descriptor_;
};

// The line DescriptorLog writes, for `unix_ms`; line breaks in `text` become spaces.
std::string FormatLogLine(int64_t unix_ms, LogLevel level, absl::string_view text);

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_BASE_LOG_H_
