// What times owe to the pace of the processor that made them. Internal to core/fitting.
//
// A network's time grows with a power of the time of a pass (Timing.pass_ns). The exponent of all units together shows
// within measurements: an engine's report and the time of the whole come from different runs, at different paces. Those
// of types show in what a model without pace leaves unexplained. Where the pace never changed, nothing is corrected.
#ifndef LATIMER_CORE_FITTING_PACE_FIT_H_
#define LATIMER_CORE_FITTING_PACE_FIT_H_

#include <map>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/fitting/data_point.h"
#include "core/fitting/fit_platform.h"
#include "core/model/platform_model.h"

namespace latimer::fitting {

// A network's time against the sum of its report's rows.
struct PacedSum {
  double log_ratio = 0;  // of the time to the sum
  double log_pace = 0;   // of the pace of the one to that of the other
};

// Exponent of all units together, 0 to 1; kUsualPaceExponent as far as `sums` say nothing.
double FitPaceExponent(const std::vector<PacedSum>& sums);

// By unit type.
using PaceExponents = std::map<std::string, double>;

// Each is close to `common`, the ExcerptData's, as far as the points of the type say nothing.
// `log_seconds`: logarithm of what a model without pace says of a point.
PaceExponents FitPaceExponents(absl::Span<const std::vector<DataPoint>> families, double common,
                               absl::FunctionRef<double(const DataPoint&)> log_seconds);

// Those of a fitted model.
PaceExponents PaceExponentsOf(const model::v1::PlatformModel& model);

// Shifts the times of points to the model's pace, as far as theirs is known.
void BringToPace(const PaceExponents& exponents, double common, std::vector<DataPoint>& points);

// A measured network at the pace of a model.
struct PacedNetwork {
  const Network* network = nullptr;  // of the sample
  double seconds = 0;
};

// In the same order. The samples must live as long as the result is used.
absl::StatusOr<std::vector<PacedNetwork>> ValidationAtPace(const std::vector<ValidationSample>& samples,
                                                           const PlatformModel& model);

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_PACE_FIT_H_
