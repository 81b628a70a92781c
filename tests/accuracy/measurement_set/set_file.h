// Files of measurements: a serialised latimer.model.v1.MeasurementSet, compressed with gzip.
#ifndef LATIMER_TESTS_ACCURACY_MEASUREMENT_SET_SET_FILE_H_
#define LATIMER_TESTS_ACCURACY_MEASUREMENT_SET_SET_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "latimer/model/v1/measurement_set.pb.h"

namespace latimer {

absl::StatusOr<model::v1::MeasurementSet> ReadMeasurementSet(const std::string& path);
absl::Status WriteMeasurementSet(const model::v1::MeasurementSet& set, const std::string& path);

}  // namespace latimer

#endif  // LATIMER_TESTS_ACCURACY_MEASUREMENT_SET_SET_FILE_H_
