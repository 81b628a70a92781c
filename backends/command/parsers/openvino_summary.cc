#include "backends/command/report_parser.h"
#include "backends/reports/openvino.h"

namespace latimer::command::parsers {

absl::StatusOr<Report> OpenvinoSummary(const ReportFiles& files) { return ParseOpenVinoSummary(files[0]); }

}  // namespace latimer::command::parsers
