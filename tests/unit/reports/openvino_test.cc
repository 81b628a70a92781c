#include "backends/reports/openvino.h"

#include "tests/unit/reports/report_files.h"
#include "tests/unit/reports/report_matchers.h"

namespace latimer {
namespace {

constexpr char kHeader[] = "layerName;execStatus;layerType;execType;realTime (ms);cpuTime (ms)\n";
constexpr char kTotal[] = "Total;;;;0.5;0.0\n\n";

absl::StatusOr<std::vector<Report>> Parse(const std::string& rows) {
  return ParseOpenVinoCounters(absl::StrCat(kHeader, rows, kTotal));
}

TEST(OpenVinoCounters, RowsAsTheyStand) {
  const auto reports = Parse(
      "in;NOT_RUN;Input;NONE;0.0;0.0\n"
      "relu;OPTIMIZED_OUT;ReLU;<none>;0.0;0.0\n"
      "net/conv;EXECUTED;Convolution;MyriadXHwOp + injected[Copy];0.5;0.25\n");
  ASSERT_TRUE(reports.ok()) << reports.status();
  ASSERT_EQ(reports->size(), 1u);
  const Report& report = reports->at(0);
  ASSERT_EQ(report.rows.size(), 3u);
  EXPECT_EQ(report.rows[0].status, RowStatus::kNotRun);
  EXPECT_EQ(report.rows[0].kernel, "");
  EXPECT_EQ(report.rows[1].status, RowStatus::kOptimizedOut);
  EXPECT_EQ(report.rows[2].status, RowStatus::kExecuted);
  EXPECT_EQ(report.rows[2].name, "net/conv");
  EXPECT_EQ(report.rows[2].kind, "Convolution");
  EXPECT_EQ(report.rows[2].kernel, "MyriadXHwOp + injected[Copy]");
  EXPECT_DOUBLE_EQ(report.rows[2].seconds, 0.5e-3);
  EXPECT_THAT(report.rows[2].facts, testing::ElementsAre(testing::Pair("cpu_seconds", 0.25e-3)));
  EXPECT_EQ(report.ExecutedRows(), 1);
  EXPECT_DOUBLE_EQ(report.stated.value(), 0.5e-3);
}

TEST(OpenVinoCounters, PythonAndWindowsSpellings) {
  const auto reports = ParseOpenVinoCounters(
      "layerName;execStatus;layerType;execType;realTime (ms);cpuTime (ms)\r\n"
      "conv;Status.EXECUTED;Convolution;gpu;0.500000;0.000000\r\nTotal;;;;0.500000;0.000000\r\n\r\n");
  ASSERT_TRUE(reports.ok()) << reports.status();
  EXPECT_EQ(reports->at(0).rows[0].status, RowStatus::kExecuted);
}

TEST(OpenVinoCounters, DetailedReportsHaveABlockPerRequest) {
  const std::string block = absl::StrCat(kHeader, "a;EXECUTED;Convolution;x;0.5;0\n", kTotal);
  const auto reports = ParseOpenVinoCounters(block + block + block);
  ASSERT_TRUE(reports.ok()) << reports.status();
  EXPECT_EQ(reports->size(), 3u);
}

TEST(OpenVinoCounters, SortedReportsHaveAColumnMore) {
  const auto reports = ParseOpenVinoCounters(
      "layerName;execStatus;layerType;execType;realTime (us);cpuTime (ms); %\n"
      "a;EXECUTED;Convolution;x;500;0.1;100\nTotal;;;;500;0.1;100\n");
  ASSERT_TRUE(reports.ok()) << reports.status();
  EXPECT_DOUBLE_EQ(reports->at(0).rows[0].seconds, 0.5e-3);
}

TEST(OpenVinoCounters, ASeparatorInANameIsPartOfIt) {
  const auto reports = Parse("a;b;c;EXECUTED;Convolution;x;0.5;0\n");
  ASSERT_TRUE(reports.ok()) << reports.status();
  EXPECT_EQ(reports->at(0).rows[0].name, "a;b;c");
}

TEST(OpenVinoCounters, ErrorsNameLineAndField) {
  EXPECT_EQ(Refusal(Parse("a;EXECUTED;Convolution;x;0.5;0\nb;EXECUTED;Convolution;x;fast;0\n")),
            "BAD_REPORT line 3 field 'realTime (ms)'");
  EXPECT_EQ(Refusal(Parse("a;EXECUTED;Convolution;x;nan;0\n")), "BAD_REPORT line 2 field 'realTime (ms)'");
  EXPECT_EQ(Refusal(Parse("a;EXECUTED;Convolution;x;-1;0\n")), "BAD_REPORT line 2 field 'realTime (ms)'");
  EXPECT_EQ(Refusal(Parse("a;EXECUTED;Convolution;x;1;1e99\n")), "BAD_REPORT line 2 field 'cpuTime'");
  EXPECT_EQ(Refusal(Parse("a;RAN;Convolution;x;1;0\n")), "BAD_REPORT line 2 field 'execStatus'");
  EXPECT_EQ(Refusal(Parse("a;EXECUTED;1;0\n")), "BAD_REPORT line 2");
  EXPECT_EQ(Refusal(ParseOpenVinoCounters("")), "BAD_REPORT");
  EXPECT_EQ(Refusal(ParseOpenVinoCounters("layerName;execStatus;layerType\n")), "BAD_REPORT line 1 field 'execType'");
  EXPECT_EQ(Refusal(ParseOpenVinoCounters("hello\n")), "BAD_REPORT line 1 field 'layerName'");
}

TEST(OpenVinoCounters, CutOffIsNoticedWhereverTheCutIs) {
  const std::string whole = ReadReport("made-up/tf_resnet50_cnt_rep.csv");
  ASSERT_TRUE(ParseOpenVinoCounters(whole).ok());
  const size_t total = whole.find("Total;");
  for (size_t size = 0; size < total; size += 7) {
    EXPECT_FALSE(ParseOpenVinoCounters(whole.substr(0, size)).ok()) << size;
  }
  EXPECT_EQ(Refusal(ParseOpenVinoCounters(whole.substr(0, total))), "BAD_REPORT line 132 field 'Total'");
}

TEST(OpenVinoSummary, LatenciesAndSettings) {
  const auto report = ParseOpenVinoSummary(
      "Command line parameters\nmodel;net.xml;\ndevice;MYRIAD;\n\nConfiguration setup\ntopology;net;\n"
      "load network time (ms);1500.5;\n\nExecution results\nnumber of iterations;200;\n"
      "first inference time (ms);40.5;\nMedian latency (ms);35.36;\nAverage latency (ms);35.5;\n"
      "Min latency (ms);35.1;\nMax latency (ms);38;\nthroughput;28.2;\n");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->latency.count, 200);
  EXPECT_DOUBLE_EQ(report->latency.median.value(), 0.03536);
  EXPECT_DOUBLE_EQ(report->latency.mean.value(), 0.0355);
  EXPECT_DOUBLE_EQ(report->latency.min.value(), 0.0351);
  EXPECT_DOUBLE_EQ(report->latency.max.value(), 0.038);
  EXPECT_DOUBLE_EQ(report->latency.first.value(), 0.0405);
  EXPECT_DOUBLE_EQ(report->latency.initialising.value(), 1.5005);
  EXPECT_EQ(report->facts.at("device"), "MYRIAD");
}

TEST(OpenVinoSummary, Errors) {
  EXPECT_EQ(Refusal(ParseOpenVinoSummary("model;net.xml\n")), "BAD_REPORT field 'Execution results'");
  EXPECT_EQ(Refusal(ParseOpenVinoSummary("Execution results\nthroughput;1\n")),
            "BAD_REPORT field 'Median latency (ms)'");
  EXPECT_EQ(Refusal(ParseOpenVinoSummary("Execution results\nMedian latency (ms);-\n")),
            "BAD_REPORT line 2 field 'Median latency (ms)'");
}

TEST(OpenVinoConsole, LatencyAndCounters) {
  const auto report = ParseOpenVinoConsole(
      "[ INFO ] First inference took 40.50 ms\n"
      "conv1                         EXECUTED       layerType: Convolution        realTime: 462        cpu: 86"
      "             execType: jit_avx2\n"
      "resnet_v1_50/block1/unit_... EXECUTED       layerType: Reorder            realTime: 38         cpu: 1"
      "             execType: undef\n"
      "relu                          OPTIMIZED_OUT  layerType: ReLU               realTime: 0          cpu: 0"
      "             execType: undef\n"
      "Total time: 500      microseconds\n"
      "[ INFO ] Count:        6640 iterations\n[ INFO ] Duration:     60031.21 ms\n[ INFO ] Latency:\n"
      "[ INFO ]    Median:     35.36 ms\n[ INFO ]    Average:    35.50 ms\n[ INFO ]    Min:        35.10 ms\n"
      "[ INFO ]    Max:        38.00 ms\n[ INFO ] Throughput:   110.59 FPS\n");
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->rows.size(), 3u);
  EXPECT_EQ(report->rows[0].name, "conv1");
  EXPECT_EQ(report->rows[0].kernel, "jit_avx2");
  EXPECT_DOUBLE_EQ(report->rows[0].seconds, 462e-6);
  EXPECT_THAT(report->rows[1].original_names, testing::ElementsAre("resnet_v1_50/block1/unit_*"));
  EXPECT_EQ(report->rows[2].status, RowStatus::kOptimizedOut);
  EXPECT_DOUBLE_EQ(report->ExecutedSeconds(), report->stated.value());
  EXPECT_EQ(report->latency.count, 6640);
  EXPECT_DOUBLE_EQ(report->latency.median.value(), 0.03536);
  EXPECT_DOUBLE_EQ(report->latency.first.value(), 0.0405);
  EXPECT_EQ(report->facts.at("throughput"), "110.59 FPS");
}

TEST(OpenVinoConsole, Errors) {
  EXPECT_EQ(Refusal(ParseOpenVinoConsole("[ ERROR ] Can not init Myriad device: NC_ERROR\n")),
            "BAD_REPORT field 'Latency'");
  EXPECT_EQ(Refusal(ParseOpenVinoConsole("a EXECUTED layerType: X realTime: 1 cpu: 1 execType: y\n")),
            "BAD_REPORT line 1 field 'Total time'");
  EXPECT_EQ(Refusal(ParseOpenVinoConsole("a EXECUTED layerType: X realTime: 1 cpu: 1 execType: y\nTotal time: 1\n")),
            "BAD_REPORT line 2 field 'Total time'");
}

}  // namespace
}  // namespace latimer
