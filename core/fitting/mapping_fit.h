// Fusion rules from timing: a pair of layers against the first of them alone. Internal to core/fitting.
#ifndef LATIMER_CORE_FITTING_MAPPING_FIT_H_
#define LATIMER_CORE_FITTING_MAPPING_FIT_H_

#include <functional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/fitting/fit_platform.h"
#include "core/model/unit_features.h"

namespace latimer::fitting {

// What probes of one pair of types say, summed over their shapes. Seconds.
struct PairEvidence {
  LayerType primary = LayerType::kUnspecified;
  LayerType secondary = LayerType::kUnspecified;
  double added = 0;     // by the second layer
  double own = 0;       // the second layer's time as a unit of its own
  double variance = 0;  // of `added`, seconds squared
  SpatialDims pool_kernel;
  SpatialDims pool_stride;

  // The second layer adds less than half its own time, or not more than the noise.
  bool fused() const;
};

// `own_seconds` estimates a layer as a unit of its own. In order of (primary, secondary).
std::vector<PairEvidence> CollectPairs(const std::vector<Sample>& samples, const model::v1::PlatformModel& base,
                                       const std::function<double(const UnitFeatures&)>& own_seconds);

void WriteFusions(const std::vector<PairEvidence>& pairs, model::v1::Mapping* mapping);

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_MAPPING_FIT_H_
