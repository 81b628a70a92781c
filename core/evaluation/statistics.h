// How good predictions are: errors, ranks, intervals.
//
// All functions are pure and thread-safe. A figure that is not defined for its data (no pairs, ranks of equal values
// only, a value that is not finite, a measured value that is not above zero where it is divided by) is nullopt, never
// NaN. Relative figures are ratios: 0.03 is 3 %.
#ifndef LATIMER_CORE_EVALUATION_STATISTICS_H_
#define LATIMER_CORE_EVALUATION_STATISTICS_H_

#include <optional>
#include <vector>

#include "absl/types/span.h"

namespace latimer {

// A prediction with its interval, and what was measured. All of one unit; milliseconds where the unit matters.
struct Prediction {
  double predicted = 0;
  double low = 0;
  double high = 0;
  double measured = 0;
};

// Mean of |predicted - measured| / measured.
std::optional<double> MeanAbsolutePercentageError(absl::Span<const Prediction> predictions);
// Mean of |predicted - measured|.
std::optional<double> MeanAbsoluteError(absl::Span<const Prediction> predictions);
// Root of the mean of ((predicted - measured) / measured)^2.
std::optional<double> RootMeanSquarePercentageError(absl::Span<const Prediction> predictions);
// Share of measured values in [low, high].
std::optional<double> Coverage(absl::Span<const Prediction> predictions);
// Mean of (high - low) / measured: intervals are judged by one yardstick, however far off the prediction is.
std::optional<double> MeanRelativeWidth(absl::Span<const Prediction> predictions);

// Ranks from 1 in the order of `values`; equal values share the mean of their ranks.
std::vector<double> Ranks(absl::Span<const double> values);

// Spearman's rho: Pearson's correlation of the ranks, ties included. `a` and `b` are of one size, else nullopt.
std::optional<double> SpearmanCorrelation(absl::Span<const double> a, absl::Span<const double> b);

// Kendall's tau-b, which allows for ties. Takes time in the square of the size.
std::optional<double> KendallCorrelation(absl::Span<const double> a, absl::Span<const double> b);

// How far measurements of the same thing are from each other: per group the mean over all ordered pairs of
// |first - second| / second, then the mean over the groups. No model can be expected to have a lower
// MeanAbsolutePercentageError. Groups of less than two are left out.
std::optional<double> NoiseFloor(absl::Span<const std::vector<double>> groups);

// The middle value; the mean of the two middle ones of an even number.
std::optional<double> Median(std::vector<double> values);

// Standard deviation of the normal distribution whose absolute deviations from its middle have this median; 0 of none.
double RobustDeviation(std::vector<double> absolute_deviations);

}  // namespace latimer

#endif  // LATIMER_CORE_EVALUATION_STATISTICS_H_
