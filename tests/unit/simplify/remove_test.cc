// What disappears: reshapes, transposes and casts that change nothing, layers that nobody reads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simplify_graph.h"

namespace latimer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TensorId Reshape(Graph& graph, TensorId x, const Shape& shape) {
  return graph.Add(LayerType::kReshape, {x}, OutputShapeAttributes{shape});
}

TensorId Transpose(Graph& graph, TensorId x, const Shape& permutation) {
  return graph.Add(LayerType::kTranspose, {x}, TransposeAttributes{permutation});
}

TEST(RemoveIdentities, AReshapeToTheSameShapeGoes) {
  Graph graph;
  const TensorId x = graph.Input({2, 6});
  graph.Add(LayerType::kRelu, {Reshape(graph, x, {2, 6})});
  const Network network = SimplifyChecked(graph.Done());
  EXPECT_THAT(Types(network), ElementsAre(LayerType::kRelu));
  EXPECT_THAT(network.layers[0].inputs, ElementsAre(x));
  EXPECT_THAT(network.free_nodes, ElementsAre("Reshape0"));
}

TEST(RemoveIdentities, AReshapeToAnotherShapeStays) {
  Graph graph;
  graph.Add(LayerType::kRelu, {Reshape(graph, graph.Input({2, 6}), {3, 4})});
  EXPECT_THAT(Types(SimplifyChecked(graph.Done())), ElementsAre(LayerType::kReshape, LayerType::kRelu));
}

TEST(RemoveIdentities, AnOutputKeepsItsLayer) {
  Graph graph;
  Reshape(graph, graph.Input({2, 6}), {2, 6});
  const Network network = SimplifyChecked(graph.Done());
  EXPECT_THAT(Types(network), ElementsAre(LayerType::kReshape));
  EXPECT_THAT(network.free_nodes, IsEmpty());
}

TEST(RemoveIdentities, AllReadersOfAnIdentityReadItsInput) {
  Graph graph;
  const TensorId x = graph.Input({2, 6});
  const TensorId same = Reshape(graph, x, {2, 6});
  const TensorId relu = graph.Add(LayerType::kRelu, {same});
  graph.Add(LayerType::kAdd, {same, relu});
  graph.Add(LayerType::kMul, {same, same});
  const Network network = SimplifyChecked(graph.Done());
  EXPECT_THAT(Types(network), ElementsAre(LayerType::kRelu, LayerType::kAdd, LayerType::kMul));
  EXPECT_THAT(network.layers[1].inputs, ElementsAre(x, relu));
  EXPECT_THAT(network.layers[2].inputs, ElementsAre(x, x));
}

TEST(RemoveIdentities, TransposesThatUndoEachOtherGo) {
  Graph graph;
  const TensorId there = Transpose(graph, graph.Input({2, 3, 4, 5}), {0, 2, 3, 1});
  graph.Add(LayerType::kRelu, {Transpose(graph, there, {0, 3, 1, 2})});
  const Network network = SimplifyChecked(graph.Done());
  EXPECT_THAT(Types(network), ElementsAre(LayerType::kRelu));
  EXPECT_EQ(network.InputShape(network.layers[0], 0), (Shape{2, 3, 4, 5}));
  EXPECT_THAT(AllNodes(network), ElementsAre("Relu2", "Transpose0", "Transpose1"));
}

TEST(RemoveIdentities, NestedPairsOfTransposesGo) {
  Graph graph;
  TensorId x = graph.Input({2, 3, 4, 5});
  for (const Shape& permutation : {Shape{0, 2, 3, 1}, Shape{1, 0, 2, 3}, Shape{1, 0, 2, 3}, Shape{0, 3, 1, 2}}) {
    x = Transpose(graph, x, permutation);
  }
  graph.Add(LayerType::kRelu, {x});
  EXPECT_THAT(Types(SimplifyChecked(graph.Done())), ElementsAre(LayerType::kRelu));
}

TEST(RemoveIdentities, TransposesThatDoNotUndoEachOtherStay) {
  Graph graph;
  const TensorId there = Transpose(graph, graph.Input({2, 3, 4, 5}), {0, 2, 3, 1});
  graph.Add(LayerType::kRelu, {Transpose(graph, there, {0, 2, 3, 1})});
  EXPECT_THAT(Types(SimplifyChecked(graph.Done())),
              ElementsAre(LayerType::kTranspose, LayerType::kTranspose, LayerType::kRelu));
}

TEST(RemoveIdentities, APairOfTransposesStaysWhereOthersReadBetween) {
  Graph graph;
  const TensorId there = Transpose(graph, graph.Input({2, 3, 4, 5}), {0, 2, 3, 1});
  graph.Add(LayerType::kRelu, {Transpose(graph, there, {0, 3, 1, 2})});
  graph.Add(LayerType::kSigmoid, {there});
  EXPECT_THAT(Types(SimplifyChecked(graph.Done())),
              ElementsAre(LayerType::kTranspose, LayerType::kTranspose, LayerType::kRelu, LayerType::kSigmoid));
}

TEST(RemoveIdentities, ATransposeThatMovesNoDataIsAReshape) {
  Graph graph;
  graph.Add(LayerType::kRelu, {Transpose(graph, graph.Input({2, 1, 4, 1}), {0, 2, 1, 3})});
  const Network network = SimplifyChecked(graph.Done());
  EXPECT_THAT(Types(network), ElementsAre(LayerType::kReshape, LayerType::kRelu));
  EXPECT_EQ(std::get<OutputShapeAttributes>(network.layers[0].attributes).shape, (Shape{2, 4, 1, 1}));
}

TEST(RemoveIdentities, ATransposeThatIsTheIdentityGoes) {
  Graph graph;
  graph.Add(LayerType::kRelu, {Transpose(graph, graph.Input({2, 3}), {0, 1})});
  EXPECT_THAT(Types(SimplifyChecked(graph.Done())), ElementsAre(LayerType::kRelu));
}

TEST(RemoveIdentities, CastsToTheSameTypeGo) {
  Graph graph;
  graph.Add(LayerType::kRelu, {graph.Add(LayerType::kCast, {graph.Input({2, 3})})});
  EXPECT_THAT(Types(SimplifyChecked(graph.Done())), ElementsAre(LayerType::kRelu));
}

TEST(RemoveIdentities, CastsToAnotherTypeStay) {
  NetworkBuilder builder;
  LayerSpec cast;
  cast.name = "cast";
  cast.type = LayerType::kCast;
  cast.operands.push_back(Operand::Activation(*builder.AddInput("x", {2, 3}, DataType::kInt32)));
  cast.output_type = DataType::kFloat32;
  const LayerId id = builder.AddLayer(cast).value();
  LayerSpec relu;
  relu.name = "relu";
  relu.type = LayerType::kRelu;
  relu.operands.push_back(Operand::Activation(builder.network().layers[id].outputs[0]));
  ASSERT_TRUE(builder.AddLayer(relu).ok());
  EXPECT_THAT(Types(SimplifyChecked(*std::move(builder).Finish({}))), ElementsAre(LayerType::kCast, LayerType::kRelu));
}

TEST(RemoveUnread, WholeBranchesGo) {
  Graph graph;
  const TensorId x = graph.Input({1, 3, 8, 8});
  const TensorId used = graph.Add(LayerType::kRelu, {x});
  graph.Add(LayerType::kSigmoid, {graph.Conv(used, 3, 4, false)});
  const Network network = SimplifyChecked(graph.Done({used}, true));
  EXPECT_THAT(Types(network), ElementsAre(LayerType::kRelu));
  EXPECT_THAT(AllNodes(network), ElementsAre("Conv1", "Relu0", "Sigmoid2"));
  EXPECT_EQ(Macs(network), 0);
}

TEST(RemoveUnread, UnreadIdentitiesAreCountedOnce) {
  Graph graph;
  const TensorId x = graph.Input({2, 6});
  const TensorId used = graph.Add(LayerType::kRelu, {x});
  Reshape(graph, used, {2, 6});
  graph.Add(LayerType::kCast, {Transpose(graph, used, {0, 1})});
  const Network network = SimplifyChecked(graph.Done({used}, true));
  EXPECT_THAT(Types(network), ElementsAre(LayerType::kRelu));
  EXPECT_EQ(network.free_nodes.size(), 3u);
}

TEST(RemoveUnread, ALayerStaysForOneOfItsOutputs) {
  Graph graph;
  const TensorId x = graph.Input({2, 6});
  const TensorId first = graph.Add(LayerType::kSplit, {x}, SplitAttributes{1, {2, 4}});
  const TensorId out = graph.Add(LayerType::kRelu, {first});
  EXPECT_THAT(Types(SimplifyChecked(graph.Done({out}, true))), ElementsAre(LayerType::kSplit, LayerType::kRelu));
}

// An unread reader must not keep others from being folded.
TEST(RemoveUnread, ComesBeforeFolding) {
  Graph graph;
  const TensorId conv = graph.Conv(graph.Input({1, 3, 8, 8}), 3, 4, false);
  graph.Add(LayerType::kRelu, {conv});
  const TensorId out = graph.BatchNorm(conv);
  EXPECT_THAT(Types(SimplifyChecked(graph.Done({out}, true))), ElementsAre(LayerType::kConv));
}

}  // namespace
}  // namespace latimer
