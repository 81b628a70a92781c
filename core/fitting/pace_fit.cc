#include "core/fitting/pace_fit.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/status_macros.h"
#include "core/estimation/estimator.h"
#include "core/evaluation/measured_pace.h"
#include "core/evaluation/statistics.h"

namespace latimer::fitting {
namespace {

constexpr double kMostExponent = 1;
// Deviations of exponents before there are data: of a platform from the usual one, of types from the platform's.
constexpr double kPlatformDeviation = 0.2;
constexpr double kTypeDeviation = 0.15;
constexpr double kLeastSigma = 0.03;  // few points may agree by chance
constexpr double kHuber = 1.5;        // deviations beyond which a residual counts less
constexpr int kIterations = 20;

struct Observation {
  double x = 0;
  double y = 0;
};

// Slope of y over x with a free intercept, by Huber's weights, drawn to a normal prior.
double FitExponent(const std::vector<Observation>& observations, double prior, double prior_deviation) {
  double slope = prior;
  double intercept = 0;
  for (int iteration = 0; iteration < kIterations; ++iteration) {
    std::vector<double> residuals;
    residuals.reserve(observations.size());
    for (const Observation& one : observations) residuals.push_back(one.y - slope * one.x);
    intercept = Median(residuals).value_or(0);
    for (double& residual : residuals) residual = std::abs(residual - intercept);
    const double sigma = std::max(kLeastSigma, RobustDeviation(residuals));
    double weights = 0;
    double mean_x = 0;
    double mean_y = 0;
    const auto weight_of = [&](double residual) { return residual <= kHuber * sigma ? 1 : kHuber * sigma / residual; };
    for (size_t i = 0; i < observations.size(); ++i) {
      const double weight = weight_of(residuals[i]);
      weights += weight;
      mean_x += weight * observations[i].x;
      mean_y += weight * observations[i].y;
    }
    if (!(weights > 0)) return prior;
    mean_x /= weights;
    mean_y /= weights;
    double xx = 0;
    double xy = 0;
    for (size_t i = 0; i < observations.size(); ++i) {
      const double weight = weight_of(residuals[i]);
      xx += weight * (observations[i].x - mean_x) * (observations[i].x - mean_x);
      xy += weight * (observations[i].x - mean_x) * (observations[i].y - mean_y);
    }
    const double precision = 1 / (prior_deviation * prior_deviation);
    const double next = (xy / (sigma * sigma) + precision * prior) / (xx / (sigma * sigma) + precision);
    const bool settled = std::abs(next - slope) < 1e-6;
    slope = next;
    if (settled) break;
  }
  return std::clamp(slope, 0.0, kMostExponent);
}

}  // namespace

double FitPaceExponent(const std::vector<PacedSum>& sums) {
  std::vector<Observation> observations;
  observations.reserve(sums.size());
  for (const PacedSum& sum : sums) observations.push_back({sum.log_pace, sum.log_ratio});
  return FitExponent(observations, kUsualPaceExponent, kPlatformDeviation);
}

PaceExponents FitPaceExponents(absl::Span<const std::vector<DataPoint>> families, double common,
                               absl::FunctionRef<double(const DataPoint&)> log_seconds) {
  std::map<std::string, std::vector<Observation>> by_type;
  for (const std::vector<DataPoint>& points : families) {
    for (const DataPoint& point : points) {
      by_type[point.unit_type];  // types without paces take the common exponent
      if (!point.paced) continue;
      const double at_whole = point.log_target - common * point.log_pace;
      // Its own exponent beyond that of all shows over the pace of the report; it stands for the whole of it here.
      by_type[point.unit_type].push_back(
          {point.log_rows_pace, at_whole - log_seconds(point) + common * point.log_rows_pace});
    }
  }
  PaceExponents exponents;
  for (const auto& [type, observations] : by_type) exponents[type] = FitExponent(observations, common, kTypeDeviation);
  return exponents;
}

PaceExponents PaceExponentsOf(const model::v1::PlatformModel& model) {
  PaceExponents exponents;
  for (const model::v1::LayerModel& layer : model.layer_models()) exponents[layer.unit_type()] = layer.pace_exponent();
  return exponents;
}

void BringToPace(const PaceExponents& exponents, double common, std::vector<DataPoint>& points) {
  for (DataPoint& point : points) {
    if (!point.paced) continue;
    const auto exponent = exponents.find(point.unit_type);
    const double beyond = exponent == exponents.end() ? 0 : exponent->second - common;
    point.Shift(-common * point.log_pace - beyond * point.log_rows_pace);
    point.paced = false;
  }
}

absl::StatusOr<std::vector<PacedNetwork>> ValidationAtPace(const std::vector<ValidationSample>& samples,
                                                           const PlatformModel& model) {
  const double pass_ns = model.definition().pass_ns();
  std::vector<PacedNetwork> networks;
  networks.reserve(samples.size());
  for (const ValidationSample& sample : samples) {
    PacedNetwork& network = networks.emplace_back(PacedNetwork{&sample.network, sample.seconds});
    if (!(pass_ns > 0) || !(sample.pass_ns > 0)) continue;
    v1::NetworkEstimate estimate;
    EstimateSettings settings;
    settings.with_units = false;
    LATIMER_RETURN_IF_ERROR(EstimateNetwork(sample.network, model, settings, nullptr, &estimate));
    network.seconds *= PaceFactor(sample.pass_ns, pass_ns, estimate.pace_exponent());
  }
  return networks;
}

}  // namespace latimer::fitting
