#include "core/confidence/network_confidence.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/model/platform_field.h"

namespace latimer::confidence {
namespace {

constexpr double kLeastDeviation = 1e-6;
constexpr double kLargestLogFactor = 50;  // the interval stays finite

}  // namespace

absl::StatusOr<NetworkConfidence> NetworkConfidence::Read(absl::string_view path,
                                                          const model::v1::NetworkCalibration& from) {
  if (!(from.correlation() >= 0 && from.correlation() <= 1)) {
    return BadPlatformField(absl::StrCat(path, ".correlation"), "it lies in 0 to 1");
  }
  if (!(from.floor() >= 0 && from.floor() <= 10)) {
    return BadPlatformField(absl::StrCat(path, ".floor"), "it lies in 0 to 10");
  }
  absl::StatusOr<ScoreSketch> scores = ScoreSketch::Read(absl::StrCat(path, ".scores"), from.scores());
  if (!scores.ok()) return scores.status();
  return NetworkConfidence(from.correlation(), from.floor(), *scores);
}

double NetworkConfidence::LogDeviation(const ErrorSum& sum, double total_seconds) const {
  if (!(total_seconds > 0)) return kLeastDeviation;
  const double variance = correlation_ * sum.linear * sum.linear + (1 - correlation_) * sum.squares;
  return std::sqrt(variance / (total_seconds * total_seconds) + floor_ * floor_) + kLeastDeviation;
}

double NetworkConfidence::Factor(double level, const ErrorSum& sum, double total_seconds) const {
  return std::exp(std::min(kLargestLogFactor, LogDeviation(sum, total_seconds) * scores_.Quantile(level)));
}

double NetworkConfidence::VarianceShare(double own, const ErrorSum& sum, double total_seconds) const {
  const double floor = floor_ * total_seconds;
  const double variance = correlation_ * sum.linear * sum.linear + (1 - correlation_) * sum.squares + floor * floor;
  if (!(variance > 0)) return 0;
  return (correlation_ * own * sum.linear + (1 - correlation_) * own * sum.Alike(own)) / variance;
}

}  // namespace latimer::confidence
