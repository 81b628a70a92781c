// The toolchain that docs/toolchains.md adds: what stands there compiles and works.
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "backends/reports/report_text.h"
#include "core/base/status_macros.h"
#include "core/mapping/graph_matcher.h"
#include "tests/unit/reports/report_files.h"
#include "tests/unit/reports/report_matchers.h"

namespace latimer {
namespace {

absl::StatusOr<Report> ParseMyTool(absl::string_view text) {
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
      report.stated = *us * kMicro;
      continue;
    }
    ReportRow row;
    row.name = CleanText(*name);
    row.kind = CleanText(Between(line, "op=", " ").value_or(""));
    row.seconds = *us * kMicro;
    LATIMER_RETURN_IF_ERROR(AppendRow(std::move(row), &report));
  }
  if (!report.stated.has_value()) return BadReport(0, "total", "the report ends without it: it is cut off");
  return report;
}

TEST(Tutorial, ThePageShowsThisCode) {
  const std::string page = ReadFileIfThere(LATIMER_SOURCE_DIR "/docs/toolchains.md").value_or("");
  const std::string code = ReadFileIfThere(LATIMER_SOURCE_DIR "/tests/unit/reports/tutorial_test.cc").value_or("");
  const size_t begin = page.find("```cpp\n");
  ASSERT_NE(begin, std::string::npos);
  const std::string block = page.substr(begin + 7, page.find("   ```\n", begin) - begin - 7);
  // Code blocks of a list are indented by three.
  std::string shown = absl::StrReplaceAll("\n" + block, {{"\n   ", "\n"}});
  ASSERT_GT(shown.size(), 500u);
  EXPECT_NE(code.find(shown), std::string::npos) << shown;
}

TEST(Tutorial, TheParserReadsItsReport) {
  const auto report = ParseMyTool("layer=conv1 op=Conv2D us=120.5\nlayer=pool1 op=MaxPool us=14\ntotal us=134.5\n");
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->rows.size(), 2u);
  EXPECT_EQ(report->rows[0].name, "conv1");
  EXPECT_EQ(report->rows[1].kind, "MaxPool");
  EXPECT_NEAR(report->ExecutedSeconds(), report->stated.value(), 1e-12);
  EXPECT_EQ(Refusal(ParseMyTool("layer=a us=x\n")), "BAD_REPORT line 1 field 'us'");
  EXPECT_EQ(Refusal(ParseMyTool("layer=a us=1\n")), "BAD_REPORT field 'total'");
}

}  // namespace
}  // namespace latimer
