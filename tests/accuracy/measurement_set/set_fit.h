// A platform model fitted to the excerpts of a set, and judged on its networks.
#ifndef LATIMER_TESTS_ACCURACY_MEASUREMENT_SET_SET_FIT_H_
#define LATIMER_TESTS_ACCURACY_MEASUREMENT_SET_SET_FIT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/evaluation/statistics.h"
#include "core/fitting/fit_platform.h"
#include "latimer/model/v1/measurement_set.pb.h"

namespace latimer {

// Leaves times as they were measured, at whatever pace of the board (core/evaluation/measured_pace.h).
void ForgetPace(model::v1::MeasurementSet* set);

// How the processor's pace changed while the set was measured, and times with it.
struct PaceOfSet {
  double low_ns = 0;  // 5th percentile of the time of a pass
  double median_ns = 0;
  double high_ns = 0;      // 95th
  double correlation = 0;  // of logarithms of pace and time, each relative to its network's mean; 0: none was repeated
  double exponent = 0;     // slope of the one over the other
};
PaceOfSet DescribePace(const model::v1::MeasurementSet& set);

struct JudgedNetwork {
  std::string name;
  Prediction prediction;   // milliseconds; measured: the median over its measurements, at the pace of the model
  double noise_floor = 0;  // relative distance of its first two measurements; 0: there is one
};

// The first `excerpts` of the set; 0: all. Excerpts are cut ones where no measurement has times per layer.
absl::StatusOr<fitting::FitInput> FitInputOf(const model::v1::MeasurementSet& set, int excerpts);

struct JudgeOptions {
  double confidence = 0.9;
  ModelKind kind = ModelKind::kAuto;
};

// Every network of the set.
absl::StatusOr<std::vector<JudgedNetwork>> JudgeOn(const model::v1::MeasurementSet& set,
                                                   const model::v1::PlatformModel& model,
                                                   const JudgeOptions& options = {});

}  // namespace latimer

#endif  // LATIMER_TESTS_ACCURACY_MEASUREMENT_SET_SET_FIT_H_
