#include "core/benchmark/network_excerpts.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/benchmark/network_stack.h"
#include "core/network/onnx/onnx_export.h"
#include "core/network/onnx/onnx_import.h"
#include "core/network/structural_hash.h"

namespace latimer::benchmark {
namespace {

TEST(SampleExcerpt, DrawsAffordableNetworksOfManyTypes) {
  Random random(1);
  std::map<LayerType, int> types;
  std::set<std::string> distinct;
  int64_t largest_weights = 0;
  for (int i = 0; i < 400; ++i) {
    const absl::StatusOr<Network> excerpt = SampleExcerpt(random);
    ASSERT_TRUE(excerpt.ok()) << excerpt.status();
    const bool maps = std::any_of(excerpt->layers.begin(), excerpt->layers.end(),
                                  [](const Layer& layer) { return IsConvolution(layer.type); });
    EXPECT_LE(Macs(*excerpt), excerpt->layers.size() > 24 || !maps ? 1'400'000'000 : 700'000'000);
    for (const Constant& constant : excerpt->constants) {
      largest_weights = std::max(largest_weights, NumElements(constant.shape));
    }
    EXPECT_FALSE(excerpt->layers.empty());
    for (const Layer& layer : excerpt->layers) ++types[layer.type];
    distinct.insert(StructuralHashText(*excerpt));
  }
  EXPECT_GT(distinct.size(), 390u);
  EXPECT_GT(largest_weights, 16'000'000) << "heads whose weights no cache holds";
  for (const LayerType type : {LayerType::kConv,           LayerType::kDepthwiseConv, LayerType::kConvTranspose,
                               LayerType::kFullyConnected, LayerType::kMatMul,        LayerType::kSoftmax,
                               LayerType::kLayerNorm,      LayerType::kAdd,           LayerType::kMul,
                               LayerType::kConcat,         LayerType::kSplit,         LayerType::kSlice,
                               LayerType::kMaxPool,        LayerType::kAveragePool,   LayerType::kGlobalAveragePool,
                               LayerType::kResize,         LayerType::kTranspose,     LayerType::kReshape,
                               LayerType::kBatchNorm,      LayerType::kLrn,           LayerType::kGelu,
                               LayerType::kSilu,           LayerType::kHardSwish}) {
    EXPECT_GT(types[type], 0) << LayerTypeName(type);
  }
  EXPECT_GT(types[LayerType::kConv], 1500) << "networks are made of convolutions";
}

// How exported networks write ConvNeXt's blocks and the step to the next stage; toolchains move transposes through
// them.
TEST(SampleExcerpt, SomeScaleABranchPerChannelAndNormaliseBetweenStages) {
  Random random(1);
  int scaled = 0;
  int stages = 0;
  for (int i = 0; i < 400; ++i) {
    const absl::StatusOr<Network> excerpt = SampleExcerpt(random);
    ASSERT_TRUE(excerpt.ok()) << excerpt.status();
    const std::vector<Layer>& layers = excerpt->layers;
    for (size_t k = 0; k + 2 < layers.size(); ++k) {
      const auto follow = [&](LayerType a, LayerType b, LayerType c) {
        return layers[k].type == a && layers[k + 1].type == b && layers[k + 2].type == c;
      };
      scaled += follow(LayerType::kTranspose, LayerType::kMul, LayerType::kAdd) ? 1 : 0;
      stages += follow(LayerType::kLayerNorm, LayerType::kTranspose, LayerType::kConv) ? 1 : 0;
    }
  }
  EXPECT_GT(scaled, 5);
  EXPECT_GT(stages, 2);
}

TEST(SampleExcerpt, RepeatedBlocksHoldMoreOfFewerKinds) {
  const auto kinds_per_layer = [](ExcerptBlocks blocks) {
    Random random(7);
    double kinds = 0;
    double layers = 0;
    for (int i = 0; i < 400; ++i) {
      const absl::StatusOr<Network> excerpt = SampleExcerpt(random, blocks);
      EXPECT_TRUE(excerpt.ok()) << excerpt.status();
      if (!excerpt.ok()) break;
      std::set<LayerType> types;
      for (const Layer& layer : excerpt->layers) types.insert(layer.type);
      kinds += static_cast<double>(types.size());
      layers += static_cast<double>(excerpt->layers.size());
    }
    return kinds / layers;
  };
  EXPECT_LT(kinds_per_layer(ExcerptBlocks::kRepeated), 0.93 * kinds_per_layer(ExcerptBlocks::kVaried));
}

// What pre-activated networks and NAS-Bench-201's have, and toolchains that fuse normalisation must be asked about.
TEST(SampleExcerpt, RepeatedBlocksNormaliseBehindSums) {
  Random random(7);
  int found = 0;
  for (int i = 0; i < 400; ++i) {
    const absl::StatusOr<Network> excerpt = SampleExcerpt(random, ExcerptBlocks::kRepeated);
    ASSERT_TRUE(excerpt.ok()) << excerpt.status();
    for (const Layer& layer : excerpt->layers) {
      if (layer.type != LayerType::kBatchNorm) continue;
      const LayerId producer = excerpt->tensors[layer.inputs[0]].producer;
      found += producer != kNone && excerpt->layers[producer].type == LayerType::kAdd ? 1 : 0;
    }
  }
  EXPECT_GT(found, 8);
}

TEST(SampleExcerpt, IsNamedByItsSeed) {
  Random a(3);
  Random b(3);
  Random c(4);
  EXPECT_EQ(StructuralHash(*SampleExcerpt(a)), StructuralHash(*SampleExcerpt(b)));
  EXPECT_NE(StructuralHash(*SampleExcerpt(a)), StructuralHash(*SampleExcerpt(c)));
}

TEST(SampleExcerpt, EnginesGetWhatWasDrawn) {
  Random random(5);
  for (int i = 0; i < 60; ++i) {
    const absl::StatusOr<Network> excerpt = SampleExcerpt(random);
    ASSERT_TRUE(excerpt.ok());
    const absl::StatusOr<std::string> onnx = ExportOnnx(*excerpt);
    ASSERT_TRUE(onnx.ok()) << onnx.status();
    const absl::StatusOr<Network> read = ImportOnnx(*onnx, {});
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(Macs(*read), Macs(*excerpt));
  }
}

TEST(NetworkStack, TheFirstErrorStopsItAndIsReturned) {
  NetworkStack stack({1, 8, 4, 4});
  stack.Conv({.kernel = 3, .channels = 16});
  stack.Reshape({1, 7});
  EXPECT_FALSE(stack.ok());
  stack.Conv({.kernel = 3, .channels = 16});
  stack.Classify(10);
  EXPECT_EQ(std::move(stack).Finish("bad").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(NetworkStack, BranchesStartFromKeptTensors) {
  NetworkStack stack({1, 8, 4, 4});
  const TensorId input = stack.tip;
  const TensorId left = stack.Conv({.kernel = 3, .channels = 8});
  stack.tip = input;
  const TensorId right = stack.Depthwise(3, 1, LayerType::kUnspecified);
  stack.Add(left, right);
  const auto [kept, rest] = stack.SplitChannels(3);
  stack.Concat({rest, kept});
  EXPECT_EQ(stack.shape(), (Shape{1, 8, 4, 4}));
  const absl::StatusOr<Network> network = std::move(stack).Finish("branches");
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_EQ(network->layers.size(), 6u);
}

}  // namespace
}  // namespace latimer::benchmark
