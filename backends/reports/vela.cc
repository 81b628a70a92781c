#include "backends/reports/vela.h"

#include <cmath>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "backends/reports/report_text.h"
#include "core/base/status_macros.h"

namespace latimer {
namespace {

constexpr size_t kMostColumns = 512;

// Column name -> its first index: two columns of the per-layer table are called "Network%".
using Header = absl::flat_hash_map<std::string, size_t>;

Header ReadHeader(const std::vector<std::string>& names) {
  Header header;
  for (size_t i = 0; i < names.size(); ++i) header.try_emplace(CleanText(names[i]), i);
  return header;
}

absl::StatusOr<double> Number(const Header& header, const std::vector<std::string>& fields, const std::string& column,
                              int64_t line) {
  const auto it = header.find(column);
  if (it == header.end()) return BadReport(line, column, "the header has no such column");
  const std::optional<double> value = ParseAmount(fields[it->second]);
  if (!value.has_value()) {
    return BadReport(line, column, absl::StrCat("'", CleanText(fields[it->second]), "' is no number"));
  }
  return *value;
}

absl::Status CheckFields(size_t fields, size_t columns, int64_t line) {
  if (fields == columns) return absl::OkStatus();
  return BadReport(line, "", absl::StrCat("the row has ", fields, " fields instead of ", columns));
}

}  // namespace

absl::StatusOr<std::vector<Report>> ParseVelaSummary(absl::string_view csv) {
  LATIMER_RETURN_IF_ERROR(CheckReportSize(csv));
  std::vector<Report> reports;
  std::vector<std::string> names;
  Header header;
  std::vector<std::string> fields;
  ReportLines lines(csv);
  for (absl::string_view line; lines.Next(&line);) {
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    if (!SplitCsv(line, &fields)) return BadReport(lines.number(), "", "a quote is not closed");
    if (names.empty()) {
      if (fields.size() > kMostColumns) return BadReport(lines.number(), "", "the header has too many columns");
      names = fields;
      header = ReadHeader(names);
      if (!header.contains("inference_time")) {
        return BadReport(lines.number(), "inference_time", "the header has no such column: no summary of Vela");
      }
      continue;
    }
    LATIMER_RETURN_IF_ERROR(CheckFields(fields.size(), names.size(), lines.number()));
    if (reports.size() >= kMaxReportRows / kMostColumns) return TooManyRows();
    Report report;
    report.estimated = true;
    LATIMER_ASSIGN_OR_RETURN(report.stated, Number(header, fields, "inference_time", lines.number()));
    LATIMER_RETURN_IF_ERROR(Number(header, fields, "core_clock", lines.number()).status());
    for (size_t i = 0; i < names.size(); ++i) report.facts.emplace(CleanText(names[i]), CleanText(fields[i]));
    if (const auto network = header.find("network"); network != header.end()) {
      report.subject = CleanText(fields[network->second]);
    }
    reports.push_back(std::move(report));
  }
  if (reports.empty()) return BadReport(0, "inference_time", "the summary has no row");
  return reports;
}

absl::StatusOr<Report> ParseVelaPerLayer(absl::string_view csv, double core_clock_hz) {
  LATIMER_RETURN_IF_ERROR(CheckReportSize(csv));
  if (!std::isfinite(core_clock_hz) || core_clock_hz < 1) {
    return BadReport(0, "core_clock", "the clock is no frequency in Hz");
  }
  Report report;
  report.estimated = true;
  size_t columns = 0;
  Header header;
  std::vector<std::string> fields;
  ReportLines lines(csv);
  for (absl::string_view line; lines.Next(&line);) {
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    if (!SplitCsv(line, &fields)) return BadReport(lines.number(), "", "a quote is not closed");
    if (fields[0] == "TFLite_operator") {  // again for every part of the network on the NPU
      if (fields.size() > kMostColumns) return BadReport(lines.number(), "", "the header has too many columns");
      columns = fields.size();
      header = ReadHeader(fields);
      if (!header.contains("Name")) return BadReport(lines.number(), "Name", "the header has no such column");
      continue;
    }
    if (columns == 0) return BadReport(lines.number(), "TFLite_operator", "a header with this column was expected");
    LATIMER_RETURN_IF_ERROR(CheckFields(fields.size(), columns, lines.number()));
    LATIMER_ASSIGN_OR_RETURN(const double cycles, Number(header, fields, "Op Cycles", lines.number()));
    ReportRow row;
    row.kind = CleanText(fields[0]);
    row.name = CleanText(fields[header.at("Name")]);
    row.seconds = cycles / core_clock_hz;
    for (absl::string_view name : absl::StrSplit(row.name, ';')) row.original_names.emplace_back(name);
    row.meaning = NameMeaning::kOutputs;
    constexpr std::pair<absl::string_view, absl::string_view> kFacts[] = {
        {"NPU", "npu_cycles"}, {"SRAM AC", "sram_cycles"}, {"DRAM AC", "dram_cycles"}, {"MAC Count", "macs"}};
    for (const auto& [column, fact] : kFacts) {
      if (!header.contains(column)) continue;
      LATIMER_ASSIGN_OR_RETURN(const double value, Number(header, fields, std::string(column), lines.number()));
      row.facts.emplace_back(fact, value);
    }
    LATIMER_RETURN_IF_ERROR(AppendRow(std::move(row), &report));
  }
  if (report.rows.empty()) return BadReport(0, "Name", "the table has no row");
  return report;
}

}  // namespace latimer
