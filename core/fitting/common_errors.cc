#include "core/fitting/common_errors.h"

#include <algorithm>
#include <array>
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
constexpr double kSigmaPerMad = 1.4826;
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

double SigmaOf(std::vector<double> absolute_deviations) {
  return kSigmaPerMad * Median(std::move(absolute_deviations)).value_or(0);
}

// Per group, zero on average.
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
    const double median = *Median(values);
    const auto n = static_cast<double>(values.size());
    medians.push_back(median);
    inverse_sizes += 1 / n;
    std::vector<double> deviations;
    deviations.reserve(values.size());
    for (double value : values) deviations.push_back(std::abs(value - median));
    // One of them decided where the median is.
    std::sort(deviations.begin(), deviations.end());
    within.insert(within.end(), deviations.begin() + 1, deviations.end());
  }
  const double center = *Median(medians);
  std::vector<double> between;
  between.reserve(medians.size());
  for (double& median : medians) between.push_back(std::abs(median -= center));
  const double layer_variance = kMedianCost * std::pow(SigmaOf(std::move(within)), 2);
  const double groups = static_cast<double>(residuals.size());
  const double group_variance = std::pow(SigmaOf(std::move(between)), 2) - layer_variance * inverse_sizes / groups;
  if (!(group_variance > 0)) return {};
  std::map<int, double> errors;
  size_t i = 0;
  for (const auto& [group, values] : residuals) {
    const auto n = static_cast<double>(values.size());
    errors[group] =
        std::clamp(kOfTheMachine * medians[i++] * n / (n + layer_variance / group_variance), -kMostCommon, kMostCommon);
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
    point.log_lower -= error->second;
    point.log_target -= error->second;
    point.log_upper -= error->second;
  }
  return points;
}

}  // namespace latimer::fitting
