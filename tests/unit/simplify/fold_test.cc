// What goes into the layer before or after it: BatchNorm, factors and sums per channel, padding.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simplify_graph.h"

namespace latimer {
namespace {

using ::testing::ElementsAre;

const ConvAttributes& ConvOf(const Layer& layer) { return std::get<ConvAttributes>(layer.attributes); }

TEST(FoldAffine, BatchNormGoesIntoTheConvolution) {
  Graph graph;
  graph.Add(LayerType::kRelu, {graph.BatchNorm(graph.Conv(graph.Input({1, 3, 8, 8}), 3, 4, false))});
  const Network network = SimplifyChecked(graph.Done());
  EXPECT_THAT(Types(network), ElementsAre(LayerType::kConv, LayerType::kRelu));
  const Layer& conv = network.layers[0];
  EXPECT_THAT(conv.nodes, ElementsAre("Conv0", "BatchNorm1"));
  EXPECT_TRUE(ConvOf(conv).bias);
  // The normalisation's shift becomes a bias; its own four constants are gone.
  ASSERT_EQ(conv.constants.size(), 2u);
  EXPECT_EQ(network.constants[conv.constants[1]].shape, (Shape{4}));
  EXPECT_EQ(ConstantElements(network, conv), 4 * 3 * 9 + 4);
}

TEST(FoldAffine, ABiasThatIsThereTakesTheShift) {
  Graph graph;
  graph.BatchNorm(graph.Conv(graph.Input({1, 3, 8, 8}), 3, 4, true));
  const Network network = SimplifyChecked(graph.Done());
  EXPECT_THAT(Types(network), ElementsAre(LayerType::kConv));
  EXPECT_EQ(network.layers[0].constants.size(), 2u);
}

TEST(FoldAffine, DepthwiseAndTransposedConvolutionsTakeThemToo) {
  Graph graph;
  const TensorId x = graph.BatchNorm(graph.Conv(graph.Input({1, 4, 8, 8}), 3, 4, false, 4));
  ConvAttributes up;
  up.kernel = up.stride = {2, 2};
  up.dilation = {1, 1};
  up.pad_begin = up.pad_end = up.output_padding = {0, 0};
  up.output_channels = 6;
  graph.BatchNorm(graph.Add(LayerType::kConvTranspose, {x}, up));
  const Network network = SimplifyChecked(graph.Done());
  EXPECT_THAT(Types(network), ElementsAre(LayerType::kDepthwiseConv, LayerType::kConvTranspose));
}

TEST(FoldAffine, BatchNormStaysBehindAnythingElse) {
  Graph graph;
  graph.BatchNorm(graph.Add(LayerType::kRelu, {graph.Input({1, 3, 8, 8})}));
  graph.BatchNorm(graph.Input({1, 3, 8, 8}));
  EXPECT_THAT(Types(SimplifyChecked(graph.Done())),
              ElementsAre(LayerType::kRelu, LayerType::kBatchNorm, LayerType::kBatchNorm));
}

TEST(FoldAffine, NotWhereAnotherLayerReadsTheConvolution) {
  Graph graph;
  const TensorId conv = graph.Conv(graph.Input({1, 3, 8, 8}), 3, 4, false);
  graph.Add(LayerType::kAdd, {graph.BatchNorm(conv), conv});
  EXPECT_THAT(Types(SimplifyChecked(graph.Done())),
              ElementsAre(LayerType::kConv, LayerType::kBatchNorm, LayerType::kAdd));
}

TEST(FoldAffine, NotWhereTheConvolutionIsAnOutput) {
  Graph graph;
  const TensorId conv = graph.Conv(graph.Input({1, 3, 8, 8}), 3, 4, false);
  graph.BatchNorm(conv);
  EXPECT_THAT(Types(SimplifyChecked(graph.Done({conv}))), ElementsAre(LayerType::kConv, LayerType::kBatchNorm));
}

TEST(FoldAffine, FactorsAndSumsPerChannelGoIn) {
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{4, 1, 1}, Shape{1, 4, 1, 1}, Shape{1, 1, 1, 1}}) {
    SCOPED_TRACE(ShapeToString(shape));
    Graph graph;
    const TensorId scaled = graph.WithTable(LayerType::kMul, graph.Conv(graph.Input({1, 3, 8, 8}), 3, 4, false), shape);
    graph.WithTable(LayerType::kSub, graph.WithTable(LayerType::kAdd, scaled, shape), shape);
    const Network network = SimplifyChecked(graph.Done());
    EXPECT_THAT(Types(network), ElementsAre(LayerType::kConv));
    EXPECT_THAT(network.layers[0].nodes, ElementsAre("Conv0", "Mul1", "Add2", "Sub3"));
    EXPECT_EQ(ConstantElements(network, network.layers[0]), 4 * 3 * 9 + 4);
  }
}

TEST(FoldAffine, AFactorAloneAddsNoBias) {
  Graph graph;
  graph.WithTable(LayerType::kMul, graph.Conv(graph.Input({1, 3, 8, 8}), 3, 4, false), {4, 1, 1});
  const Network network = SimplifyChecked(graph.Done());
  EXPECT_FALSE(ConvOf(network.layers[0]).bias);
  EXPECT_EQ(network.layers[0].constants.size(), 1u);
}

TEST(FoldAffine, FactorsThatDifferWithinAChannelStay) {
  // {6} lies along the width, {4, 6, 1} along channel and height.
  for (const Shape& shape : {Shape{6}, Shape{6, 1}, Shape{4, 6, 1}, Shape{1, 4, 6, 6}}) {
    SCOPED_TRACE(ShapeToString(shape));
    Graph graph;
    graph.WithTable(LayerType::kMul, graph.Conv(graph.Input({1, 3, 8, 8}), 3, 4, false), shape);
    EXPECT_THAT(Types(SimplifyChecked(graph.Done())), ElementsAre(LayerType::kConv, LayerType::kMul));
  }
}

TEST(FoldAffine, AConstantThatMakesTheOutputLargerStays) {
  Graph graph;
  graph.WithTable(LayerType::kAdd, graph.Conv(graph.Input({1, 3, 3, 3}), 3, 1, false), {4, 1, 1});
  EXPECT_THAT(Types(SimplifyChecked(graph.Done())), ElementsAre(LayerType::kConv, LayerType::kAdd));
}

TEST(FoldAffine, OtherOperationsWithConstantsStay) {
  for (LayerType type : {LayerType::kDiv, LayerType::kMax, LayerType::kPow}) {
    Graph graph;
    graph.WithScalar(type, graph.Conv(graph.Input({1, 3, 8, 8}), 3, 4, false), 2);
    EXPECT_THAT(Types(SimplifyChecked(graph.Done())), ElementsAre(LayerType::kConv, type));
  }
}

TEST(FoldAffine, ProductsTakeTheirBias) {
  Graph graph;
  const TensorId product =
      graph.Add(LayerType::kFullyConnected, {graph.Input({2, 5, 16})}, FullyConnectedAttributes{16, 10, false});
  graph.WithTable(LayerType::kAdd, product, {10});
  const Network network = SimplifyChecked(graph.Done());
  EXPECT_THAT(Types(network), ElementsAre(LayerType::kFullyConnected));
  EXPECT_TRUE(std::get<FullyConnectedAttributes>(network.layers[0].attributes).bias);
  EXPECT_EQ(ConstantElements(network, network.layers[0]), 16 * 10 + 10);
}

TEST(FoldAffine, ASumPerRowOfAProductStays) {
  Graph graph;
  const TensorId product =
      graph.Add(LayerType::kFullyConnected, {graph.Input({2, 5, 16})}, FullyConnectedAttributes{16, 10, false});
  graph.WithTable(LayerType::kAdd, product, {5, 1});
  EXPECT_THAT(Types(SimplifyChecked(graph.Done())), ElementsAre(LayerType::kFullyConnected, LayerType::kAdd));
}

TEST(FoldAffine, BatchNormOverRowsOfAProductStays) {
  Graph graph;
  graph.BatchNorm(
      graph.Add(LayerType::kFullyConnected, {graph.Input({2, 5, 16})}, FullyConnectedAttributes{16, 10, false}));
  // With two dimensions the features are the channels.
  graph.BatchNorm(
      graph.Add(LayerType::kFullyConnected, {graph.Input({2, 16})}, FullyConnectedAttributes{16, 10, false}));
  EXPECT_THAT(Types(SimplifyChecked(graph.Done())),
              ElementsAre(LayerType::kFullyConnected, LayerType::kBatchNorm, LayerType::kFullyConnected));
}

PadAttributes Pad(Shape begin, Shape end) { return {std::move(begin), std::move(end)}; }

TEST(FoldPadding, BecomesTheConvolutionsOwn) {
  Graph graph;
  const TensorId pad = graph.Add(LayerType::kPad, {graph.Input({1, 3, 8, 8})}, Pad({0, 0, 1, 0}, {0, 0, 1, 2}));
  graph.Conv(pad, 3, 4, false);
  const Network network = SimplifyChecked(graph.Done());
  EXPECT_THAT(Types(network), ElementsAre(LayerType::kConv));
  const Layer& conv = network.layers[0];
  EXPECT_THAT(conv.nodes, ElementsAre("Pad0", "Conv1"));
  EXPECT_THAT(ConvOf(conv).pad_begin, ElementsAre(1, 0));
  EXPECT_THAT(ConvOf(conv).pad_end, ElementsAre(1, 2));
  EXPECT_EQ(network.InputShape(conv, 0), (Shape{1, 3, 8, 8}));
  EXPECT_EQ(network.OutputShape(conv), (Shape{1, 4, 8, 8}));
}

TEST(FoldPadding, TwoInARowBothGoIn) {
  Graph graph;
  const TensorId first = graph.Add(LayerType::kPad, {graph.Input({1, 3, 8, 8})}, Pad({0, 0, 1, 1}, {0, 0, 0, 0}));
  const TensorId second = graph.Add(LayerType::kPad, {first}, Pad({0, 0, 0, 0}, {0, 0, 1, 1}));
  graph.Conv(second, 3, 3, false, 3);
  const Network network = SimplifyChecked(graph.Done());
  EXPECT_THAT(Types(network), ElementsAre(LayerType::kDepthwiseConv));
  EXPECT_THAT(network.layers[0].nodes, ElementsAre("Pad0", "Pad1", "DepthwiseConv2"));
  EXPECT_THAT(ConvOf(network.layers[0]).pad_begin, ElementsAre(1, 1));
  EXPECT_THAT(ConvOf(network.layers[0]).pad_end, ElementsAre(1, 1));
}

TEST(FoldPadding, PaddingOfBatchOrChannelsAndCropsStay) {
  for (const PadAttributes& pad :
       {Pad({0, 1, 0, 0}, {0, 0, 0, 0}), Pad({0, 0, 0, 0}, {1, 0, 0, 0}), Pad({0, 0, -1, 0}, {0, 0, 1, 0})}) {
    Graph graph;
    graph.Conv(graph.Add(LayerType::kPad, {graph.Input({1, 3, 8, 8})}, pad), 3, 4, false);
    EXPECT_THAT(Types(SimplifyChecked(graph.Done())), ElementsAre(LayerType::kPad, LayerType::kConv));
  }
}

TEST(FoldPadding, PaddingThatOthersReadStays) {
  Graph graph;
  const TensorId pad = graph.Add(LayerType::kPad, {graph.Input({1, 3, 8, 8})}, Pad({0, 0, 1, 1}, {0, 0, 1, 1}));
  graph.Conv(pad, 3, 4, false);
  graph.Add(LayerType::kRelu, {pad});
  EXPECT_THAT(Types(SimplifyChecked(graph.Done())), ElementsAre(LayerType::kPad, LayerType::kConv, LayerType::kRelu));
}

TEST(FoldPadding, PaddingBeforeAPoolStays) {
  Graph graph;
  const TensorId pad = graph.Add(LayerType::kPad, {graph.Input({1, 3, 8, 8})}, Pad({0, 0, 1, 1}, {0, 0, 1, 1}));
  PoolAttributes pool;
  pool.kernel = pool.stride = {2, 2};
  pool.dilation = {1, 1};
  pool.pad_begin = pool.pad_end = {0, 0};
  graph.Add(LayerType::kMaxPool, {pad}, pool);
  EXPECT_THAT(Types(SimplifyChecked(graph.Done())), ElementsAre(LayerType::kPad, LayerType::kMaxPool));
}

}  // namespace
}  // namespace latimer
