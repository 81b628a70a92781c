#include "backends/reports/vela.h"

#include "tests/unit/reports/report_matchers.h"

namespace latimer {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr char kPerLayer[] =
    "TFLite_operator,NNG Operator,SRAM Usage,Peak%,Op Cycles,Network%,NPU,SRAM AC,DRAM AC,OnFlash AC,OffFlash AC,"
    "MAC Count,Network%,Util%,Name\n";
constexpr char kRow[] =
    "CONV_2D,Conv2DBias,11936,54.65,7312.0,17.6,7312.0,2000.0,0.0,0.0,0.0,73008,8.6,3.9,\"c/Relu;c/Conv\"\n";

TEST(VelaSummary, TheEstimateOfTheWholeNetwork) {
  const auto reports = ParseVelaSummary(
      "experiment,network,accelerator_configuration,core_clock,inference_time,cycles_total\n"
      "default,person_detect,Ethos_U65_256,1000000000.0,0.000181758,181758\n");
  ASSERT_TRUE(reports.ok()) << reports.status();
  ASSERT_EQ(reports->size(), 1u);
  const Report& report = reports->at(0);
  EXPECT_TRUE(report.estimated);
  EXPECT_EQ(report.subject, "person_detect");
  EXPECT_DOUBLE_EQ(report.stated.value(), 0.000181758);
  EXPECT_EQ(report.facts.at("core_clock"), "1000000000.0");
}

TEST(VelaPerLayer, CyclesByTheClock) {
  const auto report = ParseVelaPerLayer(absl::StrCat(kPerLayer, kRow, kPerLayer, kRow), 1e9);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->estimated);
  ASSERT_EQ(report->rows.size(), 2u);
  const ReportRow& row = report->rows[0];
  EXPECT_DOUBLE_EQ(row.seconds, 7312e-9);
  EXPECT_EQ(row.kind, "CONV_2D");
  EXPECT_EQ(row.meaning, NameMeaning::kOutputs);
  EXPECT_THAT(row.original_names, ElementsAre("c/Relu", "c/Conv"));
  EXPECT_THAT(row.facts, ElementsAre(Pair("npu_cycles", 7312), Pair("sram_cycles", 2000), Pair("dram_cycles", 0),
                                     Pair("macs", 73008)));
}

TEST(Vela, Errors) {
  EXPECT_EQ(Refusal(ParseVelaSummary("a,b\n")), "BAD_REPORT line 1 field 'inference_time'");
  EXPECT_EQ(Refusal(ParseVelaSummary("inference_time,core_clock\n")), "BAD_REPORT field 'inference_time'");
  EXPECT_EQ(Refusal(ParseVelaSummary("inference_time,core_clock\n1\n")), "BAD_REPORT line 2");
  EXPECT_EQ(Refusal(ParseVelaSummary("inference_time,core_clock\ninf,1\n")),
            "BAD_REPORT line 2 field 'inference_time'");
  EXPECT_EQ(Refusal(ParseVelaPerLayer(kRow, 1e9)), "BAD_REPORT line 1 field 'TFLite_operator'");
  EXPECT_EQ(Refusal(ParseVelaPerLayer(kPerLayer, 1e9)), "BAD_REPORT field 'Name'");
  EXPECT_EQ(Refusal(ParseVelaPerLayer(kPerLayer, 0)), "BAD_REPORT field 'core_clock'");
  EXPECT_EQ(Refusal(ParseVelaPerLayer(absl::StrCat(kPerLayer, "CONV_2D,\"open\n"), 1e9)), "BAD_REPORT line 2");
}

}  // namespace
}  // namespace latimer
