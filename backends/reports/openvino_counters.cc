// The per-layer tables of benchmark_app: CSV and console.
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "backends/reports/openvino.h"
#include "backends/reports/openvino_internal.h"
#include "core/base/status_macros.h"

namespace latimer {
namespace openvino {

std::optional<RowStatus> ParseStatus(absl::string_view text) {
  absl::ConsumePrefix(&text, "Status.");
  if (text == "EXECUTED") return RowStatus::kExecuted;
  if (text == "NOT_RUN") return RowStatus::kNotRun;
  if (text == "OPTIMIZED_OUT") return RowStatus::kOptimizedOut;
  return std::nullopt;
}

void SetKernel(absl::string_view kernel, ReportRow* row) {
  if (kernel != "<none>" && kernel != "NONE" && kernel != "undef") row->kernel = CleanText(kernel);
}

}  // namespace openvino

namespace {

constexpr absl::string_view kName = "layerName";
constexpr absl::string_view kStatus = "execStatus";

// Columns of one block, by the names of its header.
struct Columns {
  size_t count = 0;
  size_t status = 0;
  size_t type = 0;
  size_t kernel = 0;
  size_t real_time = 0;
  size_t cpu_time = 0;
  std::string real_name;
  double real_unit = kMilli;
  double cpu_unit = kMilli;
};

// "realTime (ms)" and "realTime (us)".
double UnitOf(absl::string_view column) { return absl::StrContains(column, "(us)") ? kMicro : kMilli; }

absl::StatusOr<Columns> ReadHeader(absl::string_view line, int64_t number) {
  const std::vector<absl::string_view> names = absl::StrSplit(line, ';');
  Columns columns;
  columns.count = names.size();
  auto find = [&](absl::string_view wanted, size_t* index) -> absl::Status {
    const auto it = std::find_if(names.begin(), names.end(), [&](absl::string_view name) {
      return absl::StartsWith(absl::StripAsciiWhitespace(name), wanted);
    });
    if (it == names.end()) return BadReport(number, wanted, "the header has no such column");
    *index = static_cast<size_t>(it - names.begin());
    return absl::OkStatus();
  };
  size_t name = 0;
  LATIMER_RETURN_IF_ERROR(find(kName, &name));
  if (name != 0) return BadReport(number, kName, "it is not the first column");
  LATIMER_RETURN_IF_ERROR(find(kStatus, &columns.status));
  LATIMER_RETURN_IF_ERROR(find("layerType", &columns.type));
  LATIMER_RETURN_IF_ERROR(find("execType", &columns.kernel));
  LATIMER_RETURN_IF_ERROR(find("realTime", &columns.real_time));
  LATIMER_RETURN_IF_ERROR(find("cpuTime", &columns.cpu_time));
  columns.real_name = CleanText(names[columns.real_time]);
  columns.real_unit = UnitOf(names[columns.real_time]);
  columns.cpu_unit = UnitOf(names[columns.cpu_time]);
  return columns;
}

// Fields of a row; a name with ';' in it gets what is too much.
std::vector<absl::string_view> SplitRow(absl::string_view line, size_t columns) {
  std::vector<absl::string_view> fields = absl::StrSplit(line, ';');
  if (fields.size() <= columns) return fields;
  const size_t more = fields.size() - columns;
  const size_t name_length = static_cast<size_t>(fields[more].data() + fields[more].size() - line.data());
  fields.erase(fields.begin(), fields.begin() + static_cast<ptrdiff_t>(more));
  fields[0] = line.substr(0, name_length);
  return fields;
}

absl::StatusOr<double> Seconds(absl::string_view text, double unit, int64_t line, absl::string_view field) {
  const std::optional<double> value = ParseAmount(text);
  if (!value.has_value()) return BadReport(line, field, absl::StrCat("'", CleanText(text), "' is no time"));
  return *value * unit;
}

// Value after `label` in a line of the console, up to the next label.
absl::string_view Labelled(absl::string_view line, absl::string_view label, absl::string_view next) {
  const std::optional<absl::string_view> text = Between(line, label, next);
  return text.has_value() ? absl::StripAsciiWhitespace(*text) : absl::string_view();
}

}  // namespace

absl::StatusOr<std::vector<Report>> ParseOpenVinoCounters(absl::string_view csv) {
  LATIMER_RETURN_IF_ERROR(CheckReportSize(csv));
  std::vector<Report> reports;
  std::optional<Columns> columns;  // of the block that is open
  size_t rows = 0;
  ReportLines lines(csv);
  for (absl::string_view line; lines.Next(&line);) {
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    if (absl::StartsWith(line, kName)) {
      if (columns.has_value()) return BadReport(lines.number(), "Total", "the block before has no such row");
      LATIMER_ASSIGN_OR_RETURN(columns, ReadHeader(line, lines.number()));
      reports.emplace_back();
      continue;
    }
    if (!columns.has_value()) {
      return BadReport(lines.number(), kName, "a header 'layerName;execStatus;…' was expected");
    }
    const std::vector<absl::string_view> fields = SplitRow(line, columns->count);
    if (fields.size() != columns->count) {
      return BadReport(lines.number(), "",
                       absl::StrCat("the row has ", fields.size(), " fields instead of ", columns->count));
    }
    LATIMER_ASSIGN_OR_RETURN(const double seconds, Seconds(fields[columns->real_time], columns->real_unit,
                                                           lines.number(), columns->real_name));
    if (fields[0] == "Total" && fields[columns->status].empty()) {
      reports.back().stated = seconds;
      columns.reset();
      continue;
    }
    if (++rows > kMaxReportRows) return TooManyRows();
    const std::optional<RowStatus> status = openvino::ParseStatus(fields[columns->status]);
    if (!status.has_value()) {
      return BadReport(lines.number(), kStatus,
                       absl::StrCat("'", CleanText(fields[columns->status]), "' is no known status"));
    }
    LATIMER_ASSIGN_OR_RETURN(const double cpu_seconds,
                             Seconds(fields[columns->cpu_time], columns->cpu_unit, lines.number(), "cpuTime"));
    ReportRow row;
    row.name = CleanText(fields[0]);
    row.status = *status;
    row.kind = CleanText(fields[columns->type]);
    openvino::SetKernel(fields[columns->kernel], &row);
    row.seconds = seconds;
    if (cpu_seconds > 0) row.facts.emplace_back("cpu_seconds", cpu_seconds);
    LATIMER_RETURN_IF_ERROR(AppendRow(std::move(row), &reports.back()));
  }
  if (columns.has_value()) {
    return BadReport(lines.number(), "Total", "the report ends without this row: it is cut off");
  }
  if (reports.empty()) return BadReport(0, "", "the report is empty");
  return reports;
}

namespace openvino {

// Name, status, then values with labels; the name is cut to 25 characters and "..." where it is longer than 29.
absl::StatusOr<bool> ReadConsoleRow(absl::string_view line, int64_t number, Report* report) {
  const size_t labels = line.find(" layerType: ");
  if (labels == absl::string_view::npos || !absl::StrContains(line, "realTime: ")) return false;
  absl::string_view head = absl::StripAsciiWhitespace(line.substr(0, labels));
  const size_t blank = head.find_last_of(" \t");
  const absl::string_view status_text = blank == absl::string_view::npos ? head : head.substr(blank + 1);
  const std::optional<RowStatus> status = ParseStatus(status_text);
  if (!status.has_value()) {
    return BadReport(number, "status", absl::StrCat("'", CleanText(status_text), "' is no known status"));
  }
  ReportRow row;
  row.status = *status;
  row.name = CleanText(blank == absl::string_view::npos ? "" : head.substr(0, blank));
  if (absl::EndsWith(row.name, "...")) {
    row.original_names = {absl::StrCat(absl::string_view(row.name).substr(0, row.name.size() - 3), "*")};
  }
  const absl::string_view rest = line.substr(labels);
  row.kind = CleanText(Labelled(rest, "layerType: ", "realTime: "));
  const absl::string_view cpu_label = absl::StrContains(rest, "cpuTime: ") ? "cpuTime: " : "cpu: ";
  SetKernel(Labelled(rest, "execType: ", ""), &row);
  const absl::string_view real = Labelled(rest, "realTime: ", cpu_label);
  const std::optional<double> value = ParseAmount(real);
  if (!value.has_value()) return BadReport(number, "realTime", absl::StrCat("'", CleanText(real), "' is no time"));
  row.seconds = *value;  // in the unit that the total names, further down
  LATIMER_RETURN_IF_ERROR(AppendRow(std::move(row), report));
  return true;
}

absl::StatusOr<bool> ReadConsoleTotal(absl::string_view line, int64_t number, Report* report) {
  const absl::string_view text = absl::StripAsciiWhitespace(line);
  if (!absl::StartsWith(text, "Total time:") || report->rows.empty()) return false;
  const bool milli = absl::StrContains(text, "milliseconds");
  if (!milli && !absl::StrContains(text, "microseconds")) {
    return BadReport(number, "Total time", "it has no unit: neither microseconds nor milliseconds");
  }
  const double unit = milli ? kMilli : kMicro;
  const absl::string_view amount = Labelled(text, "Total time:", milli ? "milliseconds" : "microseconds");
  const std::optional<double> total = ParseAmount(amount);
  if (!total.has_value()) {
    return BadReport(number, "Total time", absl::StrCat("'", CleanText(amount), "' is no time"));
  }
  report->stated = *total * unit;
  for (ReportRow& row : report->rows) row.seconds *= unit;
  return true;
}

}  // namespace openvino
}  // namespace latimer
