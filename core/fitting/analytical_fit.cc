#include "core/fitting/analytical_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "core/fitting/additive_fit.h"
#include "core/fitting/nelder_mead.h"

namespace latimer::fitting {
namespace {

constexpr double kHuber = 0.1;            // log residuals above about 10 % count linearly
constexpr double kLeastOverhead = 1e-10;  // seconds; as good as none
constexpr double kPrior = 1e-4;           // keeps what the data do not determine near where it started
constexpr double kNeededGain =
    12;  // improvement in n * log(loss), as an information criterion wants for two parameters
constexpr std::array<Unrolling::Dimension, 4> kDimensions = {
    Unrolling::Dimension::kOutputChannels, Unrolling::Dimension::kInputChannels, Unrolling::Dimension::kWidth,
    Unrolling::Dimension::kHeight};

constexpr size_t kEnoughPoints = 600;

double RobustLoss(double residual) {
  const double scaled = residual / kHuber;
  return kHuber * kHuber * (std::sqrt(1 + scaled * scaled) - 1);
}

// Mean loss of T = overhead + max(compute_i / (P u_i), bytes_i / B).
double Loss(absl::Span<const DataPoint> points, absl::Span<const double> inverse_utilization, double peak,
            double bandwidth, double overhead) {
  double sum = 0;
  double weights = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    const UnitFeatures& f = points[i].features;
    const double compute = f.operations * inverse_utilization[i] / peak;
    const double seconds = overhead + std::max(compute, f.bytes() / bandwidth);
    sum += points[i].weight * RobustLoss(points[i].Residual(std::log(std::max(seconds, 1e-12))));
    weights += points[i].weight;
  }
  return sum / std::max(weights, 1e-9);
}

std::vector<double> InverseUtilization(absl::Span<const DataPoint> points, const std::vector<Unrolling>& unrolling) {
  const AnalyticalModel model(ModelKind::kRefinedRoofline, 1, 1, unrolling);
  std::vector<double> inverse;
  inverse.reserve(points.size());
  for (const DataPoint& point : points) inverse.push_back(1 / model.SpatialUtilization(point.features));
  return inverse;
}

// Parameters as the minimiser sees them: logarithms, then alphas squeezed into (0, 1).
std::vector<double> Pack(const AnalyticalFit& fit) {
  std::vector<double> packed = {std::log(fit.peak), std::log(fit.bandwidth),
                                std::log(std::max(fit.overhead, kLeastOverhead))};
  for (const Unrolling& unrolling : fit.unrolling) {
    const double alpha = std::clamp(unrolling.alpha, 0.02, 0.98);
    packed.push_back(std::log(alpha / (1 - alpha)));
  }
  return packed;
}

// No unit takes less than the overhead; the second fastest decides, since one measurement may be wrong.
double LogLargestOverhead(absl::Span<const DataPoint> points) {
  double least = 5;
  double second = 5;
  for (const DataPoint& point : points) {
    if (point.log_upper < least) {
      second = std::exchange(least, point.log_upper);
    } else {
      second = std::min(second, point.log_upper);
    }
  }
  return std::max(points.size() > 2 ? second : least, std::log(kLeastOverhead));
}

AnalyticalFit Unpack(const std::vector<double>& packed, const AnalyticalFit& like, double log_largest_overhead) {
  AnalyticalFit fit = like;
  fit.peak = std::exp(std::clamp(packed[0], 0.0, 60.0));
  fit.bandwidth = std::exp(std::clamp(packed[1], 0.0, 60.0));
  fit.overhead = std::exp(std::clamp(packed[2], std::log(kLeastOverhead), log_largest_overhead));
  for (size_t i = 0; i < fit.unrolling.size(); ++i) fit.unrolling[i].alpha = 1 / (1 + std::exp(-packed[3 + i]));
  return fit;
}

AnalyticalFit Improve(absl::Span<const DataPoint> points, const AnalyticalFit& start, int evaluations) {
  const std::vector<double> packed = Pack(start);
  std::vector<double> inverse = InverseUtilization(points, start.unrolling);
  const double largest_overhead = LogLargestOverhead(points);
  auto loss = [&](const std::vector<double>& at) {
    const AnalyticalFit fit = Unpack(at, start, largest_overhead);
    if (!fit.unrolling.empty()) inverse = InverseUtilization(points, fit.unrolling);
    double prior = 0;
    for (size_t i = 0; i < at.size(); ++i) prior += (at[i] - packed[i]) * (at[i] - packed[i]);
    return Loss(points, inverse, fit.peak, fit.bandwidth, fit.overhead) + kPrior * 0.01 * prior;
  };
  AnalyticalFit best = Unpack(Minimize(loss, packed, 0.4, evaluations), start, largest_overhead);
  if (best.overhead < 2 * kLeastOverhead) best.overhead = 0;
  best.loss = Loss(points, InverseUtilization(points, best.unrolling), best.peak, best.bandwidth, best.overhead);
  return best;
}

double Quantile(std::vector<double> values, double at) {
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(at * static_cast<double>(values.size() - 1))];
}

// The best first guess of one more unrolled dimension, with the other parameters as they are but the peak.
struct Candidate {
  Unrolling unrolling;
  double peak = 0;
  double loss = 0;
};

std::optional<Candidate> BestCandidate(absl::Span<const DataPoint> points, const AnalyticalFit& fit,
                                       Unrolling::Dimension dimension) {
  constexpr double kAlphas[] = {0.05, 0.35, 0.65};
  constexpr double kPeaks[] = {1, 1.06, 1.15, 1.35};
  const std::vector<double> before = InverseUtilization(points, fit.unrolling);
  std::optional<Candidate> best;
  for (int64_t size = 2; size <= 128; size += size < 34 ? 1 : size < 64 ? 2 : 8) {
    for (double alpha : kAlphas) {
      const Unrolling unrolling{dimension, size, alpha, false};
      std::vector<double> inverse = InverseUtilization(points, {unrolling});
      for (size_t i = 0; i < inverse.size(); ++i) inverse[i] *= before[i];
      for (double peak : kPeaks) {
        const double loss = Loss(points, inverse, fit.peak * peak, fit.bandwidth, fit.overhead);
        if (!best.has_value() || loss < best->loss) best = Candidate{unrolling, fit.peak * peak, loss};
      }
    }
  }
  return best;
}

}  // namespace

void AnalyticalFit::Write(model::v1::AnalyticalParameters* to) const {
  to->set_peak_ops_per_second(peak);
  to->set_bandwidth_bytes_per_second(bandwidth);
  to->set_overhead_seconds(overhead);
  if (additive.has_value()) {
    auto add = [&](int path, const AdditiveTerms& prices) {
      if (std::all_of(prices.begin(), prices.end(), [](double price) { return price == 0; })) return;
      model::v1::AdditivePrices* one = to->add_additive();
      one->set_path(path);
      one->mutable_price()->Add(prices.begin(), prices.end());
    };
    add(-1, additive->any);
    for (size_t path = 0; path < kNumKernelPaths; ++path) add(static_cast<int>(path), additive->by_path[path]);
    return;
  }
  for (const Unrolling& from : unrolling) {
    model::v1::DimensionUnrolling* one = to->add_unrolling();
    one->set_dimension(static_cast<model::v1::Dimension>(from.dimension));
    one->set_size(from.size);
    one->set_alpha(from.alpha);
    one->set_small_dimension(model::v1::SMALL_DIMENSION_CEILING);
  }
}

std::vector<DataPoint> Thin(const std::vector<DataPoint>& points) {
  if (points.size() <= kEnoughPoints) return points;
  std::vector<DataPoint> thinned;
  thinned.reserve(kEnoughPoints);
  for (size_t i = 0; i < kEnoughPoints; ++i) thinned.push_back(points[i * points.size() / kEnoughPoints]);
  return thinned;
}

AnalyticalFit FitRoofline(absl::Span<const DataPoint> points, const AnalyticalFit& fallback) {
  std::vector<double> operations;
  std::vector<double> bytes;
  double least = 1e9;
  for (const DataPoint& point : points) {
    const double seconds = std::exp(point.log_target);
    if (point.features.operations > 0) operations.push_back(point.features.operations / seconds);
    if (point.features.bytes() > 0) bytes.push_back(point.features.bytes() / seconds);
    least = std::min(least, seconds);
  }
  AnalyticalFit start;
  start.peak = operations.empty() ? fallback.peak : Quantile(operations, 0.9);
  start.bandwidth = bytes.empty() ? fallback.bandwidth : Quantile(bytes, 0.9);
  std::optional<AnalyticalFit> best;
  for (double share : {0.05, 0.6}) {
    for (double slower : {1.0, 0.3}) {  // of the bandwidth: which of the two roofs carries the data is not known
      AnalyticalFit guess = start;
      guess.overhead = share * least;
      guess.bandwidth *= slower;
      AnalyticalFit fit = Improve(points, guess, 400);
      if (!best.has_value() || fit.loss < best->loss) best = std::move(fit);
    }
  }
  return *std::move(best);
}

AnalyticalFit TryAdditive(absl::Span<const DataPoint> points, AnalyticalFit refined) {
  constexpr double kBetterBy = 0.9;
  const AdditivePrices prices = FitAdditive(points);
  const AnalyticalModel roofline = refined.Model(ModelKind::kRefinedRoofline);
  double of_sum = 0;
  double of_maximum = 0;
  for (const DataPoint& point : points) {
    of_sum += point.weight * RobustLoss(point.Residual(std::log(prices.Seconds(point.features))));
    of_maximum +=
        point.weight * RobustLoss(point.Residual(std::log(std::max(1e-12, roofline.Estimate(point.features).seconds))));
  }
  if (of_sum < kBetterBy * of_maximum) refined.additive = prices;
  return refined;
}

AnalyticalFit FitRefinedRoofline(absl::Span<const DataPoint> points, const AnalyticalFit& roofline) {
  AnalyticalFit best = roofline;
  const auto n = static_cast<double>(points.size());
  while (best.unrolling.size() < kDimensions.size()) {
    std::optional<AnalyticalFit> next;
    for (Unrolling::Dimension dimension : kDimensions) {
      const bool taken = std::any_of(best.unrolling.begin(), best.unrolling.end(),
                                     [&](const Unrolling& one) { return one.dimension == dimension; });
      if (taken) continue;
      const std::optional<Candidate> candidate = BestCandidate(points, best, dimension);
      if (!candidate.has_value()) continue;
      AnalyticalFit guess = best;
      guess.unrolling.push_back(candidate->unrolling);
      guess.peak = candidate->peak;
      AnalyticalFit fit = Improve(points, guess, 300);
      if (!next.has_value() || fit.loss < next->loss) next = std::move(fit);
    }
    if (!next.has_value() || n * std::log((best.loss + 1e-9) / (next->loss + 1e-9)) < kNeededGain) break;
    best = *std::move(next);
  }
  return best;
}

AnalyticalFit Refit(absl::Span<const DataPoint> points, const AnalyticalFit& fit) {
  return points.empty() ? fit : Improve(points, fit, 250);
}

}  // namespace latimer::fitting
