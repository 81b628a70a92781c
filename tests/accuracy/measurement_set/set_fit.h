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
