#include "backends/command/report_parser.h"
#include "backends/reports/vela.h"

namespace latimer::command::parsers {

absl::StatusOr<Report> VelaSummary(const ReportFiles& files) { return LastOf(ParseVelaSummary(files[0])); }

}  // namespace latimer::command::parsers
