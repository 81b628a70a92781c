#include "core/fitting/padding_split.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/fitting/analytical_fit.h"
#include "core/fitting/data_set.h"

namespace latimer::fitting {
namespace {

constexpr int kSteps = 20;
constexpr double kDoubt = 0.1;           // the share is known to that much
constexpr double kLeastContrast = 0.05;  // of the time, between the bounds: below, a sample says nothing of the share
constexpr size_t kLeastSamples = 12;
constexpr double kSigmas = 1.5;  // of noise that an interval covers
constexpr double kMostLoss = 1;  // a log residual beyond counts no more

}  // namespace

PaddingSplit::PaddingSplit(const std::vector<PaddingSample>& paddings) {
  for (const PaddingSample& padding : paddings) {
    if (padding.network.layers.size() < 2 || !(padding.seconds > 0) || !std::isfinite(padding.seconds)) continue;
    // 1 -> c -> 1: the widest tensor is what the first product writes.
    const Layer& first = padding.network.layers[0];
    if (first.outputs.empty()) continue;
    const benchmark::PaddedShape shape{padding.network.OutputShape(first), first.type == LayerType::kFullyConnected};
    seconds_[shape.Key()] = padding.seconds;
  }
  const auto smallest = seconds_.find(benchmark::SmallestPadding().Key());
  if (smallest != seconds_.end()) fixed_ = smallest->second;
}

PaddingSplit::Charge PaddingSplit::ChargeOf(const Network& subject) const {
  Charge charge;
  const benchmark::PaddingNeed need = benchmark::NeededPadding(subject);
  for (const benchmark::PaddedShape& shape : need.inputs) {
    const auto found = seconds_.find(shape.Key());
    if (found == seconds_.end()) return charge;
    charge.inputs += found->second;
  }
  const auto found = seconds_.find(need.output.Key());
  if (found == seconds_.end()) return charge;
  charge.output = found->second;
  if (need.inputs.size() > 1) charge.inputs -= static_cast<double>(need.inputs.size() - 1) * fixed_;
  charge.known = true;
  return charge;
}

double PaddingSplit::At(const Sample& sample, const Charge& charge, double share) {
  const double padded = sample.seconds.upper_seconds + std::min(charge.inputs, charge.output);
  return padded - share * charge.inputs - (1 - share) * charge.output;
}

void PaddingSplit::Fit(const std::vector<Sample>& samples, const model::v1::PlatformModel& base) {
  struct Contrast {
    const Sample* sample;
    Charge charge;
    DataPoint point;
  };
  std::array<std::vector<Contrast>, kNumFamilies> families;
  size_t telling = 0;
  for (const Sample& sample : samples) {
    if (sample.subject.layers.size() != 1) continue;
    const Charge charge = ChargeOf(sample.subject);
    std::optional<DataPoint> point = charge.known ? MakePoint(sample, sample.seconds, {0}, base) : std::nullopt;
    if (!point.has_value()) continue;
    point->weight = 1;
    if (std::abs(charge.inputs - charge.output) > kLeastContrast * sample.seconds.upper_seconds) ++telling;
    const Family family = FamilyOf(point->features.type);
    families[static_cast<size_t>(family)].push_back({&sample, charge, *std::move(point)});
  }
  if (telling < kLeastSamples) return;
  std::array<double, kSteps + 1> losses{};
  for (int step = 0; step <= kSteps; ++step) {
    const double share = static_cast<double>(step) / kSteps;
    for (const std::vector<Contrast>& family : families) {
      if (family.size() < 8) continue;
      std::vector<DataPoint> points;
      for (const Contrast& contrast : family) {
        DataPoint point = contrast.point;
        const double seconds = At(*contrast.sample, contrast.charge, share);
        point.log_target = std::log(std::max(seconds, 0.02 * contrast.sample->seconds.upper_seconds));
        point.log_lower = point.log_upper = point.log_target;
        points.push_back(std::move(point));
      }
      const AnalyticalFit fit = FitRoofline(points, {.peak = 1e9, .bandwidth = 1e9});
      const AnalyticalModel model = fit.Model(ModelKind::kRoofline);
      for (const DataPoint& point : points) {
        const double residual =
            std::abs(std::log(std::max(1e-12, model.Estimate(point.features).seconds)) - point.log_target);
        losses[static_cast<size_t>(step)] += std::min(residual, kMostLoss);
      }
    }
  }
  const auto best = std::min_element(losses.begin(), losses.end());
  share_ = static_cast<double>(best - losses.begin()) / kSteps;
}

benchmark::TimeInterval PaddingSplit::Narrow(const Sample& sample) const {
  const Charge charge = ChargeOf(sample.subject);
  const double spread = std::isfinite(sample.relative_spread) ? std::clamp(sample.relative_spread, 0.0, 1.0) : 1.0;
  benchmark::TimeInterval narrow = sample.seconds;
  if (!charge.known) {
    narrow.lower_seconds -= kSigmas * spread * std::abs(sample.seconds.upper_seconds);
    narrow.upper_seconds += kSigmas * spread * std::abs(sample.seconds.upper_seconds);
    return narrow;
  }
  if (share_ >= 0) {
    const double a = At(sample, charge, std::max(0.0, share_ - kDoubt));
    const double b = At(sample, charge, std::min(1.0, share_ + kDoubt));
    narrow.lower_seconds = std::clamp(std::min(a, b), sample.seconds.lower_seconds, sample.seconds.upper_seconds);
    narrow.upper_seconds = std::clamp(std::max(a, b), sample.seconds.lower_seconds, sample.seconds.upper_seconds);
    // A share that leaves nothing of a layer is wrong for this layer.
    if (narrow.upper_seconds <= 0) narrow = sample.seconds;
  }
  // What is small against its padding is known as badly as the padded time.
  const double padded = sample.seconds.upper_seconds + std::min(charge.inputs, charge.output);
  const double noise = kSigmas * spread * std::hypot(padded, std::max(charge.inputs, charge.output));
  narrow.lower_seconds -= noise;
  narrow.upper_seconds += noise;
  return narrow;
}

}  // namespace latimer::fitting
