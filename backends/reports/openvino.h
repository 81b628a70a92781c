// Reports of OpenVINO's benchmark_app, 2021 to 2024, C++ and Python.
#ifndef LATIMER_BACKENDS_REPORTS_OPENVINO_H_
#define LATIMER_BACKENDS_REPORTS_OPENVINO_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backends/reports/report.h"

namespace latimer {

// benchmark_average_counters_report.csv and benchmark_detailed_counters_report.csv: one Report per block, that is one,
// or one per infer request. Rows are the toolchain's layers, also those that did not run; `kind` is layerType, `kernel`
// execType; fact "cpu_seconds". Times are of the last inference of each request, not averages over iterations. A block
// without its Total row is cut off, and so an error.
absl::StatusOr<std::vector<Report>> ParseOpenVinoCounters(absl::string_view csv);

// benchmark_report.csv: latency; every setting of the run in `facts`.
absl::StatusOr<Report> ParseOpenVinoSummary(absl::string_view csv);

// What benchmark_app prints: latency, and the counters of -pc. Names longer than 29 characters are cut there; such a
// row's original name ends in '*'. Prefer the CSV.
absl::StatusOr<Report> ParseOpenVinoConsole(absl::string_view text);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_REPORTS_OPENVINO_H_
