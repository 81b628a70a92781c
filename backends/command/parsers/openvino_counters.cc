#include "backends/command/report_parser.h"
#include "backends/reports/openvino.h"

namespace latimer::command::parsers {

absl::StatusOr<Report> OpenvinoCounters(const ReportFiles& files) { return FirstOf(ParseOpenVinoCounters(files[0])); }

}  // namespace latimer::command::parsers
