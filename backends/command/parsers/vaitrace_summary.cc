#include "backends/command/report_parser.h"
#include "backends/reports/vitis_ai.h"

namespace latimer::command::parsers {

absl::StatusOr<Report> VaitraceSummary(const ReportFiles& files) { return ParseVaitraceSummary(files[0]); }

}  // namespace latimer::command::parsers
