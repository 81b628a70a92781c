#include "backends/onnxruntime/onnxruntime_backend.h"

#include <gtest/gtest.h>

#include "backends/timing.h"
#include "tests/unit/backends/test_files.h"

namespace latimer {
namespace {

class OnnxRuntimeBackendTest : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<Backend>> backend = CreateOnnxRuntimeBackend({});
    ASSERT_TRUE(backend.ok()) << backend.status();
    backend_ = *std::move(backend);
  }
  std::unique_ptr<Backend> backend_;
};

TEST_F(OnnxRuntimeBackendTest, TimesARealNetwork) {
  absl::StatusOr<std::unique_ptr<PreparedNetwork>> network = backend_->Prepare(ReadTestFile("onnxruntime/toy.onnx"));
  ASSERT_TRUE(network.ok()) << network.status();
  const absl::StatusOr<TimingResult> result = TimeNetwork(**network, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_GT(result->min_seconds, 1e-5);
  EXPECT_LE(result->min_seconds, result->median_seconds);
  EXPECT_GE(result->runs, 5);
}

TEST_F(OnnxRuntimeBackendTest, ReportsEveryExecutedLayer) {
  absl::StatusOr<std::unique_ptr<PreparedNetwork>> network = backend_->Prepare(ReadTestFile("onnxruntime/toy.onnx"));
  ASSERT_TRUE(network.ok()) << network.status();
  const absl::StatusOr<std::vector<LayerTiming>> rows = (*network)->ProfileLayers({.runs = 3});
  ASSERT_TRUE(rows.ok()) << rows.status();
  double sum = 0;
  int convolutions = 0;
  for (const LayerTiming& row : *rows) {
    sum += row.median_seconds;
    if (row.operation.find("Conv") != std::string::npos) ++convolutions;
  }
  EXPECT_EQ(convolutions, 3);
  EXPECT_GT(sum, 0);
}

TEST_F(OnnxRuntimeBackendTest, RefusesBytesThatAreNoNetwork) {
  const absl::Status status = backend_->Prepare("this is no network").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(status.message().empty());
}

TEST_F(OnnxRuntimeBackendTest, FingerprintNamesTheToolchain) {
  EXPECT_NE(backend_->fingerprint().facts.at("toolchain").find("onnxruntime "), std::string::npos);
  EXPECT_EQ(backend_->fingerprint().facts.at("threads"), "1");
}

TEST_F(OnnxRuntimeBackendTest, ShowsTheOptimizedGraph) {
  const std::string model = ReadTestFile("onnxruntime/toy.onnx");
  absl::StatusOr<std::unique_ptr<PreparedNetwork>> network = backend_->Prepare(model);
  ASSERT_TRUE(network.ok()) << network.status();
  const absl::StatusOr<std::string> graph = (*network)->OptimizedGraph();
  ASSERT_TRUE(graph.ok()) << graph.status();
  EXPECT_NE(*graph, model);
  EXPECT_GT(graph->size(), 1000u);
}

}  // namespace
}  // namespace latimer
