// A measurement as the fit sees it: an execution unit and the interval its time lies in. Internal to core/fitting.
#ifndef LATIMER_CORE_FITTING_DATA_POINT_H_
#define LATIMER_CORE_FITTING_DATA_POINT_H_

#include <algorithm>
#include <cmath>
#include <string>

#include "core/model/unit_features.h"

namespace latimer::fitting {

// Times are natural logarithms of seconds: errors of models are ratios. A bound that is not positive says nothing
// about a ratio; `log_lower` is then far below (a twentieth of the upper bound).
struct DataPoint {
  std::string unit_type;
  UnitFeatures features;
  double log_lower = 0;
  double log_target = 0;  // best single value, within the bounds
  double log_upper = 0;
  double weight = 1;  // how much it counts; below 1: how much its noise leaves of it
  int group = -1;     // points of one group are held out together; negative: a group of its own
  // Logarithms of the board's pace against that of most points; slower is more. Of an excerpt: while the whole was
  // timed, which rows are brought to as a sum, and while its report was made, which tells one row from another.
  double log_pace = 0;
  double log_rows_pace = 0;
  bool paced = false;  // both are known, and the times are as they were measured
  double trust = 1;    // in the measurement, of what agrees with itself; part of the weight

  // How far a prediction lies outside the interval, with its sign, and a little of the way to the target within it:
  // every time in the interval is possible, and the target a little more so.
  double Residual(double log_seconds) const {
    constexpr double kPullInside = 0.15;
    const double outside = log_seconds - std::clamp(log_seconds, log_lower, log_upper);
    return outside + kPullInside * (std::clamp(log_seconds, log_lower, log_upper) - log_target);
  }

  // The time and its bounds, by a factor of e^`log_factor`.
  void Shift(double log_factor) {
    log_lower += log_factor;
    log_target += log_factor;
    log_upper += log_factor;
  }
};

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_DATA_POINT_H_
