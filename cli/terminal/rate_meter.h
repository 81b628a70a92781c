// How fast a counter grows now.
#ifndef LATIMER_CLI_TERMINAL_RATE_METER_H_
#define LATIMER_CLI_TERMINAL_RATE_METER_H_

#include <deque>
#include <optional>
#include <utility>

#include "absl/time/time.h"

namespace latimer::cli {

// Averages over a window, so that the time left neither jumps with every measurement nor remembers a pause for long.
// Not thread-safe.
class RateMeter {
 public:
  explicit RateMeter(absl::Duration window = absl::Seconds(30)) : window_(window) {}

  // The counter stands at `value` at `now`. Times must not decrease. A value lower than before starts anew.
  void Add(absl::Time now, double value);

  // Per second over the window; nullopt before anything was counted.
  std::optional<double> PerSecond() const;

 private:
  const absl::Duration window_;
  std::deque<std::pair<absl::Time, double>> samples_;
};

}  // namespace latimer::cli

#endif  // LATIMER_CLI_TERMINAL_RATE_METER_H_
