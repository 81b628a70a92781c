// What models learnt, as people read it in a terminal.
#include "cli/report/fit_report.h"

#include <algorithm>

#include "absl/strings/str_split.h"
#include "cli/format/ticks.h"
#include "cli/terminal/plot.h"
#include "cli/terminal/text_width.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/cli/fit_fixture.h"

namespace latimer::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(TicksTest, AreRoundNumbersWithinTheAxis) {
  EXPECT_THAT(LinearTicks(0, 10, 6), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(LinearTicks(4, 129, 9), ElementsAre(20, 40, 60, 80, 100, 120));
  EXPECT_EQ(LinearTicks(0, 0.037, 5).size(), 4u);
  EXPECT_THAT(LinearTicks(1, 1, 5), IsEmpty());
  EXPECT_THAT(LinearTicks(0, std::numeric_limits<double>::infinity(), 5), IsEmpty());
  EXPECT_EQ(LogTicks(1, 100), (std::vector<double>{1, 2, 5, 10, 20, 50, 100}));
  EXPECT_EQ(LogTicks(0.01, 1000).size(), 6u);
  EXPECT_THAT(LogTicks(0, 10), IsEmpty());
  EXPECT_EQ(TickText(0.1 + 0.2), "0.3");
}

TEST(PlotTest, DrawsTheLineAsAStaircaseUnderTheMarks) {
  const Plot plot{"size", "ms", {{0, 2}, {5, 2}, {10, 8}}, {{0, 2, 2}, {10, 4, 8}}, {}};
  const std::string text = DrawPlot(plot, {.width = 28, .ascii = true}, 5);
  EXPECT_EQ(text,
            "ms\n"
            "   |                      -\n"
            "   |                      o\n"
            " 5 +                      -\n"
            "   |o----------------------\n"
            " 0 +\n"
            "   ++---------------------+\n"
            "    0                  size\n");
}

TEST(PlotTest, FitsItsWidthAndIsEmptyWithoutPoints) {
  for (const int width : {40, 80, 100, 200}) {
    const Plot plot{"c_out", "ms", {{4, 0.01}, {128, 0.08}}, {{64, 0.04, 0.06}}, {{4, 0.02}, {128, 0.1}}};
    for (const bool ascii : {false, true}) {
      for (const absl::string_view line : absl::StrSplit(DrawPlot(plot, {.width = width, .ascii = ascii}), '\n')) {
        EXPECT_LE(DisplayWidth(line), std::min(width, 100));
      }
    }
  }
  EXPECT_EQ(DrawPlot({}, {}), "");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(DrawPlot({"x", "y", {{nan, 1}}, {{1, nan, nan}}, {{nan, nan}}}, {}), "");
  EXPECT_NE(DrawPlot({"x", "y", {{1, 0}}, {}, {}}, {}), "");
}

TEST(SweepTest, ErrorsAreToTheMiddleOfWhatWasMeasured) {
  const v1::Sweep sweep = StairSweep("c_out", true);
  EXPECT_NEAR(SweepError(sweep, v1::MODEL_KIND_REFINED_ROOFLINE), 1 - 1 / 1.1, 1e-9);
  EXPECT_NEAR(SweepError(sweep, v1::MODEL_KIND_MIXED), 0, 1e-9);
  EXPECT_LT(SweepError(sweep, v1::MODEL_KIND_STATISTICAL), 0);
  EXPECT_LT(SweepError(StairSweep("c_out", false), v1::MODEL_KIND_MIXED), 0);
  EXPECT_EQ(StaircaseKind(sweep), v1::MODEL_KIND_REFINED_ROOFLINE);
  EXPECT_EQ(StaircaseKind({}), v1::MODEL_KIND_UNSPECIFIED);
}

TEST(SweepTest, TheChosenKindIsShownWhereItDiffers) {
  EXPECT_TRUE(ShowsChosenKind(StairSweep("c_out", true)));
  EXPECT_FALSE(ShowsChosenKind(StairSweep("c_out", false)));  // nothing to compare it with
  v1::Sweep same = StairSweep("c_out", true);
  same.set_auto_kind(v1::MODEL_KIND_REFINED_ROOFLINE);
  EXPECT_FALSE(ShowsChosenKind(same));
  same.set_auto_kind(v1::MODEL_KIND_ROOFLINE);
  EXPECT_TRUE(ShowsChosenKind(same));
  for (v1::SweepPoint& point : *same.mutable_points()) point.mutable_models(0)->set_ms(point.models(1).ms());
  EXPECT_FALSE(ShowsChosenKind(same));
}

TEST(SweepTest, StepsAreTellingAndSlopesAreNot) {
  v1::Sweep slope = StairSweep("h", true);
  for (v1::SweepPoint& point : *slope.mutable_points()) {
    for (v1::ModelTime& time : *point.mutable_models()) time.set_ms(static_cast<double>(point.size()));
  }
  EXPECT_NEAR(Stepness(slope), 0.125, 0.01);
  EXPECT_NEAR(Stepness(StairSweep("c_out", true)), 1, 1e-9);
  EXPECT_EQ(Stepness({}), 0);
  EXPECT_EQ(MostTellingSweep({slope, StairSweep("c_out", true), slope}), 1);
  EXPECT_EQ(MostTellingSweep({slope, StairSweep("c_out", false)}), 1);
  EXPECT_EQ(MostTellingSweep({}), -1);
}

TEST(ChooseSweepsTest, TakesTheOneThatShowsStepsOrWhatIsNamed) {
  ReportData data = FittedReport();
  for (v1::SweepPoint& point : *data.sweeps[0].mutable_points()) {
    for (v1::ModelTime& time : *point.mutable_models()) time.set_ms(static_cast<double>(point.size()));
  }
  const auto choose = [&](const std::string& wanted) { return ChooseSweeps(data.sweeps, wanted); };
  EXPECT_THAT(*choose(""), ElementsAre(1));  // c_out steps most
  EXPECT_THAT(*choose("3"), ElementsAre(2));
  EXPECT_THAT(*choose("C_IN"), ElementsAre(2));
  EXPECT_THAT(*choose("c_"), ElementsAre(1, 2));
  EXPECT_THAT(*choose("ALL"), ElementsAre(0, 1, 2));
  for (const char* wanted : {"0", "4", "-1", "pool"}) {
    const auto chosen = choose(wanted);
    ASSERT_FALSE(chosen.ok()) << wanted;
    EXPECT_THAT(std::string(chosen.status().message()), AllOf(HasSubstr(wanted), HasSubstr("2 (Conv c_out")));
  }
  EXPECT_THAT(*ChooseSweeps({}, ""), IsEmpty());
}

TEST(FitReportTest, SaysWhatWasFittedWithinTheWidth) {
  ReportData data = FittedReport();
  data.platform.set_hardware("\x1b[2J");
  for (const int width : {80, 100, 140}) {
    for (const bool ascii : {false, true}) {
      const std::string text = FitReport(data.platform, data.sweeps, {1}, {.width = width, .ascii = ascii});
      for (const absl::string_view line : absl::StrSplit(text, '\n')) EXPECT_LE(DisplayWidth(line), width) << line;
      EXPECT_THAT(text, Not(HasSubstr("\x1b")));
      EXPECT_TRUE(!ascii || std::all_of(text.begin(), text.end(), [](char c) { return c > 0; }));
      for (const char* part : {"31.0%", "12.0%", "4.1%", "500 Gop/s", "8.50 GB/s", "c_out 16 (0.12), h 8 (0.90)",
                               "4 to 512", "Conv, ConvAdd", "32 measured sizes",
                               "refined roofline, mean error here 9.1%", "mixed, mean error here", "Sweep 2"}) {
        EXPECT_THAT(text, HasSubstr(part)) << width;
      }
    }
  }
}

TEST(FitReportTest, APlatformWithoutMeasurementsSaysSo) {
  v1::Platform platform = FittedPlatform();
  for (v1::LayerModelDescription& model : *platform.mutable_layer_models()) {
    model.clear_data_extent();
    for (v1::Accuracy& accuracy : *model.mutable_accuracy()) accuracy.clear_samples();
  }
  const std::string text = FitReport(platform, {StairSweep("c_out", false)}, {0}, {.width = 100});
  EXPECT_THAT(text, HasSubstr("nothing of it was measured on boards enrolled here"));
  EXPECT_THAT(text, HasSubstr("as published"));
  EXPECT_THAT(text, Not(HasSubstr("Measured space")));
}

TEST(FitReportTest, NothingIsReportedWithoutCrashing) { EXPECT_NE(FitReport({}, {}, {}, {.width = 80}), ""); }

}  // namespace
}  // namespace latimer::cli
