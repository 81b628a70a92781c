#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "backends/onnxruntime/profile_report.h"
#include "tests/unit/backends/test_files.h"

namespace latimer {
namespace {

// The first of them warms up.
std::vector<bool> Runs(size_t runs) {
  std::vector<bool> counted(runs, true);
  counted[0] = false;
  return counted;
}

TEST(OnnxRuntimeProfileTest, ReadsARealReport) {
  // Recorded with ONNX Runtime 1.20.1 at optimisation level 2, three runs of 11 kernels.
  const std::string report = ReadTestFile("onnxruntime/toy.level2.profile.json");
  const absl::StatusOr<std::vector<LayerTiming>> rows = ParseOnnxRuntimeProfile(report, Runs(3));
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_FALSE(rows->empty());
  EXPECT_EQ(rows->front().operation, "FusedConv");
  double sum = 0;
  for (const LayerTiming& row : *rows) {
    EXPECT_FALSE(row.name.empty());
    EXPECT_LE(row.min_seconds, row.median_seconds);
    sum += row.median_seconds;
  }
  EXPECT_GT(sum, 1e-4);
  EXPECT_LT(sum, 0.1);
}

TEST(OnnxRuntimeProfileTest, MedianLeavesOutTheFirstRun) {
  const char* report = R"([
    {"cat":"Node","name":"a_kernel_time","dur":900,"args":{"op_name":"Conv","node_index":"1"}},
    {"cat":"Node","name":"a_fence_after","dur":5,"args":{"op_name":"Conv"}},
    {"cat":"Node","name":"a_kernel_time","dur":30,"args":{"op_name":"Conv","node_index":"1"}},
    {"cat":"Node","name":"a_kernel_time","dur":10,"args":{"op_name":"Conv","node_index":"1"}}])";
  absl::StatusOr<std::vector<LayerTiming>> rows = ParseOnnxRuntimeProfile(report, Runs(3));
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_DOUBLE_EQ((*rows)[0].median_seconds, 20e-6);
  EXPECT_DOUBLE_EQ((*rows)[0].min_seconds, 10e-6);
  // And others that do not count.
  rows = ParseOnnxRuntimeProfile(report, {false, true, false});
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_DOUBLE_EQ((*rows)[0].median_seconds, 30e-6);
  EXPECT_FALSE(ParseOnnxRuntimeProfile(report, {false, false, false}).ok());
}

// Twice a run, and the first run is not counted.
TEST(OnnxRuntimeProfileTest, NodesInLoopsRunSeveralTimesARun) {
  std::string report = "[";
  for (int us : {500, 600, 10, 20, 30, 40}) {
    absl::StrAppend(&report, report.size() > 1 ? "," : "", R"({"cat":"Node","name":"a_kernel_time","dur":)", us,
                    R"(,"args":{"op_name":"Relu","node_index":"7"}})");
  }
  const absl::StatusOr<std::vector<LayerTiming>> rows = ParseOnnxRuntimeProfile(report + "]", Runs(3));
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_DOUBLE_EQ((*rows)[0].min_seconds, 10e-6);
  EXPECT_DOUBLE_EQ((*rows)[0].median_seconds, 25e-6);
}

// Five kernels of 3.1 to 3.9 us, 2.25 us apart, in runs that begin anywhere: what the engine would write.
TEST(OnnxRuntimeProfileTest, FindsWhatTheEngineCutsOff) {
  const std::vector<double> us = {3.1, 3.3, 3.5, 3.7, 3.9};
  std::string report = "[";
  for (int run = 0; run < 40; ++run) {
    double now = 1000 * run + 0.37 * run;
    for (size_t i = 0; i < us.size(); ++i) {
      absl::StrAppend(&report, report.size() > 1 ? "," : "", R"({"cat":"Node","name":"n)", i, R"(_kernel_time","ts":)",
                      std::floor(now), R"(,"dur":)", std::floor(us[i]), R"(,"args":{"op_name":"Conv","node_index":")",
                      i, R"("}})");
      now += us[i] + 2.25;
    }
  }
  const absl::StatusOr<std::vector<LayerTiming>> rows = ParseOnnxRuntimeProfile(report + "]", Runs(40));
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), us.size());
  for (size_t i = 0; i + 1 < us.size(); ++i) {
    EXPECT_DOUBLE_EQ((*rows)[i].median_seconds, 3e-6);
    // The last kernel has no next one; of the others the middle is taken to be cut by half.
    EXPECT_NEAR((*rows)[i].middle_seconds * 1e6, us[i] + 0.1, 0.06) << i;
  }
  EXPECT_DOUBLE_EQ(rows->back().middle_seconds, 3.5e-6);
}

TEST(OnnxRuntimeProfileTest, RefusesDamagedReports) {
  EXPECT_FALSE(ParseOnnxRuntimeProfile("", Runs(1)).ok());
  EXPECT_FALSE(ParseOnnxRuntimeProfile("{}", Runs(1)).ok());
  EXPECT_FALSE(ParseOnnxRuntimeProfile("[]", Runs(1)).ok());
  EXPECT_FALSE(ParseOnnxRuntimeProfile(ReadTestFile("onnxruntime/toy.level2.profile.json"), {}).ok());
  EXPECT_FALSE(ParseOnnxRuntimeProfile(R"([{"cat":"Node","name":"a_kernel_time","args":{}}])", Runs(1)).ok());
  EXPECT_FALSE(ParseOnnxRuntimeProfile(R"([{"cat":"Node","name":"a_kernel_time","dur":1,"args":{}}])", Runs(1)).ok());
  const std::string report = ReadTestFile("onnxruntime/toy.level2.profile.json");
  for (size_t length = 0; length < report.size(); length += 997) {
    EXPECT_FALSE(ParseOnnxRuntimeProfile(report.substr(0, length), Runs(3)).ok()) << length;
  }
}

}  // namespace
}  // namespace latimer
