#include "backends/reports/tflite.h"

#include "tests/unit/reports/report_files.h"
#include "tests/unit/reports/report_matchers.h"

namespace latimer {
namespace {

using testing::ElementsAre;

constexpr char kHeader[] =
    "\t [node type]\t [start]\t [first]\t [avg ms]\t [%]\t [cdf%]\t [mem KB]\t[times called]\t[Name]\n";

// An operator profile of these rows, without the run around it.
std::string Profile(const std::string& rows, const std::string& after = "") {
  return absl::StrCat("Operator-wise Profiling Info for Regular Benchmark Runs:\n====== Run Order ======\n", kHeader,
                      rows, "\n====== Top by Computation Time ======\n", kHeader, rows,
                      "\nTimings (microseconds): count=2 first=11 curr=9 min=9 max=11 avg=10 std=1\n", after);
}

TEST(BenchmarkModelLog, ManyRealRunsOneAfterAnother) {
  const auto reports = ParseBenchmarkModelLog(ReadReport("tflite/raspi5_efficientdet_v2.18.0.benchmark_model.log"));
  ASSERT_TRUE(reports.ok()) << reports.status();
  ASSERT_EQ(reports->size(), 50u);
  const Report& first = reports->at(0);
  EXPECT_EQ(first.latency.count, 50);
  EXPECT_DOUBLE_EQ(first.latency.mean.value(), 0.104012);
  EXPECT_DOUBLE_EQ(first.latency.min.value(), 0.103266);
  EXPECT_DOUBLE_EQ(first.latency.max.value(), 0.105607);
  EXPECT_DOUBLE_EQ(first.latency.standard_deviation.value(), 490e-6);
  EXPECT_DOUBLE_EQ(first.latency.first.value(), 0.151333);
  EXPECT_DOUBLE_EQ(first.latency.initialising.value(), 0.224228);
  EXPECT_EQ(first.facts.at("threads"), "1");
  EXPECT_EQ(first.facts.at("delegate"), "XNNPACK");
  EXPECT_EQ(first.facts.at("delegate_kernels"), "13");
  EXPECT_EQ(first.facts.at("placement"), "partially");
  EXPECT_THAT(first.subject, testing::EndsWith("efficientdet-lite0_fp32.tflite"));
  EXPECT_EQ(reports->at(2).facts.at("threads"), "2");
}

TEST(BenchmarkModelLog, RowsOfTheRegularRunsOnly) {
  const auto reports = ParseBenchmarkModelLog(ReadReport("made-up/operators.op_profile.log"));
  ASSERT_TRUE(reports.ok()) << reports.status();
  ASSERT_EQ(reports->size(), 1u);
  const Report& report = reports->at(0);
  ASSERT_EQ(report.rows.size(), 3u);
  EXPECT_EQ(report.profiled_inferences, 50);
  EXPECT_DOUBLE_EQ(report.stated.value(), 2375e-6);
  EXPECT_DOUBLE_EQ(report.latency.mean.value(), 2301.5e-6);
  const ReportRow& row = report.rows[0];
  EXPECT_EQ(row.kind, "TfLiteXNNPackDelegate");
  EXPECT_EQ(row.meaning, NameMeaning::kOutputs);
  EXPECT_THAT(row.original_names, ElementsAre("conv1/Relu6", "conv1/Conv2D", "pool1/MaxPool"));
  EXPECT_DOUBLE_EQ(row.seconds, 1905e-6);
  EXPECT_THAT(row.facts, ElementsAre(testing::Pair("node_index", 12)));
}

TEST(BenchmarkModelLog, AProfileAloneIsAReport) {
  const auto reports = ParseBenchmarkModelLog(
      Profile("\tCONV_2D\t0.021\t2.167\t2.000\t1%\t1%\t0.0\t3\t[a]:0\n\tDELEGATE\t6.5\t1\t1\t1%\t1%\t0.0\t1\t[]:64\n"));
  ASSERT_TRUE(reports.ok()) << reports.status();
  ASSERT_EQ(reports->at(0).rows.size(), 2u);
  EXPECT_DOUBLE_EQ(reports->at(0).rows[0].seconds, 6e-3) << "time per call times calls";
  EXPECT_DOUBLE_EQ(reports->at(0).rows[0].start_seconds.value(), 21e-6);
  EXPECT_THAT(reports->at(0).rows[1].original_names, testing::IsEmpty());
}

TEST(BenchmarkModelLog, InnerRowsStandForTheOnlyDelegate) {
  const std::string inner = absl::StrCat("Delegate internal:\n====== Run Order ======\n", kHeader,
                                         "\tDelegate/Convolution (NHWC, QC8) GEMM:0\t0\t1\t0.5\t1%\t1%\t0\t2\t"
                                         "Delegate/Convolution (NHWC, QC8) GEMM:0\n\n");
  const std::string row = "\tTfLiteXNNPackDelegate\t0\t1\t1\t1%\t1%\t0\t1\t[a]:1\n";
  const std::string last = "\tSOFTMAX\t1\t1\t0.1\t1%\t1%\t0\t1\t[s]:2\n";
  const auto one = ParseBenchmarkModelLog(Profile(row + last, inner));
  ASSERT_TRUE(one.ok()) << one.status();
  ASSERT_EQ(one->at(0).rows.size(), 2u);
  EXPECT_EQ(one->at(0).rows[0].kind, "Delegate/Convolution (NHWC, QC8) GEMM:0");
  EXPECT_DOUBLE_EQ(one->at(0).rows[0].seconds, 1e-3);
  EXPECT_EQ(one->at(0).rows[1].kind, "SOFTMAX");
  const auto two = ParseBenchmarkModelLog(Profile(row + last + row, inner));
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_EQ(two->at(0).rows.size(), 3u);
}

TEST(BenchmarkModelLog, OneSampleHasNoSpread) {
  const auto reports = ParseBenchmarkModelLog(
      "STARTING!\ncount=1 curr=100\nInference timings in us: Init: 1, First inference: 100, Warmup (avg): 100, "
      "Inference (avg): 1.5e+02\n");
  ASSERT_TRUE(reports.ok()) << reports.status();
  EXPECT_DOUBLE_EQ(reports->at(0).latency.mean.value(), 150e-6);
  EXPECT_EQ(reports->at(0).latency.count, 1);
  EXPECT_FALSE(reports->at(0).latency.standard_deviation.has_value());
}

TEST(BenchmarkModelLog, Errors) {
  EXPECT_EQ(Refusal(ParseBenchmarkModelLog("")), "BAD_REPORT");
  EXPECT_EQ(Refusal(ParseBenchmarkModelLog("STARTING!\ncount=5 curr=2\n")),
            "BAD_REPORT line 2 field 'Inference timings in us'");
  EXPECT_EQ(Refusal(ParseBenchmarkModelLog("STARTING!\nFailed to apply NNAPI delegate.\nBenchmarking failed.\n")),
            "BAD_REPORT line 2");
  EXPECT_EQ(Refusal(ParseBenchmarkModelLog("count=x\n")), "BAD_REPORT line 1 field 'count'");
  EXPECT_EQ(Refusal(ParseBenchmarkModelLog("Inference timings in us: Init: 1, Inference (avg): 2\n")),
            "BAD_REPORT line 1 field 'First inference: '");
  EXPECT_EQ(Refusal(ParseBenchmarkModelLog(Profile("\tADD\t0\t1\tnan\t1%\t1%\t0\t1\t[a]:1\n"))),
            "BAD_REPORT line 4 field 'avg ms'");
  EXPECT_EQ(Refusal(ParseBenchmarkModelLog(Profile("\tADD\t0\t1\n"))), "BAD_REPORT line 4");
  const std::string whole = Profile("\tADD\t0\t1\t1\t1%\t1%\t0\t1\t[a]:1\n");
  EXPECT_EQ(Refusal(ParseBenchmarkModelLog(whole.substr(0, whole.find("Timings")))),
            "BAD_REPORT line 9 field 'Timings (microseconds)'");
}

TEST(BenchmarkModelCsv, CommasInNamesAreTabs) {
  const auto report = ParseBenchmarkModelCsv(
      "node type, first, avg_ms, %, cdf%, mem KB, times called, name\n"
      "ModifyGraphWithDelegate, 1, 1, 1%, 1%, 0, 1, ModifyGraphWithDelegate/0\n\n"
      "node type, first, avg_ms, %, cdf%, mem KB, times called, name\n"
      "CONV_2D, 1, 2, 50%, 50%, 0, 1, [a;b\t c]:3\nSOFTMAX, 1, 1, 50%, 50%, 0, 1, [d]:4\n\n"
      "node type, first, avg_ms, %, cdf%, mem KB, times called, name\nCONV_2D, 1, 2, 50%, 50%, 0, 1, [a]:3\n");
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->rows.size(), 2u);
  EXPECT_THAT(report->rows[0].original_names, ElementsAre("a", "b", "c"));
  EXPECT_DOUBLE_EQ(report->rows[0].seconds, 2e-3);
  EXPECT_EQ(Refusal(ParseBenchmarkModelCsv("a,b\n")), "BAD_REPORT field 'node type'");
  EXPECT_EQ(Refusal(ParseBenchmarkModelCsv("node type, first, %, name\n")), "BAD_REPORT line 1 field 'avg ms'");
}

}  // namespace
}  // namespace latimer
