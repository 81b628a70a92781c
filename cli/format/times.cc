#include "cli/format/times.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace latimer::cli {

std::string FormatClock(absl::Duration duration) {
  if (duration < absl::ZeroDuration() || duration == absl::InfiniteDuration()) return "-";
  const int64_t seconds = absl::ToInt64Seconds(duration);
  const int64_t minutes = seconds / 60;
  if (minutes < 60) return absl::StrFormat("%d:%02d", minutes, seconds % 60);
  return absl::StrFormat("%d:%02d:%02d", minutes / 60, minutes % 60, seconds % 60);
}

std::string FormatRough(absl::Duration duration) {
  const double seconds = absl::ToDoubleSeconds(duration);
  if (!(seconds >= 0) || std::isinf(seconds)) return "-";
  // The next unit begins where two of it are reached: 90 min say more than 2 h.
  if (seconds < 120) return absl::StrCat(std::lround(seconds), " s");
  if (seconds < 120 * 60) return absl::StrCat(std::lround(seconds / 60), " min");
  if (seconds < 48 * 3600) return absl::StrCat(std::lround(seconds / 3600), " h");
  return absl::StrCat(std::lround(seconds / 86400), " d");
}

std::string FormatTimestamp(int64_t unix_ms) {
  if (unix_ms == 0) return "-";
  return absl::FormatTime("%Y-%m-%d %H:%M", absl::FromUnixMillis(unix_ms), absl::UTCTimeZone());
}

std::string FormatAge(int64_t unix_ms, absl::Time now) {
  if (unix_ms == 0) return "never";
  const absl::Duration age = now - absl::FromUnixMillis(unix_ms);
  // Clocks of two machines differ by a little; a board heard of "in two seconds" would only confuse.
  if (age < absl::Seconds(1)) return "now";
  return absl::StrCat(FormatRough(age), " ago");
}

}  // namespace latimer::cli
