// Values of --lifetime 1d, --max-board-time 5m.
#ifndef LATIMER_CLI_INPUT_DURATION_FLAG_H_
#define LATIMER_CLI_INPUT_DURATION_FLAG_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace latimer::cli {

// A duration above zero and up to ten years: numbers with the units s, m, h and d, such as "90s", "1.5h", "1h30m". A
// number without a unit is refused, because seconds and minutes are equally likely to be meant.
// Errors: INVALID_ARGUMENT.
absl::StatusOr<absl::Duration> ParseDurationFlag(absl::string_view text);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_INPUT_DURATION_FLAG_H_
