// What the server reports about itself, one event at a time.
//
// Logger is the interface; JsonLogger writes one JSON line per event. Both are safe for concurrent use. Nothing a
// client sends beyond names and sizes is logged, and no key material ever.
#ifndef LATIMER_SERVER_LOG_H_
#define LATIMER_SERVER_LOG_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <variant>

#include "absl/strings/string_view.h"

namespace latimer::server {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError, kOff };

// "debug", "info", "warning", "error", "off".
std::optional<LogLevel> LogLevelFromName(absl::string_view name);

// A named value of an event.
struct LogField {
  absl::string_view key;
  std::variant<absl::string_view, int64_t, double, bool> value;
};

class Logger {
 public:
  virtual ~Logger() = default;
  virtual bool Enabled(LogLevel level) const = 0;
  virtual void Log(LogLevel level, absl::string_view message, std::initializer_list<LogField> fields) = 0;
};

// {"ts":"2024-05-01T12:00:00.123Z","level":"info","msg":"…", fields…} and a newline, in one write.
class JsonLogger : public Logger {
 public:
  // Writes events of at least `level` to `file_descriptor`, which stays open.
  explicit JsonLogger(LogLevel level, int file_descriptor = 2) : level_(level), file_descriptor_(file_descriptor) {}
  bool Enabled(LogLevel level) const override { return level >= level_; }
  void Log(LogLevel level, absl::string_view message, std::initializer_list<LogField> fields) override;

 private:
  const LogLevel level_;
  const int file_descriptor_;
};

// Logs where there is a logger and it wants the level.
inline void LogTo(Logger* logger, LogLevel level, absl::string_view message,
                  std::initializer_list<LogField> fields = {}) {
  if (logger != nullptr && logger->Enabled(level)) logger->Log(level, message, fields);
}

}  // namespace latimer::server

#endif  // LATIMER_SERVER_LOG_H_
