#include "core/model/tree_model.h"

#include <algorithm>
#include <cmath>

namespace latimer {

UnitTime TreeModel::Estimate(const UnitFeatures& features) const {
  const AnalyticalModel& analytical = kind_ == ModelKind::kMixed ? refined_ : roofline_;
  UnitTime time = analytical.Estimate(features);
  const TreeFeatureRow row = MakeTreeFeatures(features, roofline_, refined_);
  time.seconds *= std::exp(trees_->LogRatio(row));
  time.utilization = time.seconds > 0 ? std::min(1.0, features.operations / (time.seconds * analytical.peak())) : 0;
  time.outside_data = trees_->IsOutside(row);
  if (difficulty_ != nullptr) {
    const confidence::LocalScale local = difficulty_->Of(measure_, features, row);
    time.error_scale = local.scale;
    time.distance = local.distance;
  }
  return time;
}

}  // namespace latimer
