#include "core/mapping/graph_context.h"

#include <gtest/gtest.h>

#include "core/benchmark/network_stack.h"
#include "core/mapping/features.h"

namespace latimer {
namespace {

LayerId Find(const Network& network, LayerType type) {
  for (LayerId id = 0; id < static_cast<LayerId>(network.layers.size()); ++id) {
    if (network.layers[id].type == type) return id;
  }
  return kNone;
}

UnitFeatures Describe(const Network& network, std::vector<LayerId> layers, double flushed = 0) {
  UnitFeatures features = ComputeFeatures(network, layers, 32, 32);
  const BlockedLayout layout;
  GraphContext(network, layout, 32, 32, flushed).Describe(layers, features);
  return features;
}

TEST(GraphContext, TellsNeighboursBehindReshapes) {
  benchmark::NetworkStack stack({1, 8, 4, 4});
  stack.Conv({.kernel = 3, .channels = 24, .activation = LayerType::kSilu});
  stack.GlobalAveragePool();
  stack.Reshape({1, 24});
  stack.FullyConnected(10);
  stack.Softmax();
  const Network network = *std::move(stack).Finish("net");
  const UnitFeatures conv = Describe(network, {0, 1});
  EXPECT_EQ(conv.producer, LayerType::kUnspecified) << "an input of the network";
  EXPECT_EQ(conv.producer_channels, 8);
  EXPECT_EQ(conv.fused_activation, LayerType::kSilu);
  EXPECT_EQ(conv.consumer, LayerType::kGlobalAveragePool);
  const UnitFeatures product = Describe(network, {Find(network, LayerType::kFullyConnected)});
  EXPECT_EQ(product.producer, LayerType::kGlobalAveragePool);
  EXPECT_EQ(product.producer_channels, 24);
  const UnitFeatures softmax = Describe(network, {Find(network, LayerType::kSoftmax)});
  EXPECT_EQ(softmax.axis, 1) << "the last dimension";
  EXPECT_EQ(softmax.consumer, LayerType::kUnspecified) << "its result is the network's";
}

TEST(GraphContext, KnowsHowMuchStandsBetweenTwoReadsOfAWeight) {
  benchmark::NetworkStack stack({1, 64, 4, 4});
  stack.Conv({.kernel = 3, .channels = 64, .activation = LayerType::kRelu});
  stack.Conv({.kernel = 3, .channels = 64, .activation = LayerType::kUnspecified});
  const Network network = *std::move(stack).Finish("net");
  const int16_t small = Describe(network, {0}).residency;
  EXPECT_GT(small, 0);
  EXPECT_EQ(Describe(network, {0}, 64e6).residency, 2 * 26) << "64 MB and a little are 2^26 bytes";
  EXPECT_LT(small, 2 * 20);
}

TEST(GraphContext, KnowsMemoryThatIsUsedForTheFirstTime) {
  benchmark::NetworkStack stack({1, 8, 16, 16});
  stack.Conv({.kernel = 3, .channels = 8, .activation = LayerType::kRelu});
  stack.Conv({.kernel = 3, .channels = 8, .activation = LayerType::kUnspecified});
  stack.Conv({.kernel = 3, .channels = 8, .activation = LayerType::kUnspecified});
  const Network network = *std::move(stack).Finish("net");
  EXPECT_GT(Describe(network, {0}).freshness, 0);
  EXPECT_EQ(Describe(network, {1}).freshness, 0) << "in place";
  EXPECT_GT(Describe(network, {2}).freshness, 0) << "its operand is still there";
  EXPECT_EQ(Describe(network, {3}).freshness, 0) << "over what the first one left";
}

TEST(GraphContext, CountsSumsInsideTheUnit) {
  benchmark::NetworkStack stack({1, 8, 4, 4});
  const TensorId input = stack.tip;
  const TensorId main = stack.Conv({.kernel = 3, .channels = 8, .activation = LayerType::kUnspecified});
  stack.Add(main, input);
  stack.Activate(LayerType::kRelu);
  const Network network = *std::move(stack).Finish("net");
  const UnitFeatures features = Describe(network, {0, 1, 2});
  EXPECT_EQ(features.fused_sums, 1);
  EXPECT_EQ(features.fused_activation, LayerType::kRelu);
}

}  // namespace
}  // namespace latimer
