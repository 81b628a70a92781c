// The row of numbers tree ensembles read of an execution unit. The list is part of the platform format: a change makes
// a new feature version (platform_model.proto, TreeEnsemble.feature_version).
#ifndef LATIMER_CORE_MODEL_TREE_FEATURES_H_
#define LATIMER_CORE_MODEL_TREE_FEATURES_H_

#include <array>

#include "core/model/analytical_model.h"

namespace latimer {

inline constexpr int kTreeFeatureVersion = 2;
inline constexpr size_t kNumTreeFeatures = 55;

// The first of them tell shapes, the others where a unit stands and how it fits kernels.
inline constexpr size_t kNumShapeFeatures = 36;

using TreeFeatureRow = std::array<float, kNumTreeFeatures>;

// Sizes enter as natural logarithms, so that a threshold is a ratio. `refined` may be the roofline itself where the
// type has no refined one. Always finite.
TreeFeatureRow MakeTreeFeatures(const UnitFeatures& features, const AnalyticalModel& roofline,
                                const AnalyticalModel& refined);

}  // namespace latimer

#endif  // LATIMER_CORE_MODEL_TREE_FEATURES_H_
