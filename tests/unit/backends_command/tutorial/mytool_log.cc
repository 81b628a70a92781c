#include "backends/command/report_parser.h"
#include "backends/reports/report_text.h"
#include "core/base/status_macros.h"

namespace latimer::command::parsers {

absl::StatusOr<Report> MytoolLog(const ReportFiles& files) {
  const absl::string_view text = files[0];
  LATIMER_RETURN_IF_ERROR(CheckReportSize(text));
  Report report;
  ReportLines lines(text);
  for (absl::string_view line; lines.Next(&line);) {
    const auto amount = Between(line, "us=", " ");
    if (!amount.has_value()) continue;
    const std::optional<double> us = ParseAmount(*amount);
    if (!us.has_value()) return BadReport(lines.number(), "us", "it is no time");
    const auto name = Between(line, "layer=", " ");
    if (!name.has_value()) {
      report.latency.median = *us * kMicro;
      continue;
    }
    ReportRow row;
    row.name = CleanText(*name);
    row.kind = CleanText(Between(line, "op=", " ").value_or(""));
    row.seconds = *us * kMicro;
    LATIMER_RETURN_IF_ERROR(AppendRow(std::move(row), &report));
  }
  if (!report.latency.median.has_value()) return BadReport(0, "total", "the report ends without it: it is cut off");
  return report;
}

}  // namespace latimer::command::parsers
