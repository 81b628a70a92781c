// Latencies of whole inferences from benchmark_app: CSV summary and console.
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "backends/reports/openvino.h"
#include "backends/reports/openvino_internal.h"
#include "core/base/status_macros.h"

namespace latimer {
namespace {

constexpr size_t kMostFacts = 256;

// Sets `field` from "35.36 ms" or "35.36".
absl::Status SetMilliseconds(absl::string_view text, absl::string_view name, int64_t line,
                             std::optional<double>* field) {
  text = absl::StripAsciiWhitespace(text);
  absl::ConsumeSuffix(&text, "ms");
  const std::optional<double> value = ParseAmount(text);
  if (!value.has_value()) return BadReport(line, name, absl::StrCat("'", CleanText(text), "' is no time in ms"));
  *field = *value * kMilli;
  return absl::OkStatus();
}

// "Median", "Average", "Min", "Max" -> where it goes; null for anything else.
std::optional<double>* LatencyField(absl::string_view name, Latency* latency) {
  if (absl::EqualsIgnoreCase(name, "median")) return &latency->median;
  if (absl::EqualsIgnoreCase(name, "average") || name == "AVG") return &latency->mean;
  if (absl::EqualsIgnoreCase(name, "min")) return &latency->min;
  if (absl::EqualsIgnoreCase(name, "max")) return &latency->max;
  return nullptr;
}

absl::Status ReadSummaryLine(absl::string_view key, absl::string_view value, int64_t line, Report* report) {
  absl::string_view name = key;
  const bool milliseconds = absl::ConsumeSuffix(&name, " (ms)");
  Latency& latency = report->latency;
  if (milliseconds && absl::ConsumeSuffix(&name, " latency")) {
    if (std::optional<double>* field = LatencyField(name, &latency)) return SetMilliseconds(value, key, line, field);
  }
  if (key == "latency (ms)") return SetMilliseconds(value, key, line, &latency.median);  // before 2022
  if (key == "first inference time (ms)") return SetMilliseconds(value, key, line, &latency.first);
  if (key == "load model time (ms)" || key == "load network time (ms)") {
    return SetMilliseconds(value, key, line, &latency.initialising);
  }
  if (key == "number of iterations" || key == "total number of iterations") {
    const std::optional<int64_t> count = ParseCount(value);
    if (!count.has_value()) return BadReport(line, key, absl::StrCat("'", CleanText(value), "' is no count"));
    latency.count = *count;
    return absl::OkStatus();
  }
  if (report->facts.size() < kMostFacts) report->facts.emplace(CleanText(key), CleanText(value));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Report> ParseOpenVinoSummary(absl::string_view csv) {
  LATIMER_RETURN_IF_ERROR(CheckReportSize(csv));
  Report report;
  bool results = false;
  ReportLines lines(csv);
  for (absl::string_view line; lines.Next(&line);) {
    const absl::string_view text = absl::StripAsciiWhitespace(line);
    if (text == "Execution results") results = true;
    const size_t separator = text.find(';');
    if (separator == absl::string_view::npos) continue;
    absl::string_view value = text.substr(separator + 1);
    absl::ConsumeSuffix(&value, ";");
    LATIMER_RETURN_IF_ERROR(ReadSummaryLine(text.substr(0, separator), value, lines.number(), &report));
  }
  if (!results) return BadReport(0, "Execution results", "there is no such section: no summary, or it is cut off");
  if (!report.latency.typical().has_value()) {
    return BadReport(0, "Median latency (ms)", "neither a median nor an average latency is there");
  }
  return report;
}

absl::StatusOr<Report> ParseOpenVinoConsole(absl::string_view text) {
  LATIMER_RETURN_IF_ERROR(CheckReportSize(text));
  Report report;
  bool in_latency = false;
  ReportLines lines(text);
  for (absl::string_view whole; lines.Next(&whole);) {
    if (!report.stated.has_value()) {  // of several requests' tables only the first is read
      LATIMER_ASSIGN_OR_RETURN(const bool is_row, openvino::ReadConsoleRow(whole, lines.number(), &report));
      if (is_row) continue;
      LATIMER_ASSIGN_OR_RETURN(const bool is_total, openvino::ReadConsoleTotal(whole, lines.number(), &report));
      if (is_total) continue;
    }
    absl::string_view line = absl::StripAsciiWhitespace(whole);
    absl::ConsumePrefix(&line, "[ INFO ]");
    line = absl::StripLeadingAsciiWhitespace(line);
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos) {
      if (const auto took = Between(line, "First inference took ", " ms")) {
        LATIMER_RETURN_IF_ERROR(SetMilliseconds(*took, "First inference took", lines.number(), &report.latency.first));
      }
      continue;
    }
    const absl::string_view key = line.substr(0, colon);
    const absl::string_view value = absl::StripAsciiWhitespace(line.substr(colon + 1));
    if (key == "Count") {
      const std::optional<int64_t> count = ParseCount(value.substr(0, value.find(' ')));
      if (!count.has_value()) {
        return BadReport(lines.number(), key, absl::StrCat("'", CleanText(value), "' is no count"));
      }
      report.latency.count = *count;
    } else if (key == "Latency") {
      in_latency = true;
      // Before 2022 the median stands in this line.
      if (!value.empty()) {
        LATIMER_RETURN_IF_ERROR(SetMilliseconds(value, key, lines.number(), &report.latency.median));
      }
    } else if (std::optional<double>* field = LatencyField(key, &report.latency); field != nullptr && in_latency) {
      LATIMER_RETURN_IF_ERROR(SetMilliseconds(value, key, lines.number(), field));
    } else if (key == "Throughput") {
      report.facts["throughput"] = CleanText(value);
    }
  }
  if (!report.rows.empty() && !report.stated.has_value()) {
    return BadReport(lines.number(), "Total time", "the table of counters ends without it: it is cut off");
  }
  if (report.rows.empty() && !report.latency.typical().has_value()) {
    return BadReport(0, "Latency", "neither latencies nor counters are there");
  }
  return report;
}

}  // namespace latimer
