// What boards measured, as people and programs read it.
#ifndef LATIMER_CLI_REPORT_MEASUREMENT_REPORT_H_
#define LATIMER_CLI_REPORT_MEASUREMENT_REPORT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/terminal/terminal.h"
#include "latimer/v1/measurement_service.pb.h"
#include "nlohmann/json.hpp"

namespace latimer::cli {

// One network's measurements.
struct MeasuredNetwork {
  std::string file;
  std::string name;
  v1::MeasureNetworkResponse response;
};

// Median over the measurements that have times, and how far they differ: the range relative to the median, or, of a
// single one, the spread of its own median.
struct MeasuredLatency {
  double median_ms = 0;
  double spread = 0;
  std::vector<double> medians;  // one per measurement, in their order
  double board_seconds = 0;     // of all measurements, failed ones too
};

// Errors: that of the newest measurement if all failed, with the code the agent gave; INTERNAL if there are none.
absl::StatusOr<MeasuredLatency> SummarizeMeasurements(const v1::MeasureNetworkResponse& response);

// Why a measurement has no times, as an error.
absl::Status MeasurementFailure(const v1::Measurement& measurement);

// A line per measurement; with `layers` the engine's report of each network below.
std::string MeasurementReport(const std::vector<MeasuredNetwork>& networks, bool layers, const Terminal& terminal);

// A row per measurement, or with `layers` a row per layer of the newest measurement of each network.
std::string MeasurementCsv(const std::vector<MeasuredNetwork>& networks, bool layers);

nlohmann::ordered_json MeasurementJson(const MeasuredNetwork& network);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_REPORT_MEASUREMENT_REPORT_H_
