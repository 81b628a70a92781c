#include "backends/simulated/simulated_backend.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "backends/materialize.h"
#include "backends/timing.h"
#include "core/benchmark/layer_network.h"
#include "core/benchmark/validation_networks.h"
#include "core/network/onnx/onnx_export.h"

namespace latimer::simulated {
namespace {

std::unique_ptr<Backend> Create(const std::string& board, uint64_t seed = 1, bool noise = true) {
  absl::StatusOr<std::unique_ptr<Backend>> backend = CreateSimulatedBackend({board, seed, noise});
  EXPECT_TRUE(backend.ok()) << backend.status();
  return *std::move(backend);
}

std::unique_ptr<PreparedNetwork> Prepare(Backend& backend, absl::string_view name = "mobilenetv2-128") {
  const absl::StatusOr<Network> network = benchmark::ValidationNetwork(name);
  EXPECT_TRUE(network.ok()) << network.status();
  const absl::StatusOr<std::string> model = ExportOnnx(*network);
  EXPECT_TRUE(model.ok()) << model.status();
  absl::StatusOr<std::unique_ptr<PreparedNetwork>> prepared = backend.Prepare(*model);
  EXPECT_TRUE(prepared.ok()) << prepared.status();
  return *std::move(prepared);
}

std::vector<double> Times(Backend& backend, int runs) {
  const std::unique_ptr<PreparedNetwork> network = Prepare(backend);
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) times.push_back(*network->RunSeconds());
  return times;
}

TEST(SimulatedBackend, TheSameSeedGivesTheSameTimes) {
  EXPECT_EQ(Times(*Create("imx93", 7), 50), Times(*Create("imx93", 7), 50));
  EXPECT_NE(Times(*Create("imx93", 7), 50), Times(*Create("imx93", 8), 50));
}

TEST(SimulatedBackend, NoiseIsSmallAndCanBeTurnedOff) {
  for (const std::string& board : BoardNames()) {
    const std::vector<double> exact = Times(*Create(board, 1, false), 3);
    EXPECT_EQ(exact[0], exact[2]);
    const TimingResult noisy = Summarize(Times(*Create(board), 500));
    EXPECT_NEAR(noisy.median_seconds, exact[0], 0.01 * exact[0]) << board;
    EXPECT_GT(noisy.upper_quartile_seconds, noisy.lower_quartile_seconds);
  }
}

TEST(SimulatedBackend, SaysSimulatedEverywhere) {
  for (const std::string& board : BoardNames()) {
    const std::unique_ptr<Backend> backend = Create(board);
    EXPECT_TRUE(absl::StartsWith(backend->name(), "simulated:"));
    EXPECT_TRUE(backend->fingerprint().simulated);
    EXPECT_TRUE(absl::StartsWith(backend->fingerprint().facts.at("hardware"), "simulated "));
    EXPECT_TRUE(absl::StrContains(backend->fingerprint().facts.at("toolchain"), "simulator"));
  }
}

TEST(SimulatedBackend, ReportsUnitsWhereTheToolchainDoes) {
  const std::unique_ptr<Backend> zcu102 = Create("zcu102");
  const std::unique_ptr<PreparedNetwork> network = Prepare(*zcu102);
  const absl::StatusOr<std::vector<LayerTiming>> rows = network->ProfileLayers({.runs = 3});
  ASSERT_TRUE(rows.ok()) << rows.status();
  double sum = 0;
  for (const LayerTiming& row : *rows) {
    EXPECT_FALSE(row.name.empty());
    sum += row.median_seconds;
  }
  EXPECT_EQ(rows->size(), 54u);  // 52 convolutions with what is fused into them, pooling and the classifier
  EXPECT_LT(sum, *network->RunSeconds());
  EXPECT_GT(sum, 0.5 * *network->RunSeconds());
  const std::unique_ptr<Backend> imx93 = Create("imx93");
  EXPECT_EQ(Prepare(*imx93)->ProfileLayers({.runs = 3}).status().code(), absl::StatusCode::kUnimplemented);
}

TEST(SimulatedBackend, TimesByTheCommonCode) {
  const std::unique_ptr<Backend> backend = Create("imx8mp");
  const std::unique_ptr<PreparedNetwork> network = Prepare(*backend);
  const absl::StatusOr<TimingResult> result = TimeNetwork(*network, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_LT(result->median_spread, 0.01);
}

TEST(SimulatedBackend, RefusesWhatItCannotRead) {
  EXPECT_EQ(CreateSimulatedBackend({"abacus"}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Create("ncs2")->Prepare("this is no network").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace latimer::simulated
