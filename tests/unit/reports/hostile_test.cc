// Reports that mean harm: every parser refuses or reads them in bounded time and memory.
#include <sys/resource.h>

#include <functional>
#include <utility>
#include <vector>

#include "backends/reports/openvino.h"
#include "backends/reports/tensorrt.h"
#include "backends/reports/tflite.h"
#include "backends/reports/vela.h"
#include "backends/reports/vitis_ai.h"
#include "tests/unit/reports/report_files.h"
#include "tests/unit/reports/report_matchers.h"

namespace latimer {
namespace {

using Parser = std::function<absl::Status(absl::string_view)>;

const std::vector<std::pair<std::string, Parser>>& Parsers() {
  static const auto* const kParsers = new std::vector<std::pair<std::string, Parser>>{
      {"openvino counters", [](absl::string_view text) { return ParseOpenVinoCounters(text).status(); }},
      {"openvino summary", [](absl::string_view text) { return ParseOpenVinoSummary(text).status(); }},
      {"openvino console", [](absl::string_view text) { return ParseOpenVinoConsole(text).status(); }},
      {"tensorrt profile", [](absl::string_view text) { return ParseTensorRtProfile(text).status(); }},
      {"tensorrt times", [](absl::string_view text) { return ParseTensorRtTimes(text).status(); }},
      {"tensorrt layers", [](absl::string_view text) { return ParseTensorRtLayers(text).status(); }},
      {"trtexec", [](absl::string_view text) { return ParseTrtexecLog(text).status(); }},
      {"benchmark_model log", [](absl::string_view text) { return ParseBenchmarkModelLog(text).status(); }},
      {"benchmark_model csv", [](absl::string_view text) { return ParseBenchmarkModelCsv(text).status(); }},
      {"vela summary", [](absl::string_view text) { return ParseVelaSummary(text).status(); }},
      {"vela layers", [](absl::string_view text) { return ParseVelaPerLayer(text, 1e9).status(); }},
      {"dnndk", [](absl::string_view text) { return ParseDnndkProfile(text).status(); }},
      {"deephi", [](absl::string_view text) { return ParseDeephiProfiling(text).status(); }},
      {"vaitrace", [](absl::string_view text) { return ParseVaitraceSummary(text).status(); }},
      {"throughput", [](absl::string_view text) { return ParseVitisThroughput(text).status(); }},
  };
  return *kParsers;
}

std::string Repeat(absl::string_view text, size_t bytes) {
  std::string result;
  result.reserve(bytes + text.size());
  while (result.size() < bytes) result.append(text.data(), text.size());
  return result;
}

TEST(HostileReports, AreRefusedByAll) {
  const std::string inputs[] = {
      "",
      "\n",
      std::string(1000, '\0'),
      "\xff\xfe\xfd",
      "\x1b[",
      Repeat("[", 1 << 20),
      Repeat("{\"a\":", 1 << 20),
      Repeat(";", 4 << 20),
      Repeat(",", 4 << 20),
      Repeat("|", 4 << 20),
      Repeat("\t", 4 << 20),
      Repeat("\n", 4 << 20),
      Repeat("\x1b[0;33m", 4 << 20),
      Repeat("[[],", 8 << 20),
      Repeat("a", 16 << 20),
  };
  for (const auto& [name, parser] : Parsers()) {
    for (const std::string& input : inputs) {
      const absl::Status status = parser(input);
      EXPECT_FALSE(status.ok()) << name << " took " << input.substr(0, 8);
      EXPECT_TRUE(GetErrorDetails(status).has_value()) << status;
    }
  }
}

TEST(HostileReports, TooManyBytes) {
  const std::string input(kMaxReportBytes + 1, 'a');
  for (const auto& [name, parser] : Parsers()) EXPECT_EQ(Refusal(parser(input)), "REPORT_TOO_LARGE") << name;
}

// A million rows where 200 000 are allowed.
TEST(HostileReports, TooManyRows) {
  constexpr size_t kRows = 1'000'000;
  auto rows = [](const std::string& head, const std::string& row, const std::string& tail = "") {
    return head + Repeat(row, row.size() * kRows) + tail;
  };
  EXPECT_EQ(Refusal(ParseOpenVinoCounters(
                rows("layerName;execStatus;layerType;execType;realTime (ms);cpuTime (ms)\n", "a;EXECUTED;C;x;1;1\n"))),
            "REPORT_TOO_LARGE");
  EXPECT_EQ(Refusal(ParseOpenVinoConsole(rows("", "a EXECUTED layerType: X realTime: 1 cpu: 1 execType: y\n"))),
            "REPORT_TOO_LARGE");
  EXPECT_EQ(Refusal(ParseTensorRtProfile(rows("[{\"count\":1}", ",{\"name\":\"a\",\"timeMs\":1}", "]"))),
            "REPORT_TOO_LARGE");
  EXPECT_EQ(Refusal(ParseTensorRtLayers(rows("{\"Layers\":[\"b\"", ",\"a\"", "]}"))), "REPORT_TOO_LARGE");
  EXPECT_EQ(Refusal(ParseDeephiProfiling(rows("", "] XRT_RUN : 1us\n"))), "REPORT_TOO_LARGE");
  EXPECT_EQ(Refusal(ParseVitisThroughput(rows("", "FPS=1\n"))), "REPORT_TOO_LARGE");
  EXPECT_EQ(Refusal(ParseVaitraceSummary(rows("a|b|DPU SubGraph|HW_RT\n", "1|1|x|1\n"))), "REPORT_TOO_LARGE");
  EXPECT_EQ(Refusal(ParseVelaPerLayer(rows("TFLite_operator,Op Cycles,Name\n", "A,1,b\n"), 1e9)), "REPORT_TOO_LARGE");
  EXPECT_EQ(Refusal(ParseBenchmarkModelCsv(rows("node type,avg_ms,times called,name\n", "A,1,1,[b]:1\n"))),
            "REPORT_TOO_LARGE");
  EXPECT_EQ(Refusal(ParseBenchmarkModelLog(rows("Profiling Info for Regular\n===== Run Order =====\n"
                                                "\t[node type]\t[avg ms]\t[times called]\t[Name]\n",
                                                "\tA\t1\t1\t[b]:1\n"))),
            "REPORT_TOO_LARGE");
  EXPECT_EQ(Refusal(ParseDnndkProfile(
                rows("[DNNDK] Performance profile\nWorkload(MOP) Mem(MB) RunTime(ms) Perf(GOPS) Utilization MB/S\n",
                     "1 a 1 1 1 1 1% 1\n"))),
            "REPORT_TOO_LARGE");
}

// The largest document of small objects that is parsed at all: 1.7 million of them.
TEST(HostileReports, MemoryIsBounded) {
  EXPECT_FALSE(ParseTensorRtProfile("[{\"count\":1}" + Repeat(",{}", 5 << 20) + "]").ok());
  rusage usage{};
  ASSERT_EQ(getrusage(RUSAGE_SELF, &usage), 0);
  EXPECT_LT(usage.ru_maxrss, 1'500'000) << "KiB";
}

// Every prefix and every byte changed, of one real report per format.
TEST(HostileReports, CutAndChangedRealReports) {
  const std::string files[] = {
      "made-up/tf_resnet50_cnt_rep.csv",      "tensorrt/resnet18-A100-fp32.profile.json",
      "made-up/operators.op_profile.log",     "dnndk/alexnet_zcu102_dnndk_profile.log",
      "vitis-ai/zcu102_vart_fps_cifar10.log", "tensorrt-jetson/jetson-nano_fast_scnn_384x384_fp16.trtexec.log",
  };
  for (const std::string& file : files) {
    const std::string whole = ReadReport(file);
    ASSERT_FALSE(whole.empty()) << file;
    int read = 0;
    for (const auto& [name, parser] : Parsers()) {
      read += parser(whole).ok() ? 1 : 0;
      for (size_t i = 0; i < whole.size(); i += whole.size() / 97 + 1) {
        std::string changed = whole;
        changed[i] = static_cast<char>(changed[i] ^ 0x55);
        for (const absl::Status& status : {parser(absl::string_view(whole).substr(0, i)), parser(changed)}) {
          EXPECT_TRUE(status.ok() || GetErrorDetails(status).has_value()) << name << ' ' << status;
        }
      }
    }
    EXPECT_GE(read, 1) << file << " is read by no parser";
  }
}

}  // namespace
}  // namespace latimer
