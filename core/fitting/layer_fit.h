// Layer models of one family of layer types. Internal to core/fitting.
#ifndef LATIMER_CORE_FITTING_LAYER_FIT_H_
#define LATIMER_CORE_FITTING_LAYER_FIT_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/fitting/analytical_fit.h"
#include "core/fitting/fit_platform.h"

namespace latimer::fitting {

struct FamilyFit {
  std::vector<model::v1::LayerModel> models;  // one per unit type in the data; their trees are indices into `trees`
  std::vector<model::v1::TreeEnsemble> trees;
  std::map<std::string, TypeQuality> types;
  std::vector<HeldOutPrediction> held_out;
  std::optional<model::v1::Difficulty> difficulty;  // models refer to it as 1
};

// `points` are of one family and not empty. `fallback` gives what these points do not determine.
absl::StatusOr<FamilyFit> FitFamily(const std::vector<DataPoint>& points, const AnalyticalFit& fallback,
                                    const FitOptions& options);

// Mean |log(estimate / time)| as a relative error, e^x - 1.
double SpreadOf(double mean_absolute_log_error);

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_LAYER_FIT_H_
