#include "absl/strings/numbers.h"
#include "backends/command/report_parser.h"
#include "backends/reports/vitis_ai.h"
#include "core/base/status_macros.h"

namespace latimer::command::parsers {

// Of xdputil benchmark with one thread, which it does not repeat: a frame takes as long as its inference.
absl::StatusOr<Report> VitisThroughput(const ReportFiles& files) {
  LATIMER_ASSIGN_OR_RETURN(Report report, LastOf(ParseVitisThroughput(files[0])));
  double seconds = 0;
  Latency& latency = report.latency;
  if (!latency.mean.has_value() && latency.count > 0 && absl::SimpleAtod(report.facts["seconds"], &seconds)) {
    latency.mean = seconds / static_cast<double>(latency.count);
  }
  return report;
}

}  // namespace latimer::command::parsers
