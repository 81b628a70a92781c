// How errors of units add up to the error of a network (paper II, equation 8).
//
// Units of one network err together in part: what the model does not know of a board shows in all of them. With
// deviations d_i = seconds_i * (deviation of the unit's logarithm), the variance of the sum is
//
//   rho * (sum d_i)^2 + (1 - rho) * sum over groups of (sum of d_i in the group)^2,
//
// the first two moments of the convolution of the groups' distributions around a factor they share. A group are units
// that are alike: a model errs once about all of them, and networks repeat their blocks. The shape beyond
// moments, and what is none of the units', come from calibration: scores of whole networks over that deviation.
#ifndef LATIMER_CORE_CONFIDENCE_NETWORK_CONFIDENCE_H_
#define LATIMER_CORE_CONFIDENCE_NETWORK_CONFIDENCE_H_

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/base/casts.h"
#include "absl/container/flat_hash_map.h"
#include "core/confidence/score_sketch.h"

namespace latimer::confidence {

// A unit whose time is known to a factor of five at best is not known at all: beyond, its share of a network's time is
// all the doubt it brings.
inline constexpr double kMostLogDeviation = 1.5;

// Sums over units; a look-up each. Units with the same deviation in seconds, to the last bit, are alike.
struct ErrorSum {
  double seconds = 0;
  double linear = 0;
  double squares = 0;  // of the sums of units that are alike

  void Add(double unit_seconds, double log_deviation) {
    const double own = unit_seconds * std::min(log_deviation, kMostLogDeviation);
    seconds += unit_seconds;
    linear += own;
    if (own == 0) return;
    double& group = GroupOf(own);
    squares += own * (own + 2 * group);
    group += own;
  }

  // Sum over the units like one of that deviation in seconds, itself among them.
  double Alike(double own) const {
    if (own == 0) return 0;
    const size_t at = SlotOf(own);
    if (at < kSlots) return slots_[at].own == own ? slots_[at].sum : own;
    const auto found = others_.find(own);
    return found == others_.end() ? own : found->second;
  }

 private:
  // Estimates take microseconds: most groups of most networks find room here, without memory of their own.
  static constexpr size_t kSlots = 128;
  static constexpr size_t kProbes = 8;
  struct Slot {
    double own = 0;  // 0: free
    double sum = 0;
  };

  // Where that deviation is, or may go; kSlots: among the others.
  size_t SlotOf(double own) const {
    size_t at = (absl::bit_cast<uint64_t>(own) * 0x9E3779B97F4A7C15ULL) >> 57;
    for (size_t i = 0; i < kProbes; ++i, at = (at + 1) % kSlots) {
      if (slots_[at].own == own || slots_[at].own == 0) return at;
    }
    return kSlots;
  }

  // `own` is not 0.
  double& GroupOf(double own) {
    const size_t at = SlotOf(own);
    if (at == kSlots) return others_[own];
    slots_[at].own = own;
    return slots_[at].sum;
  }

  std::array<Slot, kSlots> slots_{};
  absl::flat_hash_map<double, double> others_;
};

class NetworkConfidence {
 public:
  // Scores are all 0.
  NetworkConfidence() = default;
  NetworkConfidence(double correlation, double floor, ScoreSketch scores)
      : correlation_(correlation), floor_(floor), scores_(scores) {}

  // Errors are INVALID_ARGUMENT and name the field below `path`.
  static absl::StatusOr<NetworkConfidence> Read(absl::string_view path, const model::v1::NetworkCalibration& from);

  // Deviation of the logarithm of a network's time of `total_seconds`; above 0.
  double LogDeviation(const ErrorSum& sum, double total_seconds) const;

  // The interval at a level in (0, 1) is [t / Factor(), t * Factor()].
  double Factor(double level, const ErrorSum& sum, double total_seconds) const;

  // Share of the variance of a unit whose deviation is `own` seconds; all units and the floor together make 1.
  double VarianceShare(double own, const ErrorSum& sum, double total_seconds) const;

 private:
  double correlation_ = 0;
  double floor_ = 0;
  ScoreSketch scores_;
};

}  // namespace latimer::confidence

#endif  // LATIMER_CORE_CONFIDENCE_NETWORK_CONFIDENCE_H_
