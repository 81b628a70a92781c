#include "core/evaluation/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace latimer {
namespace {

// The mean of `figure` over all; nullopt as soon as one is not finite, which a division by zero makes it.
template <typename Figure>
std::optional<double> MeanOf(absl::Span<const Prediction> predictions, bool divides, Figure figure) {
  if (predictions.empty()) return std::nullopt;
  double sum = 0;
  for (const Prediction& prediction : predictions) {
    if (divides && !(prediction.measured > 0)) return std::nullopt;
    sum += figure(prediction);
  }
  const double mean = sum / static_cast<double>(predictions.size());
  if (!std::isfinite(mean)) return std::nullopt;
  return mean;
}

bool AllFinite(absl::Span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

int Sign(double value) { return value > 0 ? 1 : value < 0 ? -1 : 0; }

}  // namespace

std::optional<double> MeanAbsolutePercentageError(absl::Span<const Prediction> predictions) {
  return MeanOf(predictions, true, [](const Prediction& p) { return std::abs(p.predicted - p.measured) / p.measured; });
}

std::optional<double> MeanAbsoluteError(absl::Span<const Prediction> predictions) {
  return MeanOf(predictions, false, [](const Prediction& p) { return std::abs(p.predicted - p.measured); });
}

std::optional<double> RootMeanSquarePercentageError(absl::Span<const Prediction> predictions) {
  const std::optional<double> mean = MeanOf(predictions, true, [](const Prediction& p) {
    const double error = (p.predicted - p.measured) / p.measured;
    return error * error;
  });
  if (!mean) return std::nullopt;
  return std::sqrt(*mean);
}

std::optional<double> Coverage(absl::Span<const Prediction> predictions) {
  return MeanOf(predictions, false,
                [](const Prediction& p) { return p.low <= p.measured && p.measured <= p.high ? 1.0 : 0.0; });
}

std::optional<double> MeanRelativeWidth(absl::Span<const Prediction> predictions) {
  return MeanOf(predictions, true, [](const Prediction& p) { return (p.high - p.low) / p.measured; });
}

std::vector<double> Ranks(absl::Span<const double> values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (size_t first = 0; first < order.size();) {
    size_t end = first + 1;
    while (end < order.size() && values[order[end]] == values[order[first]]) ++end;
    const double rank = (static_cast<double>(first + 1) + static_cast<double>(end)) / 2;
    for (size_t i = first; i < end; ++i) ranks[order[i]] = rank;
    first = end;
  }
  return ranks;
}

std::optional<double> SpearmanCorrelation(absl::Span<const double> a, absl::Span<const double> b) {
  if (a.size() != b.size() || !AllFinite(a) || !AllFinite(b)) return std::nullopt;
  const std::vector<double> x = Ranks(a);
  const std::vector<double> y = Ranks(b);
  // The mean of ranks is known whatever the ties.
  const double mean = (static_cast<double>(x.size()) + 1) / 2;
  double xy = 0;
  double xx = 0;
  double yy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mean) * (y[i] - mean);
    xx += (x[i] - mean) * (x[i] - mean);
    yy += (y[i] - mean) * (y[i] - mean);
  }
  if (xx == 0 || yy == 0) return std::nullopt;
  return xy / std::sqrt(xx * yy);
}

std::optional<double> KendallCorrelation(absl::Span<const double> a, absl::Span<const double> b) {
  if (a.size() != b.size() || !AllFinite(a) || !AllFinite(b)) return std::nullopt;
  double agreement = 0;  // concordant pairs minus discordant ones
  double untied_a = 0;   // pairs that differ in a
  double untied_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t j = i + 1; j < a.size(); ++j) {
      const int in_a = Sign(a[i] - a[j]);
      const int in_b = Sign(b[i] - b[j]);
      agreement += in_a * in_b;
      untied_a += in_a * in_a;
      untied_b += in_b * in_b;
    }
  }
  if (untied_a == 0 || untied_b == 0) return std::nullopt;
  return agreement / std::sqrt(untied_a * untied_b);
}

std::optional<double> NoiseFloor(absl::Span<const std::vector<double>> groups) {
  double sum = 0;
  int counted = 0;
  for (const std::vector<double>& group : groups) {
    if (group.size() < 2) continue;
    double pairs = 0;
    for (size_t i = 0; i < group.size(); ++i) {
      if (!(group[i] > 0)) return std::nullopt;
      for (size_t j = 0; j < group.size(); ++j) {
        if (i != j) pairs += std::abs(group[j] - group[i]) / group[i];
      }
    }
    sum += pairs / static_cast<double>(group.size() * (group.size() - 1));
    ++counted;
  }
  if (counted == 0 || !std::isfinite(sum)) return std::nullopt;
  return sum / counted;
}

std::optional<double> Median(std::vector<double> values) {
  if (values.empty() || !AllFinite(values)) return std::nullopt;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double RobustDeviation(std::vector<double> absolute_deviations) {
  constexpr double kSigmaPerMedian = 1.4826;
  return kSigmaPerMedian * Median(std::move(absolute_deviations)).value_or(0);
}

}  // namespace latimer
