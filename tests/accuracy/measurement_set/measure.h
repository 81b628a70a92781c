// Measures a set on a back end of this machine.
#ifndef LATIMER_TESTS_ACCURACY_MEASUREMENT_SET_MEASURE_H_
#define LATIMER_TESTS_ACCURACY_MEASUREMENT_SET_MEASURE_H_

#include <string>

#include "absl/status/statusor.h"
#include "latimer/model/v1/measurement_set.pb.h"

namespace latimer {

struct MeasureOptions {
  std::string backend = "onnxruntime";
  int threads = 1;
  int excerpts = 900;
  uint64_t seed = 1;
  std::string networks;  // folder of ONNX models, read recursively; empty: none
  int repeats = 2;       // of each network, spread over the whole time
  // Reports are not asked for, and every excerpt is also measured cut off behind each of its layers.
  bool black_box = false;
};

// Networks and excerpts are reported with each of their measurements, validation networks never. They take turns, so
// that both see the machine in the same moods. Prints progress.
absl::StatusOr<model::v1::MeasurementSet> MeasureSet(const MeasureOptions& options);

}  // namespace latimer

#endif  // LATIMER_TESTS_ACCURACY_MEASUREMENT_SET_MEASURE_H_
