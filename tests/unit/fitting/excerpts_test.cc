// Fits to excerpts with a made-up engine's report.
#include <gtest/gtest.h>

#include "core/benchmark/network_excerpts.h"
#include "core/benchmark/network_stack.h"
#include "core/estimation/estimator.h"
#include "core/fitting/fit_platform.h"
#include "core/fitting/measured_excerpt.h"
#include "core/mapping/blocked_layout.h"
#include "core/network/simplify.h"
#include "synthetic.h"

namespace latimer::fitting {
namespace {

constexpr double kProfilerShare = 0.7e-6;  // of every row
constexpr double kLaunch = 40e-6;          // per network
constexpr double kLink = 0.5e-9;           // per byte of inputs and outputs

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
  sample.seconds = kLaunch + kLink * TransferBytes(network, 8);
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
  EXPECT_NEAR((*result_)->model.transfer_seconds_per_byte(), kLink, 0.2 * kLink);
  EXPECT_FALSE((*result_)->model.mapping().merges_duplicates()) << "every rectifier has a row";
}

// Two branches of different layers and their sum, the branches written in either order.
Network Branches(bool left_first) {
  benchmark::NetworkStack stack({1, 32, 28, 28});
  const TensorId input = stack.tip;
  TensorId left = kNone;
  TensorId right = kNone;
  for (bool is_left : {left_first, !left_first}) {
    stack.tip = input;
    if (is_left) {
      stack.Conv({.kernel = 3, .channels = 48});
      left = stack.Conv({.kernel = 1, .channels = 64});
    } else {
      stack.MaxPool(3, 1);
      right = stack.Conv({.kernel = 1, .channels = 64, .activation = LayerType::kSilu});
    }
  }
  stack.Add(left, right);
  stack.Classify(10);
  return Simplify(*std::move(stack).Finish("branches"));
}

TEST_F(Excerpts, OrderOfIndependentNodesChangesNothing) {
  ASSERT_TRUE(result_->ok()) << result_->status();
  const auto platform = PlatformModel::Create((*result_)->model);
  ASSERT_TRUE(platform.ok()) << platform.status();
  v1::NetworkEstimate one;
  v1::NetworkEstimate other;
  ASSERT_TRUE(EstimateNetwork(Branches(true), **platform, {}, nullptr, &one).ok());
  ASSERT_TRUE(EstimateNetwork(Branches(false), **platform, {}, nullptr, &other).ok());
  EXPECT_NEAR(one.latency().estimate_ms(), other.latency().estimate_ms(), 1e-9 * one.latency().estimate_ms());
  EXPECT_NEAR(one.latency().upper_ms(), other.latency().upper_ms(), 1e-9 * one.latency().upper_ms());
}

TEST_F(Excerpts, MoreWorkOfTheSameShapeIsNotFaster) {
  ASSERT_TRUE(result_->ok()) << result_->status();
  const auto platform = PlatformModel::Create((*result_)->model);
  ASSERT_TRUE(platform.ok()) << platform.status();
  benchmark::Random random(3);
  auto estimate = [&](int64_t side, int64_t channels, int64_t outputs, int64_t kernel) {
    benchmark::NetworkStack stack({1, channels, side, side});
    stack.Conv({.kernel = kernel, .channels = outputs});
    v1::NetworkEstimate result;
    EXPECT_TRUE(EstimateNetwork(*std::move(stack).Finish("conv"), **platform, {}, nullptr, &result).ok());
    return result.latency().estimate_ms();
  };
  for (int i = 0; i < 200; ++i) {
    const int64_t side = 7 << random.Below(4);
    const int64_t channels = random.LogUniform(16, 256);
    const int64_t outputs = random.LogUniform(16, 256);
    const int64_t kernel = 1 + 2 * random.Below(2);
    const double one = estimate(side, channels, outputs, kernel);
    EXPECT_GE(estimate(side, channels, 2 * outputs, kernel), one) << channels << " to " << outputs << " at " << side;
    EXPECT_GE(estimate(2 * side, channels, outputs, kernel), one) << channels << " to " << outputs << " at " << side;
  }
}

// An engine that keeps convolutions' results in blocks of 16 channels, and reports each change of layout.
ExcerptSample MeasureBlocked(Network network, benchmark::Random& random) {
  ExcerptSample sample = MeasureExcerpt(std::move(network), random);
  const BlockedLayout layout(sample.network, 16);
  std::vector<ReportRow> rows;
  size_t next = 0;
  // Each change runs before the first row that may read it.
  auto add_changes = [&](LayerId before) {
    for (; next < layout.changes().size(); ++next) {
      const LayoutChange& change = layout.changes()[next];
      if (before != kNone && (change.readers.empty() || change.readers[0] > before)) return;
      ReportRow& row = rows.emplace_back();
      row.name = "reorder";
      row.kind = change.to_blocks ? "ReorderInput" : "ReorderOutput";
      row.meaning = NameMeaning::kOverhead;
      const double seconds = 2e-6 + LayoutChangeFeatures(sample.network, change, 8).bytes() / 4e9;
      row.seconds = seconds + kProfilerShare;
      sample.seconds += seconds;
    }
  };
  for (ReportRow& row : sample.rows) {
    LayerId layer = 0;
    while (sample.network.layers[static_cast<size_t>(layer)].name != row.name) ++layer;
    add_changes(layer);
    rows.push_back(std::move(row));
  }
  add_changes(kNone);
  sample.rows = std::move(rows);
  return sample;
}

TEST(ExcerptsOfBlocks, ChangesOfLayoutAreFoundAndPriced) {
  benchmark::Random random(12);
  FitInput input;
  input.base = TestBase();
  for (int i = 0; i < 120; ++i) {
    input.excerpts.push_back(MeasureBlocked(Simplify(*benchmark::SampleExcerpt(random)), random));
  }
  const absl::StatusOr<FitResult> result = FitPlatform(input, {.rounds = 40});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->model.mapping().layout_block(), 16);
  ASSERT_TRUE(result->types.count("LayoutChange"));
  EXPECT_GT(result->types.at("LayoutChange").samples, 100);
  const auto platform = PlatformModel::Create(result->model);
  ASSERT_TRUE(platform.ok()) << platform.status();
  double error = 0;
  constexpr int kNetworks = 30;
  for (int i = 0; i < kNetworks; ++i) {
    const ExcerptSample truth = MeasureBlocked(Simplify(*benchmark::SampleExcerpt(random)), random);
    v1::NetworkEstimate estimate;
    ASSERT_TRUE(EstimateNetwork(truth.network, **platform, {}, nullptr, &estimate).ok());
    error += std::abs(estimate.latency().estimate_ms() / 1e3 / truth.seconds - 1) / kNetworks;
    size_t changes = 0;
    for (const v1::UnitEstimate& unit : estimate.units()) {
      changes += unit.unit_type() == "LayoutChange" ? 1 : 0;
      for (int64_t input_unit : unit.input_units()) EXPECT_GE(input_unit, 0);
    }
    EXPECT_EQ(changes, BlockedLayout(truth.network, 16).changes().size());
  }
  EXPECT_LT(error, 0.1);
}

TEST(MakeExcerpt, KeepsWorkOfTheEnginesOwnApart) {
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
  add("fused", "Relu", "relu", 0);
  const absl::StatusOr<ExcerptSample> excerpt = MakeExcerpt(Network(), measurement, 6e6);
  ASSERT_TRUE(excerpt.ok()) << excerpt.status();
  ASSERT_EQ(excerpt->rows.size(), 2u) << "rows without time are fused layers";
  EXPECT_EQ(excerpt->rows[0].meaning, NameMeaning::kOverhead);
  EXPECT_TRUE(excerpt->rows[0].original_names.empty());
  EXPECT_EQ(excerpt->rows[1].original_names, std::vector<std::string>{"conv"});
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
