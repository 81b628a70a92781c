// A fitted model against networks it has not seen. Internal to core/fitting.
#ifndef LATIMER_CORE_FITTING_JUDGE_H_
#define LATIMER_CORE_FITTING_JUDGE_H_

#include <vector>

#include "absl/status/status.h"
#include "core/fitting/fit_platform.h"
#include "core/fitting/pace_fit.h"

namespace latimer::fitting {

// Fills validation figures of `result`, and network_error and network_accuracy of its model: from the validation
// networks where there are at least three, else from the layer models' own errors.
absl::Status JudgeNetworks(const std::vector<PacedNetwork>& networks, FitResult& result);

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_JUDGE_H_
