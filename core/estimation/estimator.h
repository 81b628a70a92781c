// The stacked model: mapping, layer models and intervals applied to one network (paper I, section VI).
#ifndef LATIMER_CORE_ESTIMATION_ESTIMATOR_H_
#define LATIMER_CORE_ESTIMATION_ESTIMATOR_H_

#include "absl/status/statusor.h"
#include "core/estimation/unit_memo.h"
#include "core/model/platform_model.h"
#include "core/network/network.h"
#include "latimer/v1/estimate.pb.h"

namespace latimer {

// Sees the units of an estimate, in execution order.
class UnitObserver {
 public:
  virtual ~UnitObserver() = default;
  virtual void Observe(const UnitFeatures& features, double seconds) = 0;
};

struct EstimateSettings {
  ModelKind model_kind = ModelKind::kAuto;
  double confidence = 0.9;  // in (0, 1)
  bool with_units = true;   // false: the SUMMARY view
  UnitObserver* observer = nullptr;
};

// Fills `result` (may live on an arena). `network` must be simplified. `memo` may be null. Pure otherwise: the same
// arguments give bit-equal answers. Errors: INVALID_ARGUMENT for a confidence outside (0, 1).
absl::Status EstimateNetwork(const Network& network, const PlatformModel& platform, const EstimateSettings& settings,
                             UnitMemo* memo, v1::NetworkEstimate* result);

}  // namespace latimer

#endif  // LATIMER_CORE_ESTIMATION_ESTIMATOR_H_
