#include "backends/reports/vitis_ai.h"

#include "tests/unit/reports/report_files.h"
#include "tests/unit/reports/report_matchers.h"

namespace latimer {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(DnndkProfile, ARealTable) {
  const auto reports = ParseDnndkProfile(ReadReport("dnndk/alexnet_zcu102_dnndk_profile.log"));
  ASSERT_TRUE(reports.ok()) << reports.status();
  ASSERT_EQ(reports->size(), 1u);
  const Report& report = reports->at(0);
  EXPECT_EQ(report.subject, "alexnetBNnoLRN_0");
  ASSERT_EQ(report.rows.size(), 8u);
  EXPECT_EQ(report.rows[0].name, "conv1");
  EXPECT_DOUBLE_EQ(report.rows[0].seconds, 1.059e-3);
  EXPECT_THAT(report.rows[0].facts,
              ElementsAre(Pair("mop", 210.83), Pair("memory_mb", 0.26), Pair("utilization_percent", 16.2)));
  EXPECT_DOUBLE_EQ(report.stated.value(), 13.937e-3);
}

TEST(DnndkProfile, TwoTablesAndLongNames) {
  const auto reports = ParseDnndkProfile(ReadReport("dnndk/fcn8_zcu102_dnndk_profile.log"));
  ASSERT_TRUE(reports.ok()) << reports.status();
  EXPECT_EQ(reports->size(), 2u);
  for (const Report& report : *reports) {
    for (const ReportRow& row : report.rows) EXPECT_THAT(row.name, testing::Not(testing::HasSubstr(" ")));
  }
}

TEST(DnndkProfile, Errors) {
  const std::string whole = ReadReport("dnndk/alexnet_zcu102_dnndk_profile.log");
  const size_t totals = whole.find("Total Nodes");
  EXPECT_EQ(Refusal(ParseDnndkProfile(whole.substr(0, totals))), "BAD_REPORT line 73 field 'All'");
  EXPECT_EQ(Refusal(ParseDnndkProfile("no table\n")), "BAD_REPORT");
  std::string changed = whole;
  changed.replace(whole.find("1.059"), 5, "x.059");
  EXPECT_EQ(Refusal(ParseDnndkProfile(changed)), "BAD_REPORT line 64 field 'RunTime(ms)'");
  changed = whole;
  changed.replace(whole.find("Mem(MB)"), 7, "       ");
  EXPECT_EQ(Refusal(ParseDnndkProfile(changed)), "BAD_REPORT line 63 field 'Mem(MB)'");
}

TEST(DeephiProfiling, RunsInOrderWithTheirStarts) {
  const auto report = ParseDeephiProfiling(ReadReport("vitis-ai/vck190_deephi_profiling.log"));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->rows[0].kind, "DPU");
  EXPECT_DOUBLE_EQ(report->rows[0].seconds, 13885e-6);
  EXPECT_DOUBLE_EQ(report->rows[0].start_seconds.value(), 0);
  EXPECT_EQ(report->rows[1].kind, "CPU");
  EXPECT_NEAR(report->rows[1].start_seconds.value(), 51.276866 - 1176e-6 - (51.269989 - 13885e-6), 1e-9);
  EXPECT_EQ(Refusal(ParseDeephiProfiling("I0224 x\n")), "BAD_REPORT field 'XRT_RUN'");
  EXPECT_EQ(Refusal(ParseDeephiProfiling("I0224 13:39:51.269989  1080 xrt_cu.cpp:222] XRT_RUN : manyus\n")),
            "BAD_REPORT line 1 field 'XRT_RUN'");
}

TEST(VaitraceSummary, SubgraphsOfBothProcessors) {
  const auto report = ParseVaitraceSummary(
      "DPU Summary:\nDPU Id | Bat | DPU SubGraph | WL | SW_RT | HW_RT | Effic | LdWB | LdFM | StFM | AvgBw\n"
      "---+---+---+---\nDPUCZDX8G_1 | 1 | net__conv1 | 0.012 | 0.106 | 0.048 | 2.6 | 0.511 | ~0 | 0.022 | 11568.4\n\n"
      "CPU Functions:\nCPU SubGraph | OPs | Device | Runs | AverageRunTime(ms)\nsub_2 | softmax | CPU | 10 | 0.25\n");
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->rows.size(), 2u);
  EXPECT_EQ(report->rows[0].name, "net__conv1");
  EXPECT_DOUBLE_EQ(report->rows[0].seconds, 0.048e-3);
  EXPECT_THAT(report->rows[0].facts, ElementsAre(Pair("runtime_seconds", testing::DoubleEq(0.106e-3)),
                                                 Pair("mop", testing::DoubleEq(12)), Pair("utilization_percent", 2.6)));
  EXPECT_EQ(report->rows[1].kind, "CPU");
  EXPECT_DOUBLE_EQ(report->rows[1].seconds, 0.25e-3);
  EXPECT_EQ(Refusal(ParseVaitraceSummary("")), "BAD_REPORT field 'DPU SubGraph'");
  EXPECT_EQ(Refusal(ParseVaitraceSummary("DPU Id | Bat | DPU SubGraph | HW_RT\n1 | 1 | a | b\n")),
            "BAD_REPORT line 2 field 'HW_RT'");
  EXPECT_EQ(Refusal(ParseVaitraceSummary("DPU Id | Bat | DPU SubGraph | HW_RT\n1 | 1 | a | b | c\n")),
            "BAD_REPORT line 2");
}

TEST(VitisThroughput, TimePerFrameOnlyOfOneThread) {
  const auto reports = ParseVitisThroughput(ReadReport("vitis-ai/zcu102_vart_fps_cifar10.log"));
  ASSERT_TRUE(reports.ok()) << reports.status();
  EXPECT_EQ(reports->at(0).facts.at("fps"), "773.87");
  EXPECT_EQ(reports->at(0).latency.count, 5000);
  EXPECT_DOUBLE_EQ(reports->at(0).latency.mean.value(), 6.4610 / 5000);
  EXPECT_THAT(reports->at(0).subject, testing::EndsWith("LeNet.xmodel"));
  EXPECT_EQ(reports->at(1).facts.at("threads"), "5");
  EXPECT_FALSE(reports->at(1).latency.mean.has_value());
  const auto xdputil = ParseVitisThroughput("FPS= 77.1 number_of_frames= 771 time= 10.0 seconds.\n");
  ASSERT_TRUE(xdputil.ok()) << xdputil.status();
  EXPECT_EQ(xdputil->at(0).latency.count, 771);
  EXPECT_EQ(Refusal(ParseVitisThroughput("FPS=high\n")), "BAD_REPORT line 1 field 'FPS'");
  EXPECT_EQ(Refusal(ParseVitisThroughput("")), "BAD_REPORT field 'FPS'");
}

}  // namespace
}  // namespace latimer
