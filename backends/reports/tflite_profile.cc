// Operator profiles of benchmark_model: rows, and the CSV file.
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "backends/reports/tflite.h"
#include "backends/reports/tflite_internal.h"
#include "core/base/status_macros.h"

namespace latimer {
namespace tflite {
namespace {

constexpr size_t kLongestName = 65536;  // a delegate's row lists all it writes
constexpr size_t kMostNames = 4096;

// "[avg ms]" -> "avg ms".
absl::string_view Bare(absl::string_view column) {
  column = absl::StripAsciiWhitespace(column);
  absl::ConsumePrefix(&column, "[");
  absl::ConsumeSuffix(&column, "]");
  return column;
}

}  // namespace

std::vector<absl::string_view> SplitConsoleRow(absl::string_view line) {
  absl::ConsumePrefix(&line, "INFO: ");
  std::vector<absl::string_view> fields = absl::StrSplit(line, '\t');
  if (!fields.empty() && absl::StripAsciiWhitespace(fields[0]).empty()) fields.erase(fields.begin());
  return fields;
}

bool IsHeader(const std::vector<absl::string_view>& fields) {
  return fields.size() > 3 && absl::EqualsIgnoreCase(Bare(fields[0]), "node type");
}

absl::StatusOr<OperatorTable> OperatorTable::FromHeader(const std::vector<absl::string_view>& names, int64_t line) {
  OperatorTable table;
  table.count_ = names.size();
  for (size_t i = 0; i < names.size(); ++i) {
    const absl::string_view name = Bare(names[i]);
    if (name == "start") table.start_ = i;
    if (name == "avg ms" || name == "avg_ms") table.average_ = i;
    if (name == "times called") table.calls_ = i;
    if (absl::EqualsIgnoreCase(name, "name")) table.name_ = i;
  }
  if (table.average_ == kAbsent) return BadReport(line, "avg ms", "the header has no such column");
  if (table.calls_ == kAbsent) return BadReport(line, "times called", "the header has no such column");
  if (table.name_ + 1 != table.count_) return BadReport(line, "Name", "it is not the last column");
  return table;
}

absl::StatusOr<ReportRow> OperatorTable::Read(const std::vector<absl::string_view>& fields, int64_t line) const {
  if (fields.size() < count_) {
    return BadReport(line, "", absl::StrCat("the row has ", fields.size(), " fields instead of ", count_));
  }
  const std::optional<double> average = ParseAmount(fields[average_]);
  if (!average.has_value()) {
    return BadReport(line, "avg ms", absl::StrCat("'", CleanText(fields[average_]), "' is no time"));
  }
  const std::optional<double> calls = ParseAmount(fields[calls_]);
  if (!calls.has_value()) {
    return BadReport(line, "times called", absl::StrCat("'", CleanText(fields[calls_]), "' is no count"));
  }
  ReportRow row;
  row.kind = CleanText(fields[type_]);
  row.seconds = *average * kMilli * *calls;
  if (start_ != kAbsent) {
    const std::optional<double> start = ParseAmount(fields[start_]);
    if (!start.has_value()) {
      return BadReport(line, "start", absl::StrCat("'", CleanText(fields[start_]), "' is no time"));
    }
    row.start_seconds = *start * kMilli;
  }
  // The CSV file has tabs for the commas of a name; what is split too far belongs together.
  const absl::string_view first = fields[name_];
  const absl::string_view last = fields.back();
  ReadName(absl::string_view(first.data(), static_cast<size_t>(last.data() + last.size() - first.data())), &row);
  return row;
}

void ReadName(absl::string_view name, ReportRow* row) {
  row->name = CleanText(name, kLongestName);
  absl::string_view text = row->name;
  const size_t colon = text.rfind(':');
  if (colon != absl::string_view::npos) {
    if (const auto index = ParseCount(text.substr(colon + 1))) {
      row->facts.emplace_back("node_index", static_cast<double>(*index));
      text = text.substr(0, colon);
    }
  }
  // Without brackets it is a kernel's name, not a tensor's.
  if (!absl::ConsumePrefix(&text, "[") || !absl::ConsumeSuffix(&text, "]")) return;
  for (absl::string_view tensor : absl::StrSplit(text, absl::ByAnyChar(";,?"))) {
    tensor = absl::StripAsciiWhitespace(tensor);
    if (!tensor.empty() && row->original_names.size() < kMostNames) row->original_names.emplace_back(tensor);
  }
  row->meaning = NameMeaning::kOutputs;
}

}  // namespace tflite

absl::StatusOr<Report> ParseBenchmarkModelCsv(absl::string_view csv) {
  LATIMER_RETURN_IF_ERROR(CheckReportSize(csv));
  Report report;
  std::optional<tflite::OperatorTable> table;
  bool titled = false;
  bool regular = true;
  ReportLines lines(csv);
  for (absl::string_view line; lines.Next(&line);) {
    if (absl::StrContains(line, "Profiling Info for")) {
      if (!report.rows.empty()) break;
      titled = true;
      regular = absl::StrContains(line, "Regular");
      table.reset();
      continue;
    }
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ',');
    if (tflite::IsHeader(fields)) {
      if (!report.rows.empty()) break;  // the same rows in another order
      LATIMER_ASSIGN_OR_RETURN(table, tflite::OperatorTable::FromHeader(fields, lines.number()));
      continue;
    }
    if (absl::StripAsciiWhitespace(line).empty()) {
      if (!report.rows.empty()) break;
      continue;
    }
    if (!table.has_value() || !regular) continue;
    LATIMER_ASSIGN_OR_RETURN(ReportRow row, table->Read(fields, lines.number()));
    // Without titles the first table is that of the preparation.
    if (!titled && (row.kind == "ModifyGraphWithDelegate" || row.kind == "AllocateTensors")) {
      table.reset();
      report.rows.clear();
      continue;
    }
    LATIMER_RETURN_IF_ERROR(AppendRow(std::move(row), &report));
  }
  if (report.rows.empty()) return BadReport(0, "node type", "there is no table of the regular runs");
  return report;
}

}  // namespace latimer
