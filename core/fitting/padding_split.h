// How the time of padding-only models divides into the half before the subject and the half behind it.
//
// Smart padding gives an interval because the division is unknown. It is the same for all subjects of a board, though:
// with the wrong share, layers that widen and layers that narrow their input disagree with any one model, and layers
// without work come out negative. The share at which one model explains the data best narrows every interval.
// Internal to core/fitting.
#ifndef LATIMER_CORE_FITTING_PADDING_SPLIT_H_
#define LATIMER_CORE_FITTING_PADDING_SPLIT_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/fitting/data_point.h"
#include "core/fitting/fit_platform.h"

namespace latimer::fitting {

class PaddingSplit {
 public:
  explicit PaddingSplit(const std::vector<PaddingSample>& paddings);

  // Finds the share on single-layer samples; without a choice that is clearly best it stays unknown.
  void Fit(const std::vector<Sample>& samples, const model::v1::PlatformModel& base);

  // The sample's interval as far as the share narrows it (where it is known), and as wide as the noise makes it.
  benchmark::TimeInterval Narrow(const Sample& sample) const;

  // Of convolutional padding, 0 to 1; negative: unknown.
  double share() const { return share_; }

 private:
  // Seconds charged to the padding for all of the share at the inputs, and for none.
  struct Charge {
    double inputs = 0;
    double output = 0;
    bool known = false;
  };
  Charge ChargeOf(const Network& subject) const;
  static double At(const Sample& sample, const Charge& charge, double share);

  absl::flat_hash_map<std::string, double> seconds_;
  double fixed_ = 0;
  double share_ = -1;
};

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_PADDING_SPLIT_H_
