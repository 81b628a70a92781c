#include "backends/opencv/opencv_backend.h"

#include <gtest/gtest.h>

#include "backends/timing.h"
#include "tests/unit/backends/test_files.h"

namespace latimer {
namespace {

class OpenCvBackendTest : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<Backend>> backend = CreateOpenCvBackend({});
    ASSERT_TRUE(backend.ok()) << backend.status();
    backend_ = *std::move(backend);
  }
  std::unique_ptr<Backend> backend_;
};

TEST_F(OpenCvBackendTest, TimesARealNetwork) {
  absl::StatusOr<std::unique_ptr<PreparedNetwork>> network = backend_->Prepare(ReadTestFile("onnxruntime/toy.onnx"));
  ASSERT_TRUE(network.ok()) << network.status();
  const absl::StatusOr<TimingResult> result = TimeNetwork(**network, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_GT(result->min_seconds, 1e-5);
  EXPECT_LE(result->min_seconds, result->median_seconds);
  EXPECT_GE(result->runs, 5);
}

TEST_F(OpenCvBackendTest, ReportsEveryExecutedLayer) {
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

TEST_F(OpenCvBackendTest, RefusesBytesThatAreNoNetwork) {
  const absl::Status status = backend_->Prepare("this is no network").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(status.message().empty());
}

TEST_F(OpenCvBackendTest, FingerprintNamesTheToolchain) {
  EXPECT_NE(backend_->fingerprint().facts.at("toolchain").find("opencv-dnn "), std::string::npos);
  EXPECT_EQ(backend_->fingerprint().facts.at("threads"), "1");
}

}  // namespace
}  // namespace latimer
