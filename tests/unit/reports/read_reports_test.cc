// Which file is what, and what belongs together.
#include "backends/reports/read_reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "tests/unit/reports/report_files.h"
#include "tests/unit/reports/report_matchers.h"

namespace latimer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kTensorRt[] = "tensorrt/tf-resnet50-RTX3090-fp32";

// Keeps the bytes that views point at.
class Files {
 public:
  Files& Add(const std::string& name, std::string bytes) {
    bytes_.push_back(std::make_unique<std::string>(std::move(bytes)));
    files_.push_back({name, *bytes_.back()});
    return *this;
  }
  Files& Real(const std::string& name) { return Add(name, ReadReport(name)); }
  absl::StatusOr<std::vector<ReportedRun>> Read(absl::string_view toolchain, absl::string_view subject = "") const {
    return ReadReportFiles(toolchain, files_, subject);
  }

 private:
  std::vector<std::unique_ptr<std::string>> bytes_;
  std::vector<ReportBytes> files_;
};

std::string FileOf(const absl::Status& status) {
  const std::optional<ErrorDetails> details = GetErrorDetails(status);
  return details.has_value() && details->metadata.count("file") > 0 ? details->metadata.at("file") : "";
}

TEST(ReadReports, KnowsItsToolchains) {
  EXPECT_THAT(ReportToolchains(), ElementsAre("dnndk", "openvino", "tensorrt", "tflite", "vitis-ai"));
  EXPECT_EQ(Refusal(Files().Add("x", "").Read("onnx")), "UNKNOWN_TOOLCHAIN");
}

TEST(ReadReports, TimesAndLayersCompleteATensorRtProfileInAnyOrder) {
  const std::string stem = kTensorRt;
  for (const bool profile_first : {true, false}) {
    Files files;
    if (profile_first) files.Real(stem + ".profile.json");
    files.Real(stem + ".timing.json");
    if (!profile_first) files.Real(stem + ".profile.json");
    const absl::StatusOr<std::vector<ReportedRun>> runs = files.Read("tensorrt");
    ASSERT_TRUE(runs.ok()) << runs.status();
    ASSERT_EQ(runs->size(), 1u);
    EXPECT_EQ(runs->at(0).file, profile_first ? 0u : 1u);
    // The profiler costs some per cent: both numbers are kept.
    EXPECT_NEAR(runs->at(0).report.latency.typical().value(), 12.17e-3, 0.05e-3);
    EXPECT_NEAR(runs->at(0).report.ExecutedSeconds(), 12.40e-3, 0.05e-3);
  }
  const absl::StatusOr<std::vector<ReportedRun>> detailed = Files()
                                                                .Real("tensorrt/resnet18-A100-fp32.graph.json")
                                                                .Real("tensorrt/resnet18-A100-fp32.profile.json")
                                                                .Read("tensorrt");
  ASSERT_TRUE(detailed.ok()) << detailed.status();
  EXPECT_EQ(detailed->at(0).report.rows[0].kind, "CaskConvolution");
}

TEST(ReadReports, SeveralProfilesAreSeveralRuns) {
  const absl::StatusOr<std::vector<ReportedRun>> runs = Files()
                                                            .Real("tensorrt/resnet18-A100-fp16.profile.json")
                                                            .Real("tensorrt/resnet18-A100-fp32.profile.json")
                                                            .Read("tensorrt");
  ASSERT_TRUE(runs.ok()) << runs.status();
  EXPECT_EQ(runs->size(), 2u);
  // Whose times would these be?
  const auto ambiguous = Files()
                             .Real("tensorrt/resnet18-A100-fp16.profile.json")
                             .Real("tensorrt/resnet18-A100-fp32.profile.json")
                             .Real("tensorrt/tf-resnet50-RTX3090-fp32.timing.json")
                             .Read("tensorrt");
  EXPECT_EQ(Refusal(ambiguous), "AMBIGUOUS_FILES");
  EXPECT_EQ(FileOf(ambiguous.status()), "tensorrt/tf-resnet50-RTX3090-fp32.timing.json");
}

TEST(ReadReports, LayersOfAnotherEngineAreRefused) {
  const auto runs = Files()
                        .Real("tensorrt/tf-resnet50-RTX3090-fp32.profile.json")
                        .Real("tensorrt/resnet18-A100-fp32.graph.json")
                        .Read("tensorrt");
  EXPECT_FALSE(runs.ok());
  EXPECT_EQ(FileOf(runs.status()), "tensorrt/resnet18-A100-fp32.graph.json");
}

TEST(ReadReports, WithoutTimesPerLayerThereIsNothingToRead) {
  EXPECT_EQ(Refusal(Files().Read("tensorrt")), "NO_LAYER_TIMES");
  EXPECT_EQ(Refusal(Files().Real("tensorrt-jetson/jetson-nano_fast_scnn_768x1344.trtexec.log").Read("tensorrt")),
            "NO_LAYER_TIMES");
  EXPECT_EQ(Refusal(Files().Real("tflite/raspi5_efficientdet_v2.18.0.benchmark_model.log").Read("tflite")),
            "NO_LAYER_TIMES");
}

TEST(ReadReports, VelasSummaryIsKeptBesideWhatWasMeasured) {
  const std::string summary =
      "experiment,network,core_clock,inference_time,cycles_total\n"
      "default,person_detect,1000000000.0,0.000181758,181758\n";
  const auto runs =
      Files().Real("made-up/operators.op_profile.log").Add("network_summary_x.csv", summary).Read("tflite");
  ASSERT_TRUE(runs.ok()) << runs.status();
  ASSERT_EQ(runs->size(), 1u);
  EXPECT_DOUBLE_EQ(runs->at(0).report.compiler_estimate.value(), 0.000181758);
  EXPECT_NEAR(runs->at(0).report.ExecutedSeconds(), 0.002375, 1e-9);
  EXPECT_EQ(Refusal(Files().Add("network_summary_x.csv", summary).Read("tflite")), "NO_LAYER_TIMES");
}

TEST(ReadReports, AFileWithSeveralKernelsWantsAChoice) {
  Files files;
  files.Real("dnndk/fcn8_zcu102_dnndk_profile.log");
  const auto both = files.Read("dnndk");
  EXPECT_EQ(Refusal(both), "SEVERAL_SUBJECTS");
  EXPECT_THAT(std::string(both.status().message()), HasSubstr("fcn8, fcn8ups"));
  const absl::StatusOr<std::vector<ReportedRun>> one = files.Read("dnndk", "fcn8ups");
  ASSERT_TRUE(one.ok()) << one.status();
  ASSERT_EQ(one->size(), 1u);
  EXPECT_EQ(one->at(0).report.ExecutedRows(), 24);
  EXPECT_EQ(Refusal(files.Read("dnndk", "fcn16")), "NO_SUCH_SUBJECT");
}

std::string Kernel(const std::string& name, const std::string& rows) {
  return "[DNNDK] Performance profile - DPU Kernel \"" + name + "\" DPU Task \"" + name +
         "-0\"\n=====\n  ID NodeName Workload(MOP) Mem(MB) RunTime(ms) Perf(GOPS) Utilization MB/S\n" + rows +
         "\n                Total Nodes In Avg:\n"
         "                                All 2.0 0.2 2.000 1.0 1.0% 1.0\n=====\n";
}

TEST(ReadReports, KernelsOfOneNetworkAreJoined) {
  const std::string row = "   1 conv1 2.0 0.2 2.000 1.0 1.0% 1.0\n";
  const std::string other = "   1 conv2 2.0 0.2 2.000 1.0 1.0% 1.0\n";
  const absl::StatusOr<std::vector<ReportedRun>> runs =
      Files()
          .Add("two runs",
               Kernel("net_0", row) + Kernel("net_2", other) + Kernel("net_0", row) + Kernel("net_2", other))
          .Read("dnndk");
  ASSERT_TRUE(runs.ok()) << runs.status();
  ASSERT_EQ(runs->size(), 2u) << "each run has both kernels";
  for (const ReportedRun& run : *runs) {
    EXPECT_EQ(run.report.subject, "net");
    ASSERT_EQ(run.report.rows.size(), 2u);
    EXPECT_EQ(run.report.rows[1].name, "conv2");
    EXPECT_NEAR(run.report.stated.value(), 4e-3, 1e-12);
  }
  EXPECT_EQ(runs->at(1).index, 1);
}

TEST(ReadReports, ErrorsNameTheFileAndTheLine) {
  const auto runs = Files()
                        .Real("made-up/tf_resnet50_cnt_rep.csv")
                        .Add("bad.csv",
                             "layerName;execStatus;layerType;execType;realTime (ms);cpuTime (ms)\n"
                             "a;EXECUTED;ReLU;x;-1;0\n")
                        .Read("openvino");
  EXPECT_EQ(Refusal(runs), "BAD_REPORT line 2 field 'realTime (ms)'");
  EXPECT_EQ(FileOf(runs.status()), "bad.csv");
  EXPECT_THAT(std::string(runs.status().message()), HasSubstr("file 'bad.csv': line 2"));
}

}  // namespace
}  // namespace latimer
