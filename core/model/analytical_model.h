// Roofline and refined roofline (paper I, section V-A, equations 1, 2 and 4).
#ifndef LATIMER_CORE_MODEL_ANALYTICAL_MODEL_H_
#define LATIMER_CORE_MODEL_ANALYTICAL_MODEL_H_

#include <memory>
#include <vector>

#include "core/model/additive_terms.h"
#include "core/model/layer_model.h"

namespace latimer {

// A dimension unrolled over parallel hardware. u = 1 / (alpha + (1 - alpha) * ceil(x / s) / (x / s)), equation 4.
struct Unrolling {
  enum class Dimension : uint8_t { kHeight = 1, kWidth = 2, kInputChannels = 3, kOutputChannels = 4 };
  Dimension dimension = Dimension::kHeight;
  int64_t size = 1;         // s, at least 1
  double alpha = 0;         // 0: full ceiling; 1: no effect
  bool replicates = false;  // below s the toolchain fills the array with copies of the work: u = 1
};

class AnalyticalModel : public LayerModel {
 public:
  // Operations and bytes per second, both greater than 0; seconds of overhead per unit, at least 0.
  AnalyticalModel(ModelKind kind, double peak, double bandwidth, std::vector<Unrolling> unrolling, double overhead = 0)
      : kind_(kind), peak_(peak), bandwidth_(bandwidth), overhead_(overhead), unrolling_(std::move(unrolling)) {}

  // The same, with the time a sum of terms instead of a maximum.
  AnalyticalModel(ModelKind kind, double peak, double bandwidth, double overhead, const AdditivePrices& prices)
      : kind_(kind),
        peak_(peak),
        bandwidth_(bandwidth),
        overhead_(overhead),
        prices_(std::make_shared<const AdditivePrices>(prices)) {}

  ModelKind kind() const override { return kind_; }

  // T = overhead + max(f / (P u), D / B).
  UnitTime Estimate(const UnitFeatures& features) const override;

  double peak() const { return peak_; }
  double bandwidth() const { return bandwidth_; }

  // u of the features; 1 without unrolling.
  double SpatialUtilization(const UnitFeatures& features) const;

 private:
  const ModelKind kind_;
  const double peak_;
  const double bandwidth_;
  const double overhead_;
  const std::vector<Unrolling> unrolling_;
  const std::shared_ptr<const AdditivePrices> prices_;  // null: a roofline
};

}  // namespace latimer

#endif  // LATIMER_CORE_MODEL_ANALYTICAL_MODEL_H_
