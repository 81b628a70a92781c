// The parsers a toolchain's description can name: one per file in backends/command/parsers.
//
// File mytool_log.cc defines `absl::StatusOr<Report> MytoolLog(const ReportFiles& files)` in namespace
// latimer::command::parsers and is then known as "mytool_log"; the build makes the table.
#ifndef LATIMER_BACKENDS_COMMAND_REPORT_PARSER_H_
#define LATIMER_BACKENDS_COMMAND_REPORT_PARSER_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "backends/reports/report.h"

namespace latimer::command {

// What the description's `inputs` name, in that order; never empty.
using ReportFiles = absl::Span<const std::string>;

// Pure: bytes in, a report or an error out, as backends/reports/report.h says.
using ReportParser = absl::StatusOr<Report> (*)(const ReportFiles& files);

using ParserTable = std::map<std::string, ReportParser>;

// Those in backends/command/parsers.
const ParserTable& BuiltInParsers();

// The first of several reports, or the last; an error where there is none.
absl::StatusOr<Report> FirstOf(absl::StatusOr<std::vector<Report>> reports);
absl::StatusOr<Report> LastOf(absl::StatusOr<std::vector<Report>> reports);

}  // namespace latimer::command

#endif  // LATIMER_BACKENDS_COMMAND_REPORT_PARSER_H_
