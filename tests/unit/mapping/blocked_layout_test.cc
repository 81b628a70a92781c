#include "core/mapping/blocked_layout.h"

#include <gtest/gtest.h>

#include "core/benchmark/network_stack.h"

namespace latimer {
namespace {

using benchmark::NetworkStack;

constexpr LayerType kNoActivation = LayerType::kUnspecified;

int Count(const BlockedLayout& layout, bool to_blocks) {
  int count = 0;
  for (const LayoutChange& change : layout.changes()) count += change.to_blocks == to_blocks ? 1 : 0;
  return count;
}

TEST(BlockedLayout, FirstLayersReadTheUsualLayoutAndTheCallerGetsIt) {
  NetworkStack stack({1, 3, 32, 32});
  stack.Conv({.kernel = 3, .channels = 32});
  stack.Conv({.kernel = 3, .channels = 64});
  const Network network = *std::move(stack).Finish("net");
  const BlockedLayout layout(network, 16);
  EXPECT_EQ(Count(layout, true), 0) << "three channels fill no block: read as they are";
  ASSERT_EQ(layout.changes().size(), 1u);
  EXPECT_FALSE(layout.changes()[0].to_blocks);
  EXPECT_EQ(layout.changes()[0].tensor, network.outputs[0]);
  EXPECT_TRUE(layout.changes()[0].readers.empty()) << "the caller alone";
}

TEST(BlockedLayout, ChangesOnceForAllReaders) {
  NetworkStack stack({1, 32, 8, 8});
  const TensorId input = stack.tip;
  const TensorId left = stack.Conv({.kernel = 1, .channels = 16, .activation = kNoActivation});
  stack.tip = input;
  const TensorId right = stack.Conv({.kernel = 3, .channels = 16, .activation = kNoActivation});
  stack.Concat({left, right});
  const Network network = *std::move(stack).Finish("net");
  const BlockedLayout layout(network, 16);
  ASSERT_EQ(layout.changes().size(), 2u);
  EXPECT_EQ(layout.changes()[0].tensor, input);
  EXPECT_TRUE(layout.changes()[0].to_blocks);
  EXPECT_EQ(layout.changes()[0].readers, (absl::InlinedVector<LayerId, 2>{0, 1}));
  EXPECT_TRUE(layout.IsBlocked(network.outputs[0])) << "whole blocks joined stay blocks";
}

TEST(BlockedLayout, ChannelsDecideAboutJoins) {
  NetworkStack stack({1, 32, 8, 8});
  const TensorId input = stack.tip;
  const TensorId left = stack.Conv({.kernel = 1, .channels = 24, .activation = kNoActivation});
  stack.tip = input;
  const TensorId right = stack.Conv({.kernel = 1, .channels = 24, .activation = kNoActivation});
  stack.Concat({left, right});
  const Network network = *std::move(stack).Finish("net");
  const BlockedLayout layout(network, 16);
  EXPECT_FALSE(layout.IsBlocked(network.outputs[0]));
  EXPECT_EQ(Count(layout, false), 2) << "each operand is brought back";
}

TEST(BlockedLayout, ActivationsThatKnowNoBlocksBringTheirInputBack) {
  for (const auto& [type, passes] : {std::pair{LayerType::kRelu, true}, std::pair{LayerType::kSilu, false}}) {
    NetworkStack stack({1, 32, 8, 8});
    stack.Conv({.kernel = 3, .channels = 32, .activation = type});
    stack.Conv({.kernel = 3, .channels = 32, .activation = kNoActivation});
    const Network network = *std::move(stack).Finish("net");
    const BlockedLayout layout(network, 16);
    EXPECT_EQ(layout.IsBlocked(network.layers[1].outputs[0]), passes);
    EXPECT_EQ(layout.changes().size(), passes ? 2u : 4u);
  }
}

TEST(BlockedLayout, NoBlocksNoChanges) {
  NetworkStack stack({1, 32, 8, 8});
  stack.Conv({.kernel = 3, .channels = 32});
  const Network network = *std::move(stack).Finish("net");
  const BlockedLayout layout(network, 0);
  EXPECT_TRUE(layout.changes().empty());
  EXPECT_FALSE(layout.IsBlocked(network.outputs[0]));
}

TEST(BlockedLayout, AChangeIsAUnitOfTheTensorsSize) {
  NetworkStack stack({1, 32, 8, 8});
  stack.Conv({.kernel = 3, .channels = 48, .activation = kNoActivation});
  const Network network = *std::move(stack).Finish("net");
  const BlockedLayout layout(network, 16);
  const UnitFeatures features = LayoutChangeFeatures(network, layout.changes().back(), 32);
  EXPECT_EQ(features.c_out, 48);
  EXPECT_EQ(features.output_bytes, 48 * 8 * 8 * 4);
  EXPECT_EQ(features.operations, 0);
}

}  // namespace
}  // namespace latimer
