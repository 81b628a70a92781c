// LayerModel: time of one execution unit. One implementation per kind (roofline, refined roofline; statistical and
// mixed follow the same interface). Immutable and safe to call from any number of threads.
#ifndef LATIMER_CORE_MODEL_LAYER_MODEL_H_
#define LATIMER_CORE_MODEL_LAYER_MODEL_H_

#include <cstdint>

#include "core/model/model_kind.h"
#include "core/model/unit_features.h"

namespace latimer {

enum class Bound : uint8_t { kUnspecified = 0, kCompute = 1, kMemory = 2 };  // as latimer.v1.Bound

// The answer for one unit, before intervals.
struct UnitTime {
  double seconds = 0;
  double utilization = 0;  // operations / (seconds * peak), 0 to 1
  Bound bound = Bound::kUnspecified;
  bool outside_data = false;  // some feature lies outside the measurements the model was fitted to
  float error_scale = 1;      // local scale of the logarithm's error; 1 at the median of measured units
  float distance = 0;         // from the nearest measured units, in usual distances; 0: not known
};

class LayerModel {
 public:
  virtual ~LayerModel() = default;
  virtual ModelKind kind() const = 0;
  virtual UnitTime Estimate(const UnitFeatures& features) const = 0;
};

}  // namespace latimer

#endif  // LATIMER_CORE_MODEL_LAYER_MODEL_H_
