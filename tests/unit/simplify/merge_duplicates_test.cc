#include <gtest/gtest.h>

#include "core/benchmark/network_stack.h"
#include "core/network/simplify.h"

namespace latimer {
namespace {

// Two edges of a cell, each with a rectifier of its own before its convolution.
Network Cell(LayerType left, LayerType right) {
  benchmark::NetworkStack stack({1, 8, 4, 4});
  const TensorId input = stack.Conv({.kernel = 3, .channels = 8, .activation = LayerType::kUnspecified});
  stack.Activate(left);
  const TensorId a = stack.Conv({.kernel = 1, .channels = 8, .activation = LayerType::kUnspecified});
  stack.tip = input;
  stack.Activate(right);
  const TensorId b = stack.Conv({.kernel = 3, .channels = 8, .activation = LayerType::kUnspecified});
  stack.Add(a, b);
  return *std::move(stack).Finish("cell");
}

TEST(MergeDuplicates, ComputesAnActivationOnce) {
  const Network cell = Cell(LayerType::kRelu, LayerType::kRelu);
  EXPECT_TRUE(HasDuplicates(cell));
  const Network merged = MergeDuplicates(cell);
  EXPECT_EQ(merged.layers.size(), cell.layers.size() - 1);
  EXPECT_EQ(Macs(merged), Macs(cell));
  EXPECT_FALSE(HasDuplicates(merged));
  const auto relu = std::find_if(merged.layers.begin(), merged.layers.end(),
                                 [](const Layer& layer) { return layer.type == LayerType::kRelu; });
  ASSERT_NE(relu, merged.layers.end());
  EXPECT_EQ(relu->nodes.size(), 2u) << "it stands for both";
  EXPECT_EQ(Consumers(merged)[static_cast<size_t>(relu->outputs[0])].size(), 2u);
}

// Two pooling layers of one tensor and their sum.
Network Pools(int64_t left, int64_t right) {
  benchmark::NetworkStack stack({1, 8, 12, 12});
  const TensorId input = stack.Conv({.kernel = 3, .channels = 8, .activation = LayerType::kUnspecified});
  const TensorId a = stack.AveragePool(left, 2);
  stack.tip = input;
  const TensorId b = stack.AveragePool(right, 2);
  stack.Add(a, b);
  return *std::move(stack).Finish("pools");
}

TEST(MergeDuplicates, PoolsOnceWhereTheWindowsAreTheSame) {
  const Network same = Pools(3, 3);
  EXPECT_TRUE(HasDuplicates(same));
  const Network merged = MergeDuplicates(same);
  EXPECT_EQ(merged.layers.size(), same.layers.size() - 1);
  const Layer& sum = merged.layers.back();
  EXPECT_EQ(sum.inputs[0], sum.inputs[1]);
  const Network different = Pools(3, 5);
  EXPECT_EQ(MergeDuplicates(different).layers.size(), different.layers.size());
}

TEST(MergeDuplicates, SeesThroughWhatStandsBetween) {
  benchmark::NetworkStack stack({1, 8, 4, 4});
  const TensorId input = stack.Conv({.kernel = 3, .channels = 8, .activation = LayerType::kUnspecified});
  const TensorId a = stack.Activate(LayerType::kRelu);
  stack.tip = input;
  const TensorId b = stack.Activate(LayerType::kTanh);
  stack.tip = input;
  const TensorId c = stack.Activate(LayerType::kRelu);
  stack.Add(stack.Add(a, b), c);
  const Network network = *std::move(stack).Finish("three");
  EXPECT_TRUE(HasDuplicates(network));
  EXPECT_EQ(MergeDuplicates(network).layers.size(), network.layers.size() - 1);
}

TEST(MergeDuplicates, LeavesDifferentFunctionsAlone) {
  const Network cell = Cell(LayerType::kRelu, LayerType::kSigmoid);
  EXPECT_FALSE(HasDuplicates(cell));
  EXPECT_EQ(MergeDuplicates(cell).layers.size(), cell.layers.size());
  // UNARY is a name for many functions.
  const Network unary = Cell(LayerType::kUnary, LayerType::kUnary);
  EXPECT_FALSE(HasDuplicates(unary));
  EXPECT_EQ(MergeDuplicates(unary).layers.size(), unary.layers.size());
}

}  // namespace
}  // namespace latimer
