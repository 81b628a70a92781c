// Memory of weights and of activations alive at one time.
#include <gtest/gtest.h>

#include "core/network/network.h"
#include "core/network/network_builder.h"
#include "network_builder_helpers.h"

namespace latimer {
namespace {

TEST(MemoryTest, AChainHoldsTwoTensorsAtATime) {
  NetworkBuilder builder;
  TensorId x = *builder.AddInput("x", {100}, DataType::kFloat32);
  for (const char* name : {"a", "b", "c"}) {
    const LayerId id = *builder.AddLayer(Spec(name, LayerType::kRelu, {}, {x}));
    x = builder.network().layers[id].outputs[0];
  }
  const Network network = *std::move(builder).Finish({});
  EXPECT_EQ(ComputeMemory(network).peak_activation_bytes, 2 * 400);
  EXPECT_EQ(ComputeMemory(network).weight_bytes, 0);
}

TEST(MemoryTest, AShortcutKeepsItsTensorAlive) {
  NetworkBuilder builder;
  const TensorId x = *builder.AddInput("x", {100}, DataType::kFloat32);
  ASSERT_TRUE(builder.AddLayer(Spec("a", LayerType::kRelu, {}, {x})).ok());
  ASSERT_TRUE(builder.AddLayer(Spec("b", LayerType::kRelu, {}, {builder.FindTensor("a")})).ok());
  ASSERT_TRUE(builder.AddLayer(Spec("sum", LayerType::kAdd, {}, {x, builder.FindTensor("b")})).ok());
  const Network network = *std::move(builder).Finish({});
  EXPECT_EQ(ComputeMemory(network).peak_activation_bytes, 3 * 400);
}

TEST(MemoryTest, OutputsStayAliveAndUnreadTensorsDoNot) {
  NetworkBuilder builder;
  const TensorId x = *builder.AddInput("x", {100}, DataType::kFloat32);
  ASSERT_TRUE(builder.AddLayer(Spec("early", LayerType::kRelu, {}, {x})).ok());
  ASSERT_TRUE(builder.AddLayer(Spec("late", LayerType::kRelu, {}, {x})).ok());
  const Network network = *std::move(builder).Finish({"early", "late"});
  EXPECT_EQ(ComputeMemory(network).peak_activation_bytes, 3 * 400);

  NetworkBuilder other;
  const TensorId y = *other.AddInput("x", {100}, DataType::kFloat32);
  ASSERT_TRUE(other.AddLayer(Spec("unread", LayerType::kRelu, {}, {y})).ok());
  ASSERT_TRUE(other.AddLayer(Spec("late", LayerType::kRelu, {}, {y})).ok());
  EXPECT_EQ(ComputeMemory(*std::move(other).Finish({"late"})).peak_activation_bytes, 2 * 400);
}

TEST(MemoryTest, AReshapeSharesMemory) {
  NetworkBuilder builder;
  const TensorId x = *builder.AddInput("x", {100}, DataType::kFloat32);
  ASSERT_TRUE(builder.AddLayer(Spec("flat", LayerType::kReshape, OutputShapeAttributes{{10, 10}}, {x})).ok());
  ASSERT_TRUE(
      builder.AddLayer(Spec("again", LayerType::kReshape, OutputShapeAttributes{{50, 2}}, {builder.FindTensor("flat")}))
          .ok());
  ASSERT_TRUE(builder.AddLayer(Spec("relu", LayerType::kRelu, {}, {builder.FindTensor("again")})).ok());
  ASSERT_TRUE(
      builder.AddLayer(Spec("add", LayerType::kAdd, {}, {builder.FindTensor("relu"), builder.FindTensor("again")}))
          .ok());
  const Network network = *std::move(builder).Finish({});
  EXPECT_EQ(ComputeMemory(network).peak_activation_bytes, 3 * 400);
}

TEST(MemoryTest, BitWidthsApplyToFloatingPointOnly) {
  NetworkBuilder builder;
  const TensorId ids = *builder.AddInput("ids", {10}, DataType::kInt64);
  const ConstantId table = *builder.AddConstant("table", {7, 3}, DataType::kFloat32);
  const ConstantId index = *builder.AddConstant("index", {5}, DataType::kInt32);
  LayerSpec gather = Spec("gather", LayerType::kGather, AxisAttributes{0}, {});
  gather.operands = {Operand::Fixed(table), Operand::Activation(ids)};
  gather.weights.push_back(index);
  gather.output_type = DataType::kFloat32;
  ASSERT_TRUE(builder.AddLayer(gather).ok());
  const Network network = *std::move(builder).Finish({});
  EXPECT_EQ(ComputeMemory(network).weight_bytes, 21 * 4 + 5 * 4);
  EXPECT_EQ(ComputeMemory(network).peak_activation_bytes, 80 + 30 * 4);
  EXPECT_EQ(ComputeMemory(network, 8, 16).weight_bytes, 21 * 2 + 5 * 4);
  EXPECT_EQ(ComputeMemory(network, 8, 16).peak_activation_bytes, 80 + 30);
}

TEST(MemoryTest, OddBitWidthsRoundUpToBytes) {
  NetworkBuilder builder;
  const TensorId x = *builder.AddInput("x", {3}, DataType::kFloat32);
  const ConstantId w = *builder.AddConstant("w", {11}, DataType::kFloat32);
  LayerSpec relu = Spec("r", LayerType::kPRelu, {}, {x});
  relu.weights.push_back(w);
  ASSERT_TRUE(builder.AddLayer(relu).ok());
  const Network network = *std::move(builder).Finish({});
  EXPECT_EQ(ComputeMemory(network, 4, 4).weight_bytes, 6);
  EXPECT_EQ(ComputeMemory(network, 4, 4).peak_activation_bytes, 2 + 2);
  EXPECT_EQ(ComputeMemory(network, 1, 1).weight_bytes, 2);
}

TEST(MemoryTest, UnreadInputsTakeMemory) {
  NetworkBuilder builder;
  const TensorId x = *builder.AddInput("x", {10}, DataType::kFloat32);
  ASSERT_TRUE(builder.AddInput("unread", {1000}, DataType::kFloat32).ok());
  ASSERT_TRUE(builder.AddLayer(Spec("a", LayerType::kRelu, {}, {x})).ok());
  const Network network = *std::move(builder).Finish({});
  EXPECT_EQ(ComputeMemory(network).peak_activation_bytes, 4000 + 40 + 40);
}

}  // namespace
}  // namespace latimer
