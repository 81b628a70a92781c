#include "backends/command/report_parser.h"
#include "backends/reports/vitis_ai.h"

namespace latimer::command::parsers {

absl::StatusOr<Report> DnndkProfile(const ReportFiles& files) { return LastOf(ParseDnndkProfile(files[0])); }

}  // namespace latimer::command::parsers
