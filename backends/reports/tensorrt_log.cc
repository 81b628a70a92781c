// What trtexec prints.
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "backends/reports/report_text.h"
#include "backends/reports/tensorrt.h"
#include "core/base/status_macros.h"

namespace latimer {
namespace {

// "[01/15/2022-17:07:59] [I] " in front of the text; `severity` becomes its letter.
absl::string_view CutStamp(absl::string_view line, char* severity) {
  *severity = ' ';
  if (!absl::ConsumePrefix(&line, "[")) return line;
  const size_t end = line.find("] [");
  if (end == absl::string_view::npos || end + 4 >= line.size()) return line;
  *severity = line[end + 3];
  return absl::StripLeadingAsciiWhitespace(absl::StripPrefix(line.substr(end + 4), "]"));
}

// "min = 16.7559 ms, max = 16.8594 ms, mean = …, median = …, percentile(99%) = …"
absl::Status ReadSummary(absl::string_view text, int64_t line, Latency* latency) {
  for (absl::string_view item : absl::StrSplit(text, ", ")) {
    const std::pair<absl::string_view, absl::string_view> sides = absl::StrSplit(item, absl::MaxSplits(" = ", 1));
    std::optional<double>* field = sides.first == "min"      ? &latency->min
                                   : sides.first == "max"    ? &latency->max
                                   : sides.first == "mean"   ? &latency->mean
                                   : sides.first == "median" ? &latency->median
                                                             : nullptr;
    if (field == nullptr) continue;
    absl::string_view amount = sides.second;
    if (!absl::ConsumeSuffix(&amount, " ms")) return BadReport(line, sides.first, "the time has no unit 'ms'");
    const std::optional<double> value = ParseAmount(amount);
    if (!value.has_value()) {
      return BadReport(line, sides.first, absl::StrCat("'", CleanText(amount), "' is no time"));
    }
    *field = *value * kMilli;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Report> ParseTrtexecLog(absl::string_view text) {
  LATIMER_RETURN_IF_ERROR(CheckReportSize(text));
  Report report;
  bool passed = false;
  bool in_summary = false;
  std::string last_error;
  int64_t dla_layers = 0;
  ReportLines lines(text);
  for (absl::string_view whole; lines.Next(&whole);) {
    if (absl::StartsWith(whole, "&&&& RUNNING")) {
      if (const auto command = Between(whole, " # ", "")) report.facts["command"] = CleanText(*command);
      if (const auto version = Between(whole, "[TensorRT ", "]")) report.facts["version"] = CleanText(*version);
      continue;
    }
    if (absl::StartsWith(whole, "&&&& PASSED")) passed = true;
    if (absl::StartsWith(whole, "&&&& FAILED")) passed = false;
    char severity = ' ';
    const absl::string_view line = CutStamp(whole, &severity);
    if (severity == 'E') last_error = CleanText(line);
    if (absl::StrContains(line, "[DlaLayer]")) ++dla_layers;
    if (absl::StartsWith(line, "=== Performance summary")) in_summary = true;
    if (!in_summary) continue;
    if (absl::StartsWith(line, "GPU Compute Time: ")) {
      LATIMER_RETURN_IF_ERROR(
          ReadSummary(absl::StripPrefix(line, "GPU Compute Time: "), lines.number(), &report.latency));
    } else if (const auto throughput = Between(line, "Throughput: ", " qps")) {
      report.facts["throughput_per_second"] = CleanText(*throughput);
    } else if (absl::StartsWith(line, "Latency: ")) {
      Latency with_transfers;
      LATIMER_RETURN_IF_ERROR(ReadSummary(absl::StripPrefix(line, "Latency: "), lines.number(), &with_transfers));
      if (with_transfers.median.has_value()) {
        report.facts["median_seconds_with_transfers"] = absl::StrCat(*with_transfers.median);
      }
    }
  }
  if (dla_layers > 0) report.facts["dla_layers"] = absl::StrCat(dla_layers);
  if (!passed) {
    return BadReport(0, "&&&& PASSED",
                     last_error.empty() ? "the run did not end with it: failed or cut off"
                                        : absl::StrCat("the run did not end with it; last error: ", last_error));
  }
  if (!report.latency.typical().has_value()) {
    return BadReport(0, "GPU Compute Time", "the performance summary has no such line");
  }
  return report;
}

}  // namespace latimer
