// Times as people read them. Independent of the locale and of the time zone.
#ifndef LATIMER_CLI_FORMAT_TIMES_H_
#define LATIMER_CLI_FORMAT_TIMES_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace latimer::cli {

// "0:07", "12:34", "3:05:09": minutes and seconds, with hours where there are any. Rounded down to the second; "-" for
// what is negative or infinite.
std::string FormatClock(absl::Duration duration);

// One figure that is enough to plan with: "7 s", "12 min", "3 h", "5 d".
std::string FormatRough(absl::Duration duration);

// "2026-11-21 08:30" in UTC, of milliseconds since 1970-01-01 UTC; "-" for 0.
std::string FormatTimestamp(int64_t unix_ms);

// "now", "12 s ago", "3 h ago"; "never" for 0.
std::string FormatAge(int64_t unix_ms, absl::Time now);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_FORMAT_TIMES_H_
