#include "core/fitting/common_errors.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <optional>
#include <utility>

#include "core/evaluation/statistics.h"

namespace latimer::fitting {
namespace {

constexpr size_t kLeastGroups = 20;                   // to tell how much groups differ
constexpr double kMedianCost = std::numbers::pi / 2;  // variance of a median over that of a mean
// What models miss of the layers themselves is common to an excerpt too, whose layers are alike.
constexpr double kOfTheMachine = 0.5;
constexpr double kMostCommon = 0.25;  // in the logarithm; machines are not slower than that for one load and no other

// Mean of the trees' residuals; nullopt: there are no trees.
std::optional<double> ResidualOf(const HeldOutPrediction& one) {
  double sum = 0;
  double count = 0;
  for (ModelKind kind : {ModelKind::kStatistical, ModelKind::kMixed}) {
    const double seconds = one.seconds[static_cast<size_t>(kind)];
    if (!(seconds > 0)) continue;
    sum += one.log_measured - std::log(seconds);
    ++count;
  }
  return count > 0 ? std::optional<double>(sum / count) : std::nullopt;
}

// Per group, zero in the middle.
std::map<int, double> CommonErrors(const std::vector<HeldOutPrediction>& held_out) {
  std::map<int, std::vector<double>> residuals;
  for (const HeldOutPrediction& one : held_out) {
    if (one.group < 0) continue;
    if (const std::optional<double> residual = ResidualOf(one)) residuals[one.group].push_back(*residual);
  }
  if (residuals.size() < kLeastGroups) return {};
  std::vector<double> medians;
  std::vector<double> within;
  double inverse_sizes = 0;
  for (const auto& [group, values] : residuals) {
    const double median = medians.emplace_back(*Median(values));
    inverse_sizes += 1 / static_cast<double>(values.size());
    std::vector<double> deviations;
    deviations.reserve(values.size());
    for (double value : values) deviations.push_back(std::abs(value - median));
    // One of them decided where the median is.
    std::sort(deviations.begin(), deviations.end());
    within.insert(within.end(), deviations.begin() + 1, deviations.end());
  }
  const double center = *Median(medians);
  for (double& median : medians) median = std::abs(median - center);
  const double layer_variance = kMedianCost * std::pow(RobustDeviation(std::move(within)), 2);
  const double group_variance = std::pow(RobustDeviation(std::move(medians)), 2) -
                                layer_variance * inverse_sizes / static_cast<double>(residuals.size());
  if (!(group_variance > 0)) return {};
  std::map<int, double> errors;
  for (const auto& [group, values] : residuals) {
    const auto n = static_cast<double>(values.size());
    const double shrunk = (*Median(values) - center) * n / (n + layer_variance / group_variance);
    errors[group] = std::clamp(kOfTheMachine * shrunk, -kMostCommon, kMostCommon);
  }
  return errors;
}

}  // namespace

std::vector<DataPoint> WithoutCommonErrors(std::vector<DataPoint> points,
                                           const std::vector<HeldOutPrediction>& held_out) {
  const std::map<int, double> errors = CommonErrors(held_out);
  for (DataPoint& point : points) {
    const auto error = errors.find(point.group);
    if (point.group < 0 || error == errors.end()) continue;
    point.Shift(-error->second);
  }
  return points;
}

}  // namespace latimer::fitting
