// Fits to excerpts with a made-up engine's report.
#include <gtest/gtest.h>

#include "core/benchmark/network_excerpts.h"
#include "core/estimation/estimator.h"
#include "core/fitting/fit_platform.h"
#include "core/fitting/measured_excerpt.h"
#include "core/network/simplify.h"
#include "synthetic.h"

namespace latimer::fitting {
namespace {

constexpr double kProfilerShare = 0.7e-6;  // of every row
constexpr double kLaunch = 40e-6;          // per network

// The made-up toolchain fuses rectifiers into the convolution before them where nothing else reads it.
bool IsFused(const Network& network, const std::vector<absl::InlinedVector<LayerId, 2>>& consumers, LayerId id) {
  const Layer& layer = network.layers[id];
  if (layer.type != LayerType::kRelu) return false;
  const LayerId producer = network.tensors[layer.inputs[0]].producer;
  return producer != kNone && network.layers[producer].type == LayerType::kConv &&
         consumers[static_cast<size_t>(layer.inputs[0])].size() == 1;
}

ExcerptSample MeasureExcerpt(Network network, benchmark::Random& random) {
  const auto consumers = Consumers(network);
  ExcerptSample sample;
  sample.seconds = kLaunch;
  for (LayerId id = 0; id < static_cast<LayerId>(network.layers.size()); ++id) {
    const Layer& layer = network.layers[id];
    if (layer.type == LayerType::kReshape || IsFused(network, consumers, id)) continue;
    double seconds = TestBoard().Estimate(ComputeFeatures(network, {id}, 8, 8)).seconds;
    seconds *= std::exp(0.01 * Noise(random));
    sample.seconds += seconds;
    ReportRow row;
    row.name = std::string(layer.name);
    row.kind = std::string(LayerTypeName(layer.type));
    row.original_names = {std::string(layer.nodes[0])};
    row.seconds = seconds + kProfilerShare;
    sample.rows.push_back(std::move(row));
  }
  sample.network = std::move(network);
  return sample;
}

class Excerpts : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    benchmark::Random random(11);
    FitInput input;
    input.base = TestBase();
    for (int i = 0; i < 150; ++i) {
      input.excerpts.push_back(MeasureExcerpt(Simplify(*benchmark::SampleExcerpt(random)), random));
    }
    result_ = new absl::StatusOr<FitResult>(FitPlatform(input, {.rounds = 60}));
  }
  static void TearDownTestSuite() { delete result_; }
  static absl::StatusOr<FitResult>* result_;
};
absl::StatusOr<FitResult>* Excerpts::result_ = nullptr;

TEST_F(Excerpts, NetworksNeverSeenAreEstimated) {
  ASSERT_TRUE(result_->ok()) << result_->status();
  const auto platform = PlatformModel::Create((*result_)->model);
  ASSERT_TRUE(platform.ok()) << platform.status();
  benchmark::Random random(99);
  double error = 0;
  constexpr int kNetworks = 40;
  for (int i = 0; i < kNetworks; ++i) {
    const ExcerptSample truth = MeasureExcerpt(Simplify(*benchmark::SampleExcerpt(random)), random);
    v1::NetworkEstimate estimate;
    ASSERT_TRUE(EstimateNetwork(truth.network, **platform, {}, nullptr, &estimate).ok());
    error += std::abs(estimate.latency().estimate_ms() / 1e3 / truth.seconds - 1) / kNetworks;
  }
  EXPECT_LT(error, 0.08);
}

TEST_F(Excerpts, TellWhatIsFusedAndWhatANetworkCosts) {
  ASSERT_TRUE(result_->ok()) << result_->status();
  bool relu_fused = false;
  for (const model::v1::Fusion& fusion : (*result_)->model.mapping().fusions()) {
    for (int primary : fusion.primary()) {
      for (int secondary : fusion.secondary()) {
        EXPECT_EQ(primary, v1::LAYER_TYPE_CONV);
        EXPECT_EQ(secondary, v1::LAYER_TYPE_RELU);
        relu_fused = true;
      }
    }
  }
  EXPECT_TRUE(relu_fused);
  EXPECT_NEAR((*result_)->model.fixed_seconds_per_network(), kLaunch, 0.2 * kLaunch);
  EXPECT_FALSE((*result_)->model.mapping().merges_duplicates()) << "every rectifier has a row";
}

TEST(MakeExcerpt, WorkOfTheEnginesOwnIsChargedToItsNeighbours) {
  v1::Measurement measurement;
  measurement.mutable_timing()->set_median_ms(1);
  auto add = [&](const char* name, const char* operation, const char* node, double ms) {
    v1::LayerTiming* row = measurement.add_layers();
    row->set_name(name);
    row->set_operation(operation);
    row->set_node(node);
    row->set_middle_ms(ms);
  };
  add("r0", "ReorderInput", "", 0.1);
  add("conv_nchwc", "Conv", "conv", 0.5);
  add("r1", "ReorderOutput", "", 0.2);
  add("add", "Add", "add", 0.1);
  add("fused", "Relu", "relu", 0);
  const absl::StatusOr<ExcerptSample> excerpt = MakeExcerpt(Network(), measurement, 6e6);
  ASSERT_TRUE(excerpt.ok()) << excerpt.status();
  ASSERT_EQ(excerpt->rows.size(), 4u) << "rows without time are fused layers";
  EXPECT_EQ(excerpt->rows[0].original_names, std::vector<std::string>{"conv"}) << "done for what follows";
  EXPECT_EQ(excerpt->rows[2].original_names, std::vector<std::string>{"conv"}) << "brings its result back";
  EXPECT_EQ(excerpt->rows[2].meaning, NameMeaning::kOverhead);
  EXPECT_EQ(excerpt->seconds, 1e-3);
  EXPECT_EQ(excerpt->flushed_bytes, 6e6);
}

TEST(MakeExcerpt, NeedsAReport) {
  v1::Measurement measurement;
  EXPECT_EQ(MakeExcerpt(Network(), measurement, 0).status().code(), absl::StatusCode::kFailedPrecondition);
  measurement.mutable_timing()->set_median_ms(1);
  EXPECT_EQ(MakeExcerpt(Network(), measurement, 0).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace latimer::fitting
