// Finds the parameters of the roofline and the refined roofline from measurements.
#ifndef LATIMER_CORE_FITTING_ANALYTICAL_FIT_H_
#define LATIMER_CORE_FITTING_ANALYTICAL_FIT_H_

#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "core/fitting/data_point.h"
#include "core/model/analytical_model.h"
#include "latimer/model/v1/platform_model.pb.h"

namespace latimer::fitting {

struct AnalyticalFit {
  double peak = 1;       // operations per second
  double bandwidth = 1;  // bytes per second
  double overhead = 0;   // seconds
  std::vector<Unrolling> unrolling = {};
  double loss = 0;                              // mean robust loss over the points
  std::optional<AdditivePrices> additive = {};  // of the refined model, where a sum fits better than a maximum

  AnalyticalModel Model(ModelKind kind) const {
    if (kind != ModelKind::kRoofline && additive.has_value()) return {kind, peak, bandwidth, overhead, *additive};
    return AnalyticalModel(kind, peak, bandwidth, kind == ModelKind::kRoofline ? std::vector<Unrolling>() : unrolling,
                           overhead);
  }
  void Write(model::v1::AnalyticalParameters* to) const;
};

// At most 600 of the points, spread evenly: a handful of parameters needs no more, and the fits take their time.
std::vector<DataPoint> Thin(const std::vector<DataPoint>& points);

// Peak, bandwidth and overhead by a robust fit of log(time) to the intervals. Without operations (or bytes) in the data
// the peak (bandwidth) is that of `fallback`. `points` is not empty.
AnalyticalFit FitRoofline(absl::Span<const DataPoint> points, const AnalyticalFit& fallback);

// The same with unrolled dimensions, added one by one while they explain more than noise would: every s up to 128 and
// alpha for the dimensions height, width, input and output channels.
AnalyticalFit FitRefinedRoofline(absl::Span<const DataPoint> points, const AnalyticalFit& roofline);

// The refined model as a sum of terms, where that explains the points clearly better.
AnalyticalFit TryAdditive(absl::Span<const DataPoint> points, AnalyticalFit refined);

// Peak, bandwidth, overhead and alphas once more, on other points, with the unrolled dimensions as they are.
AnalyticalFit Refit(absl::Span<const DataPoint> points, const AnalyticalFit& fit);

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_ANALYTICAL_FIT_H_
