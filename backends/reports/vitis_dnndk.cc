// DNNDK's profile tables.
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "backends/reports/report_text.h"
#include "backends/reports/vitis_ai.h"
#include "core/base/status_macros.h"

namespace latimer {
namespace {

constexpr absl::string_view kTitle = "[DNNDK] Performance profile";
constexpr std::array<absl::string_view, 6> kColumns = {"Workload(MOP)", "Mem(MB)",     "RunTime(ms)",
                                                       "Perf(GOPS)",    "Utilization", "MB/S"};

// One line of a table: six numbers from the right, since long names shift the columns.
struct Line {
  absl::string_view name;  // with the ID before it; "All" for the totals
  std::array<double, kColumns.size()> numbers;
};

absl::StatusOr<Line> ReadLine(absl::string_view text, int64_t number) {
  Line line;
  for (size_t i = kColumns.size(); i-- > 0;) {
    text = absl::StripTrailingAsciiWhitespace(text);
    const size_t blank = text.find_last_of(" \t");
    absl::string_view field = blank == absl::string_view::npos ? text : text.substr(blank + 1);
    text = blank == absl::string_view::npos ? absl::string_view() : text.substr(0, blank);
    if (kColumns[i] == "Utilization") absl::ConsumeSuffix(&field, "%");
    const std::optional<double> value = ParseAmount(field);
    if (!value.has_value()) {
      return BadReport(number, kColumns[i], absl::StrCat("'", CleanText(field), "' is no number"));
    }
    line.numbers[i] = *value;
  }
  line.name = absl::StripAsciiWhitespace(text);
  return line;
}

absl::Status AddRow(const Line& line, int64_t number, Report* report) {
  const size_t blank = line.name.find_first_of(" \t");
  if (blank == absl::string_view::npos || !ParseCount(line.name.substr(0, blank)).has_value()) {
    return BadReport(number, "ID", absl::StrCat("'", CleanText(line.name), "' is no ID and name"));
  }
  ReportRow row;
  row.name = CleanText(line.name.substr(blank));
  row.seconds = line.numbers[2] * kMilli;
  row.facts = {{"mop", line.numbers[0]}, {"memory_mb", line.numbers[1]}, {"utilization_percent", line.numbers[4]}};
  return AppendRow(std::move(row), report);
}

}  // namespace

absl::StatusOr<std::vector<Report>> ParseDnndkProfile(absl::string_view text) {
  LATIMER_RETURN_IF_ERROR(CheckReportSize(text));
  std::vector<Report> reports;
  size_t rows = 0;
  // A table: title, rule, header, rows, blank, "Total Nodes In Avg:", the totals, rule.
  enum class Where { kOutside, kBeforeHeader, kRows, kTotals } where = Where::kOutside;
  ReportLines lines(text);
  for (absl::string_view line; lines.Next(&line);) {
    if (absl::StartsWith(line, kTitle)) {
      if (where != Where::kOutside) return BadReport(lines.number(), "All", "the table before has no totals");
      if (reports.size() >= kMaxReportRows) return TooManyRows();
      reports.emplace_back();
      if (const auto kernel = Between(line, "DPU Kernel \"", "\"")) reports.back().subject = CleanText(*kernel);
      where = Where::kBeforeHeader;
      continue;
    }
    const absl::string_view stripped = absl::StripAsciiWhitespace(line);
    if (where == Where::kOutside || stripped.empty() || absl::StartsWith(stripped, "===")) continue;
    if (where == Where::kBeforeHeader) {
      for (absl::string_view column : kColumns) {
        if (!absl::StrContains(line, column)) return BadReport(lines.number(), column, "the header has no such column");
      }
      where = Where::kRows;
    } else if (where == Where::kRows && absl::StartsWith(stripped, "Total Nodes")) {
      where = Where::kTotals;
    } else {
      LATIMER_ASSIGN_OR_RETURN(const Line numbers, ReadLine(line, lines.number()));
      if (where == Where::kTotals) {
        if (numbers.name != "All") return BadReport(lines.number(), "All", "the row of totals was expected");
        reports.back().stated = numbers.numbers[2] * kMilli;
        where = Where::kOutside;
        continue;
      }
      if (++rows > kMaxReportRows) return TooManyRows();
      LATIMER_RETURN_IF_ERROR(AddRow(numbers, lines.number(), &reports.back()));
    }
  }
  if (where != Where::kOutside) return BadReport(lines.number(), "All", "the table ends without totals: it is cut off");
  if (reports.empty()) return BadReport(0, "", absl::StrCat("there is no line '", kTitle, "'"));
  return reports;
}

}  // namespace latimer
