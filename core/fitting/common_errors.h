// What the layers of one excerpt have in common beyond what is known of them: the state of the machine during the one
// load in which it was measured, the same for all. Trees that are shown such times learn it as if it were the layers'.
// Internal to core/fitting.
//
// A random intercept per group, predicted from the residuals of held-out layers (the best linear unbiased predictor of
// mixed models; Robinson, "That BLUP is a good thing", 1991), with medians instead of means.
#ifndef LATIMER_CORE_FITTING_COMMON_ERRORS_H_
#define LATIMER_CORE_FITTING_COMMON_ERRORS_H_

#include <vector>

#include "core/fitting/data_point.h"
#include "core/fitting/fit_platform.h"

namespace latimer::fitting {

// The points without what their groups have in common; points without a group stay as they are. `held_out`: of the same
// points, by models that had not seen their groups.
std::vector<DataPoint> WithoutCommonErrors(std::vector<DataPoint> points,
                                           const std::vector<HeldOutPrediction>& held_out);

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_COMMON_ERRORS_H_
