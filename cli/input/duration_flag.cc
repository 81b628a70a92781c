#include "cli/input/duration_flag.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace latimer::cli {
namespace {

constexpr absl::Duration kLongest = absl::Hours(24 * 3650);

// The unit's length; zero for none of ours.
absl::Duration Unit(char letter) {
  switch (letter) {
    case 's':
      return absl::Seconds(1);
    case 'm':
      return absl::Minutes(1);
    case 'h':
      return absl::Hours(1);
    case 'd':
      return absl::Hours(24);
    default:
      return absl::ZeroDuration();
  }
}

}  // namespace

absl::StatusOr<absl::Duration> ParseDurationFlag(absl::string_view text) {
  const Error malformed = InvalidArgument(
      "BAD_DURATION", absl::StrCat("'", text, "' is no duration; write a number with s, m, h or d: 90s, 5m, 1h30m"));
  absl::Duration sum = absl::ZeroDuration();
  absl::string_view rest = text;
  while (!rest.empty()) {
    const size_t end = rest.find_first_not_of("0123456789.");
    double number = 0;
    if (end == absl::string_view::npos || !absl::SimpleAtod(rest.substr(0, end), &number)) return malformed;
    const absl::Duration unit = Unit(rest[end]);
    if (unit == absl::ZeroDuration()) return malformed;
    sum += number * unit;
    rest.remove_prefix(end + 1);
  }
  if (text.empty()) return malformed;
  if (sum <= absl::ZeroDuration() || sum > kLongest) {
    return InvalidArgument("BAD_DURATION", absl::StrCat("'", text, "' is not above zero and up to ten years"));
  }
  return sum;
}

}  // namespace latimer::cli
