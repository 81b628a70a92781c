#include "agent/base/log.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace latimer::agent {
namespace {

absl::string_view Name(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return "info   ";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error  ";
  }
  return "";
}

}  // namespace

std::string FormatLogLine(int64_t unix_ms, LogLevel level, absl::string_view text) {
  std::string line =
      absl::StrCat(absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixMillis(unix_ms), absl::UTCTimeZone()), " ",
                   Name(level), " ", text);
  // One event, one line: whatever an engine or a server says cannot forge another.
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  line += '\n';
  return line;
}

void DescriptorLog::Write(LogLevel level, absl::string_view text) {
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  const std::string line = FormatLogLine(now.count(), level, text);
  // A log that cannot be written is no reason to stop measuring.
  [[maybe_unused]] const ssize_t written = write(descriptor_, line.data(), line.size());
}

}  // namespace latimer::agent
