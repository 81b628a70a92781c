// The layers of a set's networks as the engine reported them, to judge layer models on.
#ifndef LATIMER_TESTS_ACCURACY_MEASUREMENT_SET_JUDGED_LAYERS_H_
#define LATIMER_TESTS_ACCURACY_MEASUREMENT_SET_JUDGED_LAYERS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/fitting/data_point.h"
#include "core/fitting/fit_platform.h"
#include "core/model/platform_model.h"
#include "latimer/model/v1/measurement_set.pb.h"

namespace latimer {

// What of a set has a report, in its order: a network is there as often as it was reported.
struct ReportedNetworks {
  std::vector<std::string> names;  // of each sample
  std::vector<fitting::ExcerptSample> samples;
};
absl::StatusOr<ReportedNetworks> ReportedNetworksOf(const model::v1::MeasurementSet& set,
                                                    model::v1::MeasurementUse use);

struct JudgedLayer {
  std::string network;
  // Its time is the median of the network's reports, each scaled to the whole time of its own load and brought to the
  // pace of the model.
  fitting::DataPoint point;
  // |second / first - 1| of these times; nullopt: reported once.
  std::optional<double> noise_floor;
};
std::vector<JudgedLayer> JudgedLayersOf(const ReportedNetworks& networks, const PlatformModel& platform);

}  // namespace latimer

#endif  // LATIMER_TESTS_ACCURACY_MEASUREMENT_SET_JUDGED_LAYERS_H_
