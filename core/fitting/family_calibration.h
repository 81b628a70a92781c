// Calibrated intervals of the layer models of one family, from what models said of measurements they had not seen.
// Internal to core/fitting.
#ifndef LATIMER_CORE_FITTING_FAMILY_CALIBRATION_H_
#define LATIMER_CORE_FITTING_FAMILY_CALIBRATION_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/fitting/fit_platform.h"
#include "core/model/tree_features.h"
#include "latimer/model/v1/platform_model.pb.h"

namespace latimer::fitting {

struct CalibrationRow {
  HeldOutPrediction* held_out = nullptr;
  TreeFeatureRow features;  // as the final models read them
  double log_roofline = 0;  // of the final roofline, seconds
};

struct FamilyCalibration {
  std::optional<model::v1::Difficulty> difficulty;  // absent: too few measurements
  std::map<std::string, std::vector<model::v1::KindCalibration>> types;
};

// Every fold is looked at by difficulties grown on the others. Of the confidence measures each kind takes the one whose
// intervals score best (interval score of Gneiting and Raftery 2007, in the logarithm) on those; types with few
// measurements lean on the others. Where the truth is known as an interval only, it is spread over that interval.
// Fills log_deviation of the held-out predictions.
absl::StatusOr<FamilyCalibration> CalibrateFamily(absl::Span<const CalibrationRow> rows, bool with_trees,
                                                  const FitOptions& options);

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_FAMILY_CALIBRATION_H_
