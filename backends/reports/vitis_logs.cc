// What programs on Vitis AI's runtime print: DEEPHI_PROFILING, vaitrace, frames per second.
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "backends/reports/report_text.h"
#include "backends/reports/vitis_ai.h"
#include "core/base/status_macros.h"

namespace latimer {
namespace {

constexpr double kSecondsOfDay = 86400;

// Seconds of the day in "I0224 13:39:51.269989  1080 …".
std::optional<double> StampSeconds(absl::string_view line) {
  const size_t blank = line.find(' ');
  if (blank == absl::string_view::npos || line.size() < blank + 16) return std::nullopt;
  const absl::string_view clock = line.substr(blank + 1, 15);
  if (clock[2] != ':' || clock[5] != ':') return std::nullopt;
  const auto hours = ParseCount(clock.substr(0, 2));
  const auto minutes = ParseCount(clock.substr(3, 2));
  const auto seconds = ParseAmount(clock.substr(6));
  if (!hours.has_value() || !minutes.has_value() || !seconds.has_value()) return std::nullopt;
  return static_cast<double>(*hours) * 3600 + static_cast<double>(*minutes) * 60 + *seconds;
}

// A cell of vaitrace's table; small values print "~0".
std::optional<double> Cell(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  absl::ConsumePrefix(&text, "~");
  return ParseAmount(text);
}

}  // namespace

absl::StatusOr<Report> ParseDeephiProfiling(absl::string_view text) {
  LATIMER_RETURN_IF_ERROR(CheckReportSize(text));
  Report report;
  std::optional<double> begin;
  ReportLines lines(text);
  for (absl::string_view line; lines.Next(&line);) {
    for (absl::string_view name : {"XRT_RUN", "CPU_OP_EXEC"}) {
      const auto amount = Between(line, absl::StrCat("] ", name, " : "), "us");
      if (!amount.has_value()) continue;
      const std::optional<double> value = ParseAmount(*amount);
      if (!value.has_value()) {
        return BadReport(lines.number(), name, absl::StrCat("'", CleanText(*amount), "' is no time in us"));
      }
      ReportRow row;
      row.name = std::string(name);
      row.kind = name == "XRT_RUN" ? "DPU" : "CPU";
      row.seconds = *value * kMicro;
      if (const std::optional<double> end = StampSeconds(line)) {
        double start = *end - row.seconds;  // lines are printed afterwards
        if (!begin.has_value()) begin = start;
        start -= *begin;
        row.start_seconds = start < 0 ? start + kSecondsOfDay : start;
      }
      LATIMER_RETURN_IF_ERROR(AppendRow(std::move(row), &report));
    }
  }
  if (report.rows.empty()) return BadReport(0, "XRT_RUN", "there is no such line: was DEEPHI_PROFILING=1 set?");
  return report;
}

absl::StatusOr<Report> ParseVaitraceSummary(absl::string_view text) {
  LATIMER_RETURN_IF_ERROR(CheckReportSize(text));
  constexpr absl::string_view kSubgraph = "DPU SubGraph";
  constexpr absl::string_view kCpuSubgraph = "CPU SubGraph";
  Report report;
  std::vector<std::string> header;
  bool dpu = false;
  ReportLines lines(text);
  for (absl::string_view line; lines.Next(&line);) {
    std::vector<absl::string_view> cells = absl::StrSplit(line, '|');
    if (cells.size() < 4) {
      if (absl::StripAsciiWhitespace(line).empty()) header.clear();
      continue;
    }
    for (absl::string_view& cell : cells) cell = absl::StripAsciiWhitespace(cell);
    if (absl::StrContains(line, kSubgraph) || absl::StrContains(line, kCpuSubgraph)) {
      header = std::vector<std::string>(cells.begin(), cells.end());
      dpu = absl::StrContains(line, kSubgraph);
      continue;
    }
    if (header.empty() || absl::StartsWith(cells[0], "-")) continue;
    if (cells.size() != header.size()) {
      return BadReport(lines.number(), "",
                       absl::StrCat("the row has ", cells.size(), " cells instead of ", header.size()));
    }
    auto cell = [&](absl::string_view name) -> absl::string_view {
      for (size_t i = 0; i < header.size(); ++i) {
        if (header[i] == name) return cells[i];
      }
      return "";
    };
    const absl::string_view time_column = dpu ? "HW_RT" : "AverageRunTime(ms)";
    const std::optional<double> time = Cell(cell(time_column));
    if (!time.has_value()) {
      return BadReport(lines.number(), time_column, absl::StrCat("'", CleanText(cell(time_column)), "' is no time"));
    }
    ReportRow row;
    row.kind = dpu ? "DPU" : "CPU";
    row.name = CleanText(cell(dpu ? kSubgraph : kCpuSubgraph));
    row.seconds = *time * kMilli;
    if (dpu) {
      if (const auto software = Cell(cell("SW_RT"))) row.facts.emplace_back("runtime_seconds", *software * kMilli);
      if (const auto work = Cell(cell("WL"))) row.facts.emplace_back("mop", *work * 1e3);
      if (const auto share = Cell(cell("Effic"))) row.facts.emplace_back("utilization_percent", *share);
    } else {
      row.kernel = CleanText(cell("OPs"));
    }
    LATIMER_RETURN_IF_ERROR(AppendRow(std::move(row), &report));
  }
  if (report.rows.empty()) return BadReport(0, kSubgraph, "there is no row of such a table");
  return report;
}

absl::StatusOr<std::vector<Report>> ParseVitisThroughput(absl::string_view text) {
  LATIMER_RETURN_IF_ERROR(CheckReportSize(text));
  std::vector<Report> reports;
  Report next;
  ReportLines lines(text);
  for (absl::string_view line; lines.Next(&line);) {
    if (const auto threads = Between(line, "--threads :", "")) next.facts["threads"] = CleanText(*threads);
    if (const auto model = Between(line, "--model   :", "")) next.subject = CleanText(*model);
    if (!absl::StrContains(line, "FPS=")) continue;
    const absl::string_view fps_text = absl::StripAsciiWhitespace(*Between(line, "FPS=", ""));
    const std::optional<double> fps = ParseAmount(fps_text.substr(0, fps_text.find_first_of(", ")));
    if (!fps.has_value()) return BadReport(lines.number(), "FPS", "it is no number");
    next.facts["fps"] = absl::StrCat(*fps);
    auto seconds = Between(line, "time=", "seconds");
    auto frames = Between(line, "total frames =", ",");
    if (!frames.has_value()) frames = Between(line, "number_of_frames=", "time=");
    if (seconds.has_value() && frames.has_value()) {
      const std::optional<double> time = ParseAmount(*seconds);
      const std::optional<int64_t> count = ParseCount(*frames);
      if (!time.has_value()) return BadReport(lines.number(), "time", "it is no time");
      if (!count.has_value() || *count < 1) return BadReport(lines.number(), "total frames", "it is no count");
      next.latency.count = *count;
      next.facts["seconds"] = absl::StrCat(*time);
      if (next.facts["threads"] == "1") next.latency.mean = *time / static_cast<double>(*count);
    }
    if (reports.size() >= kMaxReportRows) return TooManyRows();
    reports.push_back(std::move(next));
    next = Report();
  }
  if (reports.empty()) return BadReport(0, "FPS", "there is no such line");
  return reports;
}

}  // namespace latimer
