// Shared by the parsers of OpenVINO's reports.
#ifndef LATIMER_BACKENDS_REPORTS_OPENVINO_INTERNAL_H_
#define LATIMER_BACKENDS_REPORTS_OPENVINO_INTERNAL_H_

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backends/reports/report.h"
#include "backends/reports/report_text.h"

namespace latimer::openvino {

std::optional<RowStatus> ParseStatus(absl::string_view text);

// Leaves out the words for "none".
void SetKernel(absl::string_view kernel, ReportRow* row);

// One row of the console's table of counters; false: `line` is something else. Times are kept as printed, until
// ReadConsoleTotal() meets the line that says their unit.
absl::StatusOr<bool> ReadConsoleRow(absl::string_view line, int64_t number, Report* report);
absl::StatusOr<bool> ReadConsoleTotal(absl::string_view line, int64_t number, Report* report);

}  // namespace latimer::openvino

#endif  // LATIMER_BACKENDS_REPORTS_OPENVINO_INTERNAL_H_
