#include "core/confidence/difficulty.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/confidence/coverage.h"
#include "core/model/platform_field.h"

namespace latimer::confidence {
namespace {

constexpr int kMostPoints = 4096;
// A measure is a rough guide: it does not make a scale much smaller or larger than usual on its own.
constexpr double kLeastScale = 0.25;
constexpr double kLargestScale = 6;
constexpr double kLargestGrowth = 3;  // of the logarithm, beyond the data

}  // namespace

absl::StatusOr<Difficulty> Difficulty::Create(absl::string_view path, const model::v1::Difficulty& from) {
  Difficulty to;
  if (from.has_forest()) {
    LATIMER_ASSIGN_OR_RETURN(to.forest_, TreeEnsemble::Create(absl::StrCat(path, ".forest"), from.forest()));
  }
  if (from.has_errors()) {
    LATIMER_ASSIGN_OR_RETURN(to.errors_, TreeEnsemble::Create(absl::StrCat(path, ".errors"), from.errors()));
  }
  if (from.point_size() % static_cast<int>(kCoverageDimensions) != 0 ||
      from.point_size() > kMostPoints * static_cast<int>(kCoverageDimensions)) {
    return BadPlatformField(
        absl::StrCat(path, ".point"),
        absl::StrCat("points have ", kCoverageDimensions, " coordinates, and there are at most ", kMostPoints));
  }
  for (int i = 0; i < from.point_size(); ++i) {
    if (!std::isfinite(from.point(i))) {
      return BadPlatformField(absl::StrCat(path, ".point[", i, "]"), "it is no number");
    }
  }
  to.points_.assign(from.point().begin(), from.point().end());
  struct Positive {
    const char* name;
    double value;
    bool needed;
    double* to;
  };
  const bool has_points = !to.points_.empty();
  for (const Positive& one :
       {Positive{"usual_distance", from.usual_distance(), has_points, &to.usual_.distance},
        Positive{"median_distance", from.median_distance(), has_points, &to.usual_.median_distance},
        Positive{"usual_spread", from.usual_spread(), from.has_forest(), &to.usual_.spread}}) {
    if (!one.needed) continue;
    if (!(one.value > 0) || !std::isfinite(one.value)) {
      return BadPlatformField(absl::StrCat(path, ".", one.name), "it is not above 0");
    }
    *one.to = one.value;
  }
  if (!(from.growth() >= 0 && from.growth() <= 10)) {
    return BadPlatformField(absl::StrCat(path, ".growth"), "it lies in 0 to 10");
  }
  to.usual_.growth = from.growth();
  if (!std::isfinite(from.usual_log_error())) {
    return BadPlatformField(absl::StrCat(path, ".usual_log_error"), "it is no number");
  }
  to.usual_.log_error = from.usual_log_error();
  return to;
}

bool Difficulty::Has(Measure measure) const {
  switch (measure) {
    case Measure::kConstant:
      return true;
    case Measure::kThroughputVariance:
      return forest_.has_value();
    case Measure::kLatencyVariance:
      return errors_.has_value();
    case Measure::kOutliers:
      return !points_.empty();
  }
  return false;
}

RawDifficulty Difficulty::Look(Measure measure, const UnitFeatures& unit, const TreeFeatureRow& row) const {
  RawDifficulty raw;
  if (!points_.empty()) raw.distance = static_cast<double>(DistanceToNearest(MakeCoveragePoint(unit), points_));
  if (measure == Measure::kThroughputVariance && forest_.has_value()) {
    raw.spread = static_cast<double>(forest_->Disagreement(row));
  } else if (measure == Measure::kLatencyVariance && errors_.has_value()) {
    raw.log_error = errors_->LogRatio(row);
  }
  return raw;
}

LocalScale Difficulty::Of(Measure measure, const UnitFeatures& unit, const TreeFeatureRow& row) const {
  return ScaleOf(Has(measure) ? measure : Measure::kConstant, Look(measure, unit, row), usual_);
}

LocalScale ScaleOf(Measure measure, const RawDifficulty& raw, const UsualDifficulty& usual) {
  double scale = 1;
  if (measure == Measure::kThroughputVariance) {
    scale = raw.spread / usual.spread;
  } else if (measure == Measure::kLatencyVariance) {
    scale = std::exp(raw.log_error - usual.log_error);
  } else if (measure == Measure::kOutliers) {
    scale = 0.5 + 0.5 * raw.distance / usual.median_distance;
  }
  scale = std::clamp(scale, kLeastScale, kLargestScale);
  const double distance = raw.distance / usual.distance;
  if (distance > 1) scale *= std::exp(std::min(kLargestGrowth, usual.growth * (distance - 1)));
  return {static_cast<float>(scale), static_cast<float>(distance)};
}

}  // namespace latimer::confidence
