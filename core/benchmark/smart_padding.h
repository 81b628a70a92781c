// Smart padding (paper II, section III-B, algorithm 1): a subject between cheap layers that keep the board's link out
// of its time, and the cheap layers alone, whose time is subtracted.
//
//   padded model         1 -> c_in | subject | c_out -> 1
//   padding-only models  1 -> c -> 1, one per shape
//
// Padding layers are 1x1 convolutions with a rectifier (or fully connected layers for tensors of features), so that
// only one channel crosses the link. How the time of a padding-only model divides into its two halves is unknown; with
// r in [0, 1] as the share of the first half, the subject's time is
//
//   t(r) = T_padded - r * sum_i T_only(input_i) - (1 - r) * T_only(output)
//
// which is equations 2 and 3 of the paper for one input, and an interval between r = 0 and r = 1. Every T_only also
// holds what a run costs whatever it computes; with several inputs that is counted once too often for each input after
// the first, and added again where the table has the smallest padding-only model, whose time is little else.
#ifndef LATIMER_CORE_BENCHMARK_SMART_PADDING_H_
#define LATIMER_CORE_BENCHMARK_SMART_PADDING_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "core/network/network.h"

namespace latimer::benchmark {

// A tensor as padding sees it.
struct PaddedShape {
  Shape shape;
  bool features_last = false;  // the last dimension is expanded (fully connected), not the second (convolution)

  bool operator==(const PaddedShape&) const = default;
  // "conv:1x64x56x56" or "fc:1x197x768".
  std::string Key() const;
};

// Shapes at which `subject` is padded: its inputs and its one output.
struct PaddingNeed {
  std::vector<PaddedShape> inputs;
  PaddedShape output;
};
PaddingNeed NeededPadding(const Network& subject);

// INVALID_ARGUMENT if the subject has no output or more than one, or a shape that cannot be padded (rank above 5).
absl::StatusOr<Network> PaddedNetwork(const Network& subject);
absl::StatusOr<Network> PaddingOnlyNetwork(const PaddedShape& shape);

// The smallest padding-only model: what a run costs whatever it computes. Plans measure it first.
PaddedShape SmallestPadding();

// A time known to lie between two bounds.
struct TimeInterval {
  double lower_seconds = 0;  // may be negative: the padding hides the subject
  double upper_seconds = 0;
  double middle_seconds() const { return (lower_seconds + upper_seconds) / 2; }
};

// Times of padding-only models by PaddedShape::Key().
class PaddingTable {
 public:
  void Add(const PaddedShape& shape, double seconds) { AddKey(shape.Key(), seconds); }
  void AddKey(absl::string_view key, double seconds) { seconds_[key] = seconds; }

  // Time of the subject. NOT_FOUND names the padding-only model that is missing.
  absl::StatusOr<TimeInterval> SubjectTime(const Network& subject, double padded_seconds) const;

 private:
  absl::StatusOr<double> Find(const PaddedShape& shape) const;

  absl::flat_hash_map<std::string, double> seconds_;
};

}  // namespace latimer::benchmark

#endif  // LATIMER_CORE_BENCHMARK_SMART_PADDING_H_
