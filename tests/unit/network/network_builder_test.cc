// What a builder makes of layers: shapes, weights, names, operations.
#include "core/network/network_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "network_builder_helpers.h"

namespace latimer {
namespace {

using ::testing::ElementsAre;

TEST(NetworkBuilderTest, BuildsAConvolution) {
  NetworkBuilder builder;
  const TensorId x = *builder.AddInput("x", {1, 3, 32, 32}, DataType::kFloat16);
  const absl::StatusOr<LayerId> id = builder.AddLayer(Spec("conv1", LayerType::kConv, Conv2d(3, 2, 1, 8, true), {x}));
  ASSERT_TRUE(id.ok()) << id.status();
  const absl::StatusOr<Network> network = std::move(builder).Finish({});
  ASSERT_TRUE(network.ok()) << network.status();
  ASSERT_EQ(network->layers.size(), 1u);
  const Layer& layer = network->layers[0];
  EXPECT_EQ(layer.name, "conv1");
  EXPECT_EQ(layer.source_operator, "Conv");
  EXPECT_THAT(layer.inputs, ElementsAre(x));
  EXPECT_THAT(layer.nodes, ElementsAre("conv1"));
  EXPECT_EQ(network->OutputShape(layer), (Shape{1, 8, 16, 16}));
  EXPECT_EQ(network->tensors[layer.outputs[0]].name, "conv1");
  EXPECT_EQ(network->tensors[layer.outputs[0]].type, DataType::kFloat16);
  EXPECT_EQ(network->tensors[layer.outputs[0]].producer, 0);
  ASSERT_EQ(layer.constants.size(), 2u);
  EXPECT_EQ(network->constants[layer.constants[0]].shape, (Shape{8, 3, 3, 3}));
  EXPECT_EQ(network->constants[layer.constants[0]].name, "conv1.weight");
  EXPECT_EQ(network->constants[layer.constants[0]].type, DataType::kFloat16);
  EXPECT_EQ(network->constants[layer.constants[1]].shape, (Shape{8}));
  EXPECT_EQ(ConstantElements(*network, layer), 8 * 3 * 9 + 8);
  EXPECT_EQ(Macs(*network), int64_t{8} * 16 * 16 * 3 * 9);
  EXPECT_THAT(network->outputs, ElementsAre(layer.outputs[0]));
}

TEST(NetworkBuilderTest, ImpliesTheWeightsOfEveryProduct) {
  NetworkBuilder builder;
  const TensorId x = *builder.AddInput("x", {1, 8, 4, 4}, DataType::kFloat32);
  ConvAttributes grouped = Conv2d(3, 1, 1, 16, false);
  grouped.groups = 4;
  ASSERT_TRUE(builder.AddLayer(Spec("grouped", LayerType::kConv, grouped, {x})).ok());
  ConvAttributes depthwise = Conv2d(3, 1, 1, 8, false);
  depthwise.groups = 8;
  ASSERT_TRUE(builder.AddLayer(Spec("depthwise", LayerType::kDepthwiseConv, depthwise, {x})).ok());
  ConvAttributes up = Conv2d(2, 2, 0, 6, true);
  up.groups = 2;
  ASSERT_TRUE(builder.AddLayer(Spec("up", LayerType::kConvTranspose, up, {x})).ok());
  ASSERT_TRUE(
      builder.AddLayer(Spec("dense", LayerType::kFullyConnected, FullyConnectedAttributes{4, 10, true}, {x})).ok());
  const Network network = *std::move(builder).Finish({});
  EXPECT_EQ(network.constants[network.layers[0].constants[0]].shape, (Shape{16, 2, 3, 3}));
  EXPECT_EQ(network.constants[network.layers[1].constants[0]].shape, (Shape{8, 1, 3, 3}));
  EXPECT_EQ(network.constants[network.layers[2].constants[0]].shape, (Shape{8, 3, 2, 2}));
  EXPECT_EQ(network.constants[network.layers[3].constants[0]].shape, (Shape{4, 10}));
  EXPECT_EQ(Macs(network, network.layers[0]), 16 * 16 * 2 * 9);
  EXPECT_EQ(Macs(network, network.layers[1]), 8 * 16 * 9);
  EXPECT_EQ(Macs(network, network.layers[2]), 8 * 16 * 3 * 4);  // every input element meets 3 channels x 2 x 2
  EXPECT_EQ(Macs(network, network.layers[3]), 1 * 8 * 4 * 10 * 4);
  EXPECT_EQ(Macs(network), 16 * 16 * 2 * 9 + 8 * 16 * 9 + 8 * 16 * 12 + 1280);
}

TEST(NetworkBuilderTest, GivenWeightsReplaceImpliedOnes) {
  NetworkBuilder builder;
  const TensorId x = *builder.AddInput("x", {1, 3, 8, 8}, DataType::kFloat32);
  const ConstantId w = *builder.AddConstant("w", {4, 3, 3, 3}, DataType::kFloat32);
  LayerSpec first = Spec("first", LayerType::kConv, Conv2d(3, 1, 1, 4, false), {x});
  first.weights.push_back(w);
  LayerSpec second = Spec("second", LayerType::kConv, Conv2d(3, 1, 1, 4, false), {x});
  second.weights.push_back(w);
  ASSERT_TRUE(builder.AddLayer(first).ok());
  ASSERT_TRUE(builder.AddLayer(second).ok());
  const Network network = *std::move(builder).Finish({});
  EXPECT_EQ(network.constants.size(), 1u);
  EXPECT_THAT(network.layers[1].constants, ElementsAre(w));
  EXPECT_EQ(ComputeMemory(network).weight_bytes, 4 * 27 * 4);  // shared: counted once
}

TEST(NetworkBuilderTest, ComputedWeightsAreNotImpliedAgain) {
  NetworkBuilder builder;
  const TensorId x = *builder.AddInput("x", {1, 3, 8, 8}, DataType::kFloat32);
  const TensorId w = *builder.AddInput("w", {4, 3, 3, 3}, DataType::kFloat32);
  ASSERT_TRUE(builder.AddLayer(Spec("conv", LayerType::kConv, Conv2d(3, 1, 1, 4, false), {x, w})).ok());
  const Network network = *std::move(builder).Finish({});
  EXPECT_TRUE(network.constants.empty());
  EXPECT_THAT(network.layers[0].inputs, ElementsAre(x, w));
  EXPECT_EQ(Macs(network), 4 * 64 * 27);
}

TEST(NetworkBuilderTest, MatMulCountsTheInnerSizeWhicheverOperandIsConstant) {
  NetworkBuilder builder;
  const TensorId x = *builder.AddInput("x", {2, 5, 7}, DataType::kFloat32);
  const ConstantId left = *builder.AddConstant("left", {2, 11, 5}, DataType::kFloat32);
  const ConstantId right = *builder.AddConstant("right", {2, 7, 13}, DataType::kFloat32);
  LayerSpec a = Spec("a", LayerType::kMatMul, MatMulAttributes{}, {});
  a.operands = {Operand::Fixed(left), Operand::Activation(x)};
  LayerSpec b = Spec("b", LayerType::kMatMul, MatMulAttributes{}, {});
  b.operands = {Operand::Activation(x), Operand::Fixed(right)};
  LayerSpec c = Spec("c", LayerType::kMatMul, MatMulAttributes{true, false}, {x, x});
  for (const LayerSpec& spec : {a, b, c}) ASSERT_TRUE(builder.AddLayer(spec).ok());
  const Network network = *std::move(builder).Finish({});
  EXPECT_EQ(network.OutputShape(network.layers[0]), (Shape{2, 11, 7}));
  EXPECT_EQ(Macs(network, network.layers[0]), 2 * 11 * 7 * 5);
  EXPECT_EQ(network.OutputShape(network.layers[1]), (Shape{2, 5, 13}));
  EXPECT_EQ(Macs(network, network.layers[1]), 2 * 5 * 13 * 7);
  EXPECT_EQ(network.OutputShape(network.layers[2]), (Shape{2, 7, 7}));
  EXPECT_EQ(Macs(network, network.layers[2]), 2 * 7 * 7 * 5);
}

TEST(NetworkBuilderTest, ConstantOperandsTakePartInShapes) {
  NetworkBuilder builder;
  const TensorId x = *builder.AddInput("ids", {1, 64}, DataType::kInt64);
  const ConstantId table = *builder.AddConstant("table", {1000, 128}, DataType::kFloat32);
  const ConstantId scale = *builder.AddConstant("scale", {3, 1, 1}, DataType::kFloat32);
  LayerSpec gather = Spec("gather", LayerType::kGather, AxisAttributes{0}, {});
  gather.operands = {Operand::Fixed(table), Operand::Activation(x)};
  gather.output_type = DataType::kFloat32;
  const LayerId id = *builder.AddLayer(gather);
  LayerSpec mul = Spec("mul", LayerType::kMul, {}, {builder.network().layers[id].outputs[0]});
  mul.operands.push_back(Operand::Fixed(scale));
  ASSERT_TRUE(builder.AddLayer(mul).ok());
  const Network network = *std::move(builder).Finish({});
  EXPECT_EQ(network.OutputShape(network.layers[0]), (Shape{1, 64, 128}));
  EXPECT_THAT(network.layers[0].inputs, ElementsAre(x));
  EXPECT_THAT(network.layers[0].constants, ElementsAre(table));
  EXPECT_EQ(network.tensors[network.layers[0].outputs[0]].type, DataType::kFloat32);
  EXPECT_EQ(network.OutputShape(network.layers[1]), (Shape{3, 64, 128}));
}

TEST(NetworkBuilderTest, NamesOutputs) {
  NetworkBuilder builder;
  const TensorId x = *builder.AddInput("x", {1, 6}, DataType::kFloat32);
  LayerSpec split = Spec("split", LayerType::kSplit, SplitAttributes{1, {1, 2, 3}}, {x});
  split.output_names = {"first"};
  ASSERT_TRUE(builder.AddLayer(split).ok());
  EXPECT_NE(builder.FindTensor("first"), kNone);
  EXPECT_EQ(builder.network().tensors[builder.FindTensor("split:1")].shape, (Shape{1, 2}));
  EXPECT_EQ(builder.network().tensors[builder.FindTensor("split:2")].shape, (Shape{1, 3}));
  EXPECT_EQ(builder.FindTensor("split"), kNone);
  const LayerId nameless = *builder.AddLayer(Spec("", LayerType::kRelu, {}, {x}));
  EXPECT_EQ(builder.network().layers[nameless].name, "layer1");
  EXPECT_NE(builder.FindTensor("layer1"), kNone);
}

TEST(NetworkBuilderTest, NamesAreCopied) {
  NetworkBuilder builder;
  {
    std::string name = "short-lived name of an input";
    ASSERT_TRUE(builder.AddInput(name, {1, 6}, DataType::kFloat32).ok());
    std::string layer = "short-lived name of a layer";
    std::string source = "ShortLivedOperator";
    LayerSpec spec = Spec(layer, LayerType::kRelu, {}, {0});
    spec.source_operator = source;
    ASSERT_TRUE(builder.AddLayer(spec).ok());
    name.assign(name.size(), '#');
    layer.assign(layer.size(), '#');
    source.assign(source.size(), '#');
  }
  EXPECT_EQ(builder.FindTensor("short-lived name of an input"), 0);
  const Network network = *std::move(builder).Finish({});
  EXPECT_EQ(network.layers[0].name, "short-lived name of a layer");
  EXPECT_EQ(network.layers[0].source_operator, "ShortLivedOperator");
  EXPECT_EQ(network.tensors[0].name, "short-lived name of an input");
}

TEST(NetworkBuilderTest, OpenAttributesAreWrittenOut) {
  NetworkBuilder builder;
  const TensorId x = *builder.AddInput("x", {2, 3, 4}, DataType::kFloat32);
  ASSERT_TRUE(builder.AddLayer(Spec("transpose", LayerType::kTranspose, TransposeAttributes{}, {x})).ok());
  ASSERT_TRUE(builder.AddLayer(Spec("all", LayerType::kReduce, ReduceAttributes{}, {x})).ok());
  ASSERT_TRUE(builder.AddLayer(Spec("some", LayerType::kReduce, ReduceAttributes{{-1, 0}, true}, {x})).ok());
  ASSERT_TRUE(builder.AddLayer(Spec("slice", LayerType::kSlice, SliceAttributes{{-1}, {0}, {2}, {}}, {x})).ok());
  ASSERT_TRUE(builder.AddLayer(Spec("softmax", LayerType::kSoftmax, AxisAttributes{-1}, {x})).ok());
  ASSERT_TRUE(builder.AddLayer(Spec("split", LayerType::kSplit, SplitAttributes{-3, {1, 1}}, {x})).ok());
  const std::vector<Layer>& layers = builder.network().layers;
  EXPECT_THAT(std::get<TransposeAttributes>(layers[0].attributes).permutation, ElementsAre(2, 1, 0));
  EXPECT_THAT(std::get<ReduceAttributes>(layers[1].attributes).axes, ElementsAre(0, 1, 2));
  EXPECT_THAT(std::get<ReduceAttributes>(layers[2].attributes).axes, ElementsAre(0, 2));
  EXPECT_THAT(std::get<SliceAttributes>(layers[3].attributes).axes, ElementsAre(2));
  EXPECT_THAT(std::get<SliceAttributes>(layers[3].attributes).steps, ElementsAre(1));
  EXPECT_EQ(std::get<AxisAttributes>(layers[4].attributes).axis, 2);
  EXPECT_EQ(std::get<SplitAttributes>(layers[5].attributes).axis, 0);
}

TEST(NetworkBuilderTest, UnknownLayersTakeDeclaredShapes) {
  NetworkBuilder builder;
  const TensorId x = *builder.AddInput("x", {1, 6}, DataType::kFloat32);
  LayerSpec spec = Spec("odd", LayerType::kUnknown, {}, {x});
  spec.source_operator = "NonMaxSuppression";
  spec.declared_output_shapes = {{3, 4}, {5}};
  spec.output_names = {"boxes", "", "third"};
  ASSERT_TRUE(builder.AddLayer(spec).ok());
  const Layer& layer = builder.network().layers[0];
  ASSERT_EQ(layer.outputs.size(), 3u);
  EXPECT_EQ(builder.network().OutputShape(layer, 0), (Shape{3, 4}));
  EXPECT_EQ(builder.network().OutputShape(layer, 1), (Shape{5}));
  EXPECT_EQ(builder.network().OutputShape(layer, 2), (Shape{3, 4}));
  EXPECT_EQ(layer.source_operator, "NonMaxSuppression");
  LayerSpec plain = Spec("plain", LayerType::kUnknown, {}, {x});
  ASSERT_TRUE(builder.AddLayer(plain).ok());
  EXPECT_EQ(builder.network().OutputShape(builder.network().layers[1]), (Shape{1, 6}));
}

TEST(NetworkBuilderTest, AliasesNameTheSameTensor) {
  NetworkBuilder builder;
  const TensorId x = *builder.AddInput("x", {1, 6}, DataType::kFloat32);
  ASSERT_TRUE(builder.AddLayer(Spec("relu", LayerType::kRelu, {}, {x})).ok());
  ASSERT_TRUE(builder.AddAlias("y", builder.FindTensor("relu")).ok());
  builder.AddFreeNode("identity");
  EXPECT_EQ(builder.FindTensor("y"), builder.FindTensor("relu"));
  EXPECT_EQ(GetErrorDetails(builder.AddAlias("y", x))->reason, "DUPLICATE_NAME");
  const Network network = *std::move(builder).Finish({"y", "relu"});
  EXPECT_EQ(network.outputs.size(), 1u);  // one tensor under two names
  EXPECT_THAT(network.free_nodes, ElementsAre("identity"));
}

TEST(NetworkBuilderTest, OutputsAreWhatNobodyReadsUnlessNamed) {
  NetworkBuilder builder;
  const TensorId x = *builder.AddInput("x", {1, 6}, DataType::kFloat32);
  ASSERT_TRUE(builder.AddInput("unread", {1}, DataType::kFloat32).ok());
  ASSERT_TRUE(builder.AddLayer(Spec("a", LayerType::kRelu, {}, {x})).ok());
  ASSERT_TRUE(builder.AddLayer(Spec("b", LayerType::kRelu, {}, {builder.FindTensor("a")})).ok());
  ASSERT_TRUE(builder.AddLayer(Spec("c", LayerType::kTanh, {}, {builder.FindTensor("a")})).ok());
  const TensorId b = builder.FindTensor("b");
  const TensorId c = builder.FindTensor("c");
  const Network network = *std::move(builder).Finish({});
  EXPECT_THAT(network.outputs, ElementsAre(b, c));
}

TEST(NetworkBuilderTest, WarningsOfOneKindAreMerged) {
  NetworkBuilder builder;
  for (int i = 0; i < 30; ++i) {
    builder.AddWarning(ImportWarning::Code::kUnknownOperator, "operator Foo is not known", "node" + std::to_string(i));
  }
  builder.AddWarning(ImportWarning::Code::kUnknownOperator, "operator Bar is not known", "bar");
  builder.AddWarning(ImportWarning::Code::kAssumedShape, "operator Foo is not known", "");
  const std::vector<ImportWarning>& warnings = builder.network().warnings;
  ASSERT_EQ(warnings.size(), 3u);
  EXPECT_EQ(warnings[0].count, 30);
  EXPECT_EQ(warnings[0].nodes.size(), 20u);
  EXPECT_EQ(warnings[0].nodes[19], "node19");
  EXPECT_EQ(warnings[1].count, 1);
  EXPECT_TRUE(warnings[2].nodes.empty());
}

TEST(NetworkTest, ConsumersListEveryReaderOnce) {
  NetworkBuilder builder;
  const TensorId x = *builder.AddInput("x", {1, 6}, DataType::kFloat32);
  ASSERT_TRUE(builder.AddLayer(Spec("a", LayerType::kMul, {}, {x, x})).ok());
  ASSERT_TRUE(builder.AddLayer(Spec("b", LayerType::kAdd, {}, {x, builder.FindTensor("a")})).ok());
  const Network network = *std::move(builder).Finish({});
  const auto consumers = Consumers(network);
  ASSERT_EQ(consumers.size(), 3u);
  EXPECT_THAT(consumers[static_cast<size_t>(x)], ElementsAre(0, 1));
  EXPECT_THAT(consumers[1], ElementsAre(1));
  EXPECT_TRUE(consumers[2].empty());
}

TEST(NetworkTest, MovesWithItsNames) {
  NetworkBuilder builder;
  const TensorId x = *builder.AddInput("x", {1, 6}, DataType::kFloat32);
  for (int i = 0; i < 2000; ++i) {
    ASSERT_TRUE(builder.AddLayer(Spec("layer with a long name " + std::to_string(i), LayerType::kRelu, {}, {x})).ok());
  }
  Network first = *std::move(builder).Finish({});
  Network second = std::move(first);
  Network third;
  third = std::move(second);
  for (int i = 0; i < 2000; ++i) {
    ASSERT_EQ(third.layers[static_cast<size_t>(i)].name, "layer with a long name " + std::to_string(i));
  }
}

}  // namespace
}  // namespace latimer
