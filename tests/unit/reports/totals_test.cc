// Every report file against what awk finds in it: number of executed layers (or inferences' figures) and seconds.
// totals.tsv holds what totals.awk printed; where awk is on the machine it is asked again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <functional>
#include <map>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "backends/reports/openvino.h"
#include "backends/reports/read_reports.h"
#include "backends/reports/tensorrt.h"
#include "backends/reports/tflite.h"
#include "backends/reports/vitis_ai.h"
#include "core/mapping/graph_matcher.h"
#include "core/network/annette/annette_import.h"
#include "core/network/onnx/onnx_import.h"
#include "core/network/simplify.h"
#include "tests/unit/reports/report_files.h"

namespace latimer {
namespace {

struct Totals {
  int64_t count = 0;
  double seconds = 0;
};

using TotalsOrError = absl::StatusOr<Totals>;

Totals OfRows(const std::vector<Report>& reports) {
  Totals totals;
  for (const Report& report : reports) {
    totals.count += report.ExecutedRows();
    totals.seconds += report.ExecutedSeconds();
    if (report.stated.has_value()) {
      // The tool's own sum, of rounded numbers on both sides.
      EXPECT_NEAR(report.ExecutedSeconds(), *report.stated, 2e-4 * *report.stated) << report.subject;
    }
  }
  return totals;
}

TotalsOrError OfRows(const absl::StatusOr<std::vector<Report>>& reports) {
  if (!reports.ok()) return reports.status();
  return OfRows(*reports);
}

TotalsOrError OfRows(const absl::StatusOr<Report>& report) {
  if (!report.ok()) return report.status();
  return OfRows(std::vector<Report>{*report});
}

TotalsOrError OfTimes(absl::string_view text) {
  const absl::StatusOr<Report> report = ParseTensorRtTimes(text);
  if (!report.ok()) return report.status();
  return Totals{report->latency.count, *report->latency.mean * static_cast<double>(report->latency.count)};
}

TotalsOrError OfLayers(absl::string_view text) {
  const absl::StatusOr<std::vector<TensorRtLayer>> layers = ParseTensorRtLayers(text);
  if (!layers.ok()) return layers.status();
  return Totals{static_cast<int64_t>(layers->size()), 0};
}

TotalsOrError OfTrtexec(absl::string_view text) {
  const absl::StatusOr<Report> report = ParseTrtexecLog(text);
  if (!report.ok()) return report.status();
  return Totals{1, report->latency.median.value()};
}

TotalsOrError OfLatencies(absl::string_view text) {
  const absl::StatusOr<std::vector<Report>> reports = ParseBenchmarkModelLog(text);
  if (!reports.ok()) return reports.status();
  Totals totals;
  for (const Report& report : *reports) {
    ++totals.count;
    totals.seconds += report.latency.mean.value();
  }
  return totals;
}

TotalsOrError OfThroughput(absl::string_view text) {
  const absl::StatusOr<std::vector<Report>> reports = ParseVitisThroughput(text);
  if (!reports.ok()) return reports.status();
  Totals totals;
  for (const Report& report : *reports) {
    double seconds = 0;
    EXPECT_TRUE(absl::SimpleAtod(report.facts.at("seconds"), &seconds));
    ++totals.count;
    totals.seconds += seconds;
  }
  return totals;
}

const std::map<std::string, std::function<TotalsOrError(absl::string_view)>>& Formats() {
  static const auto* const kFormats = new std::map<std::string, std::function<TotalsOrError(absl::string_view)>>{
      {"openvino-counters", [](absl::string_view text) { return OfRows(ParseOpenVinoCounters(text)); }},
      {"tensorrt-profile", [](absl::string_view text) { return OfRows(ParseTensorRtProfile(text)); }},
      {"tensorrt-layers", OfLayers},
      {"tensorrt-times", OfTimes},
      {"trtexec-log", OfTrtexec},
      {"dnndk-profile", [](absl::string_view text) { return OfRows(ParseDnndkProfile(text)); }},
      {"deephi-profiling", [](absl::string_view text) { return OfRows(ParseDeephiProfiling(text)); }},
      {"vitis-throughput", OfThroughput},
      {"tflite-profile", [](absl::string_view text) { return OfRows(ParseBenchmarkModelLog(text)); }},
      {"tflite-latency", OfLatencies},
  };
  return *kFormats;
}

struct Case {
  bool in_tree = false;  // the file is part of this repository
  std::string format;
  std::string file;
  Totals totals;
  std::vector<std::string> networks;  // "file@subject"; empty: not known
};

std::vector<Case> ReadCases() {
  std::vector<Case> cases;
  for (absl::string_view line : absl::StrSplit(ReadReport("totals.tsv"), '\n', absl::SkipEmpty())) {
    const std::vector<std::string> fields = absl::StrSplit(line, '\t');
    if (line[0] == '#') continue;
    Case one;
    one.in_tree = fields.at(0) == "here";
    one.format = fields.at(1);
    one.file = fields.at(2);
    EXPECT_TRUE(absl::SimpleAtoi(fields.at(3), &one.totals.count)) << line;
    EXPECT_TRUE(absl::SimpleAtod(fields.at(4), &one.totals.seconds)) << line;
    if (fields.size() > 5) one.networks = absl::StrSplit(fields[5], ',');
    cases.push_back(one);
  }
  return cases;
}

// awk's answer; count -1 where there is no awk.
Totals AskAwk(const std::string& path) {
  Totals totals{-1, 0};
  const std::string command =
      absl::StrCat("command -v awk >/dev/null && LC_ALL=C awk -f '", ReportPath("totals.awk"), "' '", path, "'");
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return totals;
  std::array<char, 256> line{};
  if (std::fgets(line.data(), line.size(), pipe) != nullptr) {
    const std::vector<std::string> fields = absl::StrSplit(absl::StripAsciiWhitespace(line.data()), '\t');
    EXPECT_TRUE(absl::SimpleAtoi(fields.at(0), &totals.count) && absl::SimpleAtod(fields.at(1), &totals.seconds));
  }
  pclose(pipe);
  return totals;
}

absl::StatusOr<Network> LoadNetwork(const std::string& file) {
  if (absl::EndsWith(file, ".onnx")) {
    return ImportOnnx(ReadFileIfThere(ReportPath("networks/" + file)).value_or(""), {});
  }
  return ImportAnnetteJson(
      ReadFileIfThere(absl::StrCat(LATIMER_SOURCE_DIR, "/tests/data/annette/", file)).value_or(""));
}

// How much of the time of a case's report is matched with layers of its network, at least over its networks.
double MatchedShare(const Case& one, const std::string& text) {
  double least = 1;
  const std::string toolchain = one.format.substr(0, one.format.find('-'));
  for (const std::string& known : one.networks) {
    const std::vector<std::string> parts = absl::StrSplit(known, '@');
    absl::StatusOr<Network> network = LoadNetwork(parts[0]);
    const absl::StatusOr<std::vector<ReportedRun>> runs =
        ReadReportFiles(toolchain, {{one.file, text}}, parts.size() > 1 ? parts[1] : "");
    EXPECT_TRUE(network.ok() && runs.ok()) << network.status() << runs.status();
    if (!network.ok() || !runs.ok()) return 0;
    const Network simple = Simplify(*std::move(network));
    for (const ReportedRun& run : *runs) least = std::min(least, MatchReport(simple, run.report.rows).MatchedShare());
  }
  return least;
}

// A line of the table in docs/results.md.
std::string Line(const Case& one, const std::array<Totals, 2>& totals, double share) {
  std::string line = absl::StrCat("| ", one.file, " |");
  for (const Totals& each : totals) absl::StrAppend(&line, " ", each.count, " |");
  for (const Totals& each : totals) {
    absl::StrAppend(&line, " ", each.seconds > 0 ? absl::StrFormat("%.6g", 1e3 * each.seconds) : "", " |");
  }
  if (one.networks.empty()) return line + " | |";
  std::vector<std::string> names;
  for (const std::string& known : one.networks) names.push_back(known.substr(0, known.find('.')));
  return absl::StrCat(line, " ", absl::StrJoin(names, ", "), " | ", absl::StrFormat("%.1f %%", 100 * share), " |");
}

// Prints the table, too: reports_test --gtest_filter='Totals.*'
TEST(Totals, EqualThoseOfAwk) {
  const std::string results = ReadFileIfThere(absl::StrCat(LATIMER_SOURCE_DIR, "/docs/results.md")).value_or("");
  std::string table =
      "| report | layers or runs | by awk | ms | by awk | network | time matched |\n"
      "| --- | ---: | ---: | ---: | ---: | --- | ---: |\n";
  int checked = 0;
  for (const Case& one : ReadCases()) {
    SCOPED_TRACE(one.file);
    const std::string path = one.in_tree ? ReportPath(one.file) : ReferencePath(one.file);
    const std::optional<std::string> text = ReadFileIfThere(path);
    if (!text.has_value()) {
      EXPECT_FALSE(one.in_tree) << path << " is missing";
      continue;
    }
    const auto format = Formats().find(one.format);
    ASSERT_NE(format, Formats().end()) << one.format;
    const TotalsOrError totals = format->second(*text);
    ASSERT_TRUE(totals.ok()) << totals.status();
    EXPECT_EQ(totals->count, one.totals.count);
    EXPECT_NEAR(totals->seconds, one.totals.seconds, 1e-8 * one.totals.seconds);
    const Totals awk = AskAwk(path);
    if (awk.count >= 0) {
      EXPECT_EQ(awk.count, one.totals.count);
      EXPECT_NEAR(awk.seconds, one.totals.seconds, 1e-8 * one.totals.seconds);
    }
    const double share = MatchedShare(one, *text);
    EXPECT_GE(share, 0.98);
    const std::string line = Line(one, {*totals, awk.count >= 0 ? awk : one.totals}, share);
    EXPECT_TRUE(absl::StrContains(results, line)) << "docs/results.md lacks this line: " << line;
    table += line + "\n";
    ++checked;
  }
  EXPECT_GE(checked, 22);
  std::printf("%s", table.c_str());
}

}  // namespace
}  // namespace latimer
