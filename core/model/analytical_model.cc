#include "core/model/analytical_model.h"

#include <algorithm>

#include "core/base/checked_math.h"

namespace latimer {
namespace {

int64_t Size(const UnitFeatures& features, Unrolling::Dimension dimension) {
  switch (dimension) {
    case Unrolling::Dimension::kHeight:
      return features.out_h;
    case Unrolling::Dimension::kWidth:
      return features.out_w;
    case Unrolling::Dimension::kInputChannels:
      return features.c_in;
    case Unrolling::Dimension::kOutputChannels:
      return features.c_out;
  }
  return 1;
}

}  // namespace

double AnalyticalModel::SpatialUtilization(const UnitFeatures& features) const {
  double utilization = 1;
  for (const Unrolling& unrolling : unrolling_) {
    const int64_t x = Size(features, unrolling.dimension);
    if (x < unrolling.size && unrolling.replicates) continue;
    const double steps = static_cast<double>(CeilDiv(x, unrolling.size));
    const double ideal = static_cast<double>(x) / static_cast<double>(unrolling.size);
    utilization /= unrolling.alpha + (1 - unrolling.alpha) * steps / ideal;
  }
  return utilization;
}

UnitTime AnalyticalModel::Estimate(const UnitFeatures& features) const {
  if (prices_ != nullptr) {
    UnitTime time;
    time.seconds = prices_->Seconds(features);
    time.bound = prices_->ComputeShare(features) > 0.5 ? Bound::kCompute : Bound::kMemory;
    time.utilization = std::min(1.0, features.operations / (time.seconds * peak_));
    return time;
  }
  const double compute = features.operations / (peak_ * SpatialUtilization(features));
  const double memory = features.bytes() / bandwidth_;
  UnitTime time;
  time.seconds = overhead_ + std::max(compute, memory);
  time.bound = compute > memory ? Bound::kCompute : Bound::kMemory;
  time.utilization = time.seconds > 0 ? std::min(1.0, features.operations / (time.seconds * peak_)) : 0;
  return time;
}

}  // namespace latimer
