#include "backends/reports/tensorrt.h"

#include "backends/reports/tensorrt_names.h"
#include "tests/unit/reports/report_files.h"
#include "tests/unit/reports/report_matchers.h"

namespace latimer {
namespace {

using testing::ElementsAre;

ReportRow Named(const std::string& name) {
  ReportRow row;
  row.name = name;
  ReadTensorRtName(&row);
  return row;
}

TEST(TensorRtNames, GroupsAreTakenApart) {
  EXPECT_THAT(Named("Conv_5 + Add_6 + Relu_7").original_names, ElementsAre("Conv_5", "Add_6", "Relu_7"));
  EXPECT_THAT(Named("a || b + c").original_names, ElementsAre("a", "b", "c"));
  EXPECT_THAT(Named("w + Conv_9 + PWN(Clip_13)").original_names, ElementsAre("w", "Conv_9", "Clip_13"));
  EXPECT_THAT(Named("PWN(PWN(Sigmoid_1), Mul_2)").original_names, ElementsAre("Sigmoid_1", "Mul_2"));
  EXPECT_THAT(Named("x + (Unnamed Layer* 108) [Shuffle]").original_names,
              ElementsAre("x", "(Unnamed Layer* 108) [Shuffle]"));
  EXPECT_THAT(Named("Conv_0 [profile 1]").original_names, ElementsAre("Conv_0"));
  EXPECT_EQ(Named("Conv_0 + Relu_1").meaning, NameMeaning::kNodes);
}

TEST(TensorRtNames, RegionsHaveTwoEnds) {
  const ReportRow row = Named("{ForeignNode[conv1...relu9]}");
  EXPECT_EQ(row.meaning, NameMeaning::kRegion);
  EXPECT_THAT(row.original_names, ElementsAre("conv1", "relu9"));
  EXPECT_THAT(Named("{ForeignNode[conv1]}").original_names, ElementsAre("conv1"));
}

TEST(TensorRtNames, LayoutIsOverheadOfItsNodes) {
  for (const char* name :
       {"Reformatting CopyNode for Input Tensor 0 to Conv_5 + Add_6",
        "Reformatting CopyNode for Output Tensor 0 to Conv_5 + Add_6", "Conv_5 + Add_6 input reformatter 0",
        "Conv_5 + Add_6 output reformatter 12", "Conv_5 + Add_6 copy"}) {
    const ReportRow row = Named(name);
    EXPECT_EQ(row.meaning, NameMeaning::kOverhead) << name;
    EXPECT_THAT(row.original_names, ElementsAre("Conv_5", "Add_6")) << name;
  }
  EXPECT_THAT(Named("reshape_after_Gemm_48").original_names, ElementsAre("Gemm_48"));
  EXPECT_EQ(Named("copied_squeeze_after_Gemm_48").meaning, NameMeaning::kOverhead);
  EXPECT_EQ(Named("reshape_7").meaning, NameMeaning::kNodes);
}

TEST(TensorRtNames, RowsThatWaitForADlaAreItsOwn) {
  std::vector<ReportRow> rows;
  for (const char* name : {"pool0", "data to nvm", "{a,b}", "data copy finish", "t from nvm", "t copy finish", "prob",
                           "{c,d} input reformatter 0", "{c,d}", "prob input reformatter 0", "soft"}) {
    rows.push_back(Named(name));
  }
  JoinDlaRows(&rows);
  EXPECT_THAT(rows[0].original_names, ElementsAre("pool0"));
  for (int i : {1, 2, 3, 4, 5}) EXPECT_THAT(rows[i].original_names, ElementsAre("a", "b")) << i;
  EXPECT_THAT(rows[6].original_names, ElementsAre("prob"));
  for (int i : {7, 8, 9}) EXPECT_THAT(rows[i].original_names, ElementsAre("c", "d")) << i;
  EXPECT_THAT(rows[10].original_names, ElementsAre("soft"));
}

TEST(TensorRtProfile, RowsAreAverages) {
  const auto report = ParseTensorRtProfile(
      R"([{"count": 4}, {"name": "a", "timeMs": 8, "averageMs": 2, "medianMs": 1.5, "percentage": 80},
          {"name": "b", "timeMs": 2, "percentage": 20}, {"name": "c", "timeMs": 0, "averageMs": 0}])");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->profiled_inferences, 4);
  ASSERT_EQ(report->rows.size(), 3u);
  EXPECT_DOUBLE_EQ(report->rows[0].seconds, 2e-3);
  EXPECT_THAT(report->rows[0].facts, ElementsAre(testing::Pair("median_seconds", 1.5e-3)));
  EXPECT_DOUBLE_EQ(report->rows[1].seconds, 0.5e-3);
  EXPECT_EQ(report->rows[2].seconds, 0);
}

TEST(TensorRtProfile, ErrorsNameElementAndField) {
  EXPECT_EQ(Refusal(ParseTensorRtProfile("[{\"count\": 1}, {\"name\": \"a\", \"averageMs\": -1}]")),
            "BAD_REPORT element 1 field 'averageMs'");
  EXPECT_EQ(Refusal(ParseTensorRtProfile("[{\"count\": 1}, {\"averageMs\": 1}]")), "BAD_REPORT element 1 field 'name'");
  EXPECT_EQ(Refusal(ParseTensorRtProfile("[{\"count\": 0}]")), "BAD_REPORT element 0 field 'count'");
  EXPECT_EQ(Refusal(ParseTensorRtProfile("[{\"count\": 1}]")), "BAD_REPORT field 'name'");
  EXPECT_EQ(Refusal(ParseTensorRtProfile("{}")), "BAD_REPORT");
  EXPECT_EQ(Refusal(ParseTensorRtProfile("")), "BAD_REPORT byte 1");
  EXPECT_EQ(Refusal(ParseTensorRtProfile("[{\"count\": 1}, {\"name\": ")), "BAD_REPORT byte 25");
  EXPECT_EQ(Refusal(ParseTensorRtProfile("[{\"count\": 1}, {\"name\": \"a\", \"averageMs\": 1e999}]")),
            "BAD_REPORT byte 0");
}

TEST(TensorRtTimes, AreOfTheNetworkAlone) {
  const auto report = ParseTensorRtTimes(
      R"([{"computeMs": 3, "latencyMs": 5}, {"computeMs": 1, "latencyMs": 3}, {"computeMs": 2, "latencyMs": 4}])");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->latency.count, 3);
  EXPECT_THAT(report->latency.samples, ElementsAre(3e-3, 1e-3, 2e-3));
  EXPECT_DOUBLE_EQ(report->latency.median.value(), 2e-3);
  EXPECT_DOUBLE_EQ(report->latency.mean.value(), 2e-3);
  EXPECT_DOUBLE_EQ(report->latency.min.value(), 1e-3);
  EXPECT_DOUBLE_EQ(report->latency.max.value(), 3e-3);
  EXPECT_EQ(report->facts.at("mean_seconds_with_transfers"), "0.004");
  EXPECT_EQ(Refusal(ParseTensorRtTimes(R"([{"latencyMs": 1}])")), "BAD_REPORT element 0 field 'computeMs'");
  EXPECT_EQ(Refusal(ParseTensorRtTimes("[]")), "BAD_REPORT");
}

TEST(TensorRtLayers, OfRealEnginesAreThoseOfTheirProfiles) {
  for (const std::string name :
       {"resnet18-A100-fp16", "resnet18-A100-fp32", "resnet18-A100-qat-int8", "mobilenetv2-qat-int8"}) {
    SCOPED_TRACE(name);
    auto profile = ParseTensorRtProfile(ReadReport(absl::StrCat("tensorrt/", name, ".profile.json")));
    const auto layers = ParseTensorRtLayers(ReadReport(absl::StrCat("tensorrt/", name, ".graph.json")));
    ASSERT_TRUE(profile.ok()) << profile.status();
    ASSERT_TRUE(layers.ok()) << layers.status();
    ASSERT_EQ(layers->size(), profile->rows.size());
    ASSERT_TRUE(AddTensorRtLayers(*layers, &*profile).ok());
    for (size_t i = 0; i < layers->size(); ++i) {
      EXPECT_EQ(layers->at(i).name, profile->rows[i].name);
      EXPECT_FALSE(profile->rows[i].kind.empty());
    }
    EXPECT_EQ(profile->rows[1].kind, layers->at(1).type);
  }
}

TEST(TensorRtLayers, MayBeNamesOnly) {
  const auto layers = ParseTensorRtLayers(ReadReport("tensorrt/yolo-qat-names-only.layerinfo.json"));
  ASSERT_TRUE(layers.ok()) << layers.status();
  EXPECT_EQ(layers->at(0).name, "[trainStation1]");
  EXPECT_EQ(layers->at(0).type, "");
}

TEST(TensorRtLayers, TellNodesWhereTheNameDoesNot) {
  const auto layers = ParseTensorRtLayers(
      "{\"Layers\": [{\"Name\": \"x\", \"Metadata\": \"[ONNX Layer: c1]\\u001e[ONNX Layer: r1]\"},"
      " {\"Name\": \"__myl_Fc\", \"LayerType\": \"kgen\", \"Outputs\": [{\"Name\": \"t9\"}]}]}");
  ASSERT_TRUE(layers.ok()) << layers.status();
  auto profile =
      ParseTensorRtProfile(R"([{"count": 1}, {"name": "x", "averageMs": 1}, {"name": "__myl_Fc", "averageMs": 1}])");
  ASSERT_TRUE(profile.ok()) << profile.status();
  ASSERT_TRUE(AddTensorRtLayers(*layers, &*profile).ok());
  EXPECT_THAT(profile->rows[0].original_names, ElementsAre("c1", "r1"));
  EXPECT_THAT(profile->rows[1].original_names, ElementsAre("t9"));
  EXPECT_EQ(profile->rows[1].meaning, NameMeaning::kOutputs);
}

TEST(TensorRtLayers, OfAnotherEngineAreRefused) {
  auto profile = ParseTensorRtProfile(R"([{"count": 1}, {"name": "x", "averageMs": 1}])");
  ASSERT_TRUE(profile.ok());
  EXPECT_EQ(Refusal(AddTensorRtLayers({{"y", "", "", {}, {}}}, &*profile)), "BAD_REPORT field 'Name'");
  EXPECT_EQ(Refusal(ParseTensorRtLayers("[]")), "BAD_REPORT field 'Layers'");
  EXPECT_EQ(Refusal(ParseTensorRtLayers(R"({"Layers": [1]})")), "BAD_REPORT element 0 field 'Layers'");
}

TEST(TrtexecLog, SummaryOfARealRun) {
  const auto report = ParseTrtexecLog(ReadReport("tensorrt-jetson/jetson-nano_fast_scnn_384x384_fp16.trtexec.log"));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->facts.at("version"), "v8001");
  EXPECT_EQ(report->facts.at("throughput_per_second"), "55.3927");
  EXPECT_DOUBLE_EQ(report->latency.median.value(), 16.8038e-3);
  EXPECT_DOUBLE_EQ(report->latency.mean.value(), 16.8028e-3);
  EXPECT_DOUBLE_EQ(report->latency.min.value(), 16.7559e-3);
  EXPECT_DOUBLE_EQ(report->latency.max.value(), 16.8594e-3);
  EXPECT_EQ(report->facts.at("median_seconds_with_transfers"), "0.0180406");
}

TEST(TrtexecLog, OnlyAPassedRunCounts) {
  std::string text = ReadReport("tensorrt-jetson/jetson-nano_fast_scnn_384x384_fp16.trtexec.log");
  EXPECT_EQ(Refusal(ParseTrtexecLog(text.substr(0, text.find("&&&& PASSED")))), "BAD_REPORT field '&&&& PASSED'");
  const auto failed = ParseTrtexecLog(
      "[01/15/2022-17:07:59] [E] Could not allocate\n&&&& FAILED TensorRT.trtexec [TensorRT v8001] # trtexec\n");
  EXPECT_THAT(std::string(failed.status().message()), testing::HasSubstr("Could not allocate"));
}

}  // namespace
}  // namespace latimer
