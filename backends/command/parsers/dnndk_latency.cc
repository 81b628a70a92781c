#include "backends/command/report_parser.h"
#include "backends/reports/vitis_ai.h"
#include "core/base/status_macros.h"

namespace latimer::command::parsers {

// DNNDK's programs time what they like around the network; the sum of its profile is the DPU's time.
absl::StatusOr<Report> DnndkLatency(const ReportFiles& files) {
  LATIMER_ASSIGN_OR_RETURN(Report report, LastOf(ParseDnndkProfile(files[0])));
  report.latency.mean = report.stated.has_value() ? *report.stated : report.ExecutedSeconds();
  report.latency.count = 1;
  return report;
}

}  // namespace latimer::command::parsers
