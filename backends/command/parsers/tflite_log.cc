#include "backends/command/report_parser.h"
#include "backends/reports/tflite.h"

namespace latimer::command::parsers {

absl::StatusOr<Report> TfliteLog(const ReportFiles& files) { return LastOf(ParseBenchmarkModelLog(files[0])); }

}  // namespace latimer::command::parsers
