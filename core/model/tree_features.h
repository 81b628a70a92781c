// The row of numbers tree ensembles read of an execution unit. The list is part of the platform format: a change makes
// a new feature version (platform_model.proto, TreeEnsemble.feature_version).
#ifndef LATIMER_CORE_MODEL_TREE_FEATURES_H_
#define LATIMER_CORE_MODEL_TREE_FEATURES_H_

#include <array>

#include "core/model/analytical_model.h"

namespace latimer {

inline constexpr int kTreeFeatureVersion = 4;
inline constexpr size_t kNumTreeFeatures = 57;

// The first of them tell shapes, the others where a unit stands and how it fits kernels.
inline constexpr size_t kNumShapeFeatures = 36;

// Numbers more of which never makes a unit faster, all else being equal: fused sums, and bytes the network goes through
// where the result lies in memory not used yet. Sizes are none of them: trees tell a time as a ratio to the analytical
// one, and small units have the worst. Neither are the bytes the network goes through where memory is in use: what they
// mean depends on the network, and networks were estimated worse with that constraint.
inline constexpr std::array<size_t, 2> kNeverFasterFeatures = {40, 56};

using TreeFeatureRow = std::array<float, kNumTreeFeatures>;

// Sizes enter as natural logarithms, so that a threshold is a ratio. `refined` may be the roofline itself where the
// type has no refined one. Always finite.
TreeFeatureRow MakeTreeFeatures(const UnitFeatures& features, const AnalyticalModel& roofline,
                                const AnalyticalModel& refined);

}  // namespace latimer

#endif  // LATIMER_CORE_MODEL_TREE_FEATURES_H_
