// Layer normalisation as written before there was an operator for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "simplify_graph.h"

namespace latimer {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using T = LayerType;

// What of the pattern a test changes; the defaults are the pattern itself.
struct Variant {
  Shape mean_axes = {2};
  Shape variance_axes = {2};
  bool keep_dims = true;
  const char* variance_operator = "ReduceMean";
  bool square_by_power = true;
  double power = 2;
  bool subtract_twice = false;
  bool reversed = false;  // mean(x) - x
  bool root = true;
  bool scalar_epsilon = true;
  bool divide_input = false;  // x / sqrt(…) instead of (x - mean) / sqrt(…)
  std::optional<Shape> scale = Shape{16};
  std::optional<Shape> shift = Shape{16};
};

// Returns the difference, which the pattern uses twice.
TensorId Build(Graph& g, TensorId x, const Variant& v) {
  const TensorId mean = g.ReduceMean(x, v.mean_axes, v.keep_dims);
  auto subtract = [&] { return v.reversed ? g.Add(T::kSub, {mean, x}) : g.Add(T::kSub, {x, mean}); };
  const TensorId d = subtract();
  const TensorId other = v.subtract_twice ? subtract() : d;
  const TensorId square = v.square_by_power ? g.WithScalar(T::kPow, other, v.power) : g.Add(T::kMul, {other, other});
  TensorId y = g.ReduceMean(square, v.variance_axes, true, v.variance_operator);
  y = v.scalar_epsilon ? g.WithScalar(T::kAdd, y, 1e-5) : g.WithTable(T::kAdd, y, {8, 1});
  y = g.Add(v.root ? T::kSqrt : T::kExp, {y});
  y = g.Add(T::kDiv, {v.divide_input ? x : d, y});
  if (v.scale.has_value()) y = g.WithTable(T::kMul, y, *v.scale);
  if (v.shift.has_value()) y = g.WithTable(T::kAdd, y, *v.shift);
  g.Add(T::kTranspose, {y}, TransposeAttributes{{0, 2, 1}});
  return d;
}

Network Simplified(const Variant& variant) {
  Graph graph;
  Build(graph, graph.Input({2, 8, 16}), variant);
  return SimplifyChecked(graph.Done());
}

TEST(JoinLayerNorm, ThePatternBecomesOneLayer) {
  const Network network = Simplified({});
  ASSERT_THAT(Types(network), ElementsAre(T::kLayerNorm, T::kTranspose));
  const Layer& norm = network.layers[0];
  EXPECT_EQ(norm.nodes.size(), 9u);
  EXPECT_THAT(norm.inputs, ElementsAre(network.inputs[0]));
  EXPECT_EQ(std::get<AxisAttributes>(norm.attributes).axis, 2);
  // Scale and shift are read; epsilon and the exponent are part of the operation.
  EXPECT_EQ(ConstantElements(network, norm), 32);
}

TEST(JoinLayerNorm, OtherFormsOfThePattern) {
  Variant product;
  product.square_by_power = false;
  EXPECT_THAT(Types(Simplified(product)), ElementsAre(T::kLayerNorm, T::kTranspose));
  Variant twice;
  twice.subtract_twice = true;
  EXPECT_THAT(Types(Simplified(twice)), ElementsAre(T::kLayerNorm, T::kTranspose));
  Variant over_two;
  over_two.mean_axes = over_two.variance_axes = {1, 2};
  over_two.scale = over_two.shift = Shape{8, 16};
  const Network network = Simplified(over_two);
  ASSERT_THAT(Types(network), ElementsAre(T::kLayerNorm, T::kTranspose));
  EXPECT_EQ(std::get<AxisAttributes>(network.layers[0].attributes).axis, 1);
}

TEST(JoinLayerNorm, WithoutScaleOrShift) {
  Variant bare;
  bare.scale = bare.shift = std::nullopt;
  const Network network = Simplified(bare);
  EXPECT_THAT(Types(network), ElementsAre(T::kLayerNorm, T::kTranspose));
  EXPECT_TRUE(network.layers[0].constants.empty());
  Variant shift_only;
  shift_only.scale = std::nullopt;
  EXPECT_EQ(ConstantElements(Simplified(shift_only), Simplified(shift_only).layers[0]), 16);
}

TEST(JoinLayerNorm, AScaleOverOtherDimensionsIsALayerOfItsOwn) {
  Variant rows;
  rows.scale = Shape{8, 1};
  rows.shift = std::nullopt;
  EXPECT_THAT(Types(Simplified(rows)), ElementsAre(T::kLayerNorm, T::kMul, T::kTranspose));
}

TEST(JoinLayerNorm, OneThingWrongAndItStays) {
  auto wrong = [](auto change) {
    Variant variant;
    change(variant);
    return Types(Simplified(variant));
  };
  EXPECT_THAT(wrong([](Variant& v) { v.mean_axes = v.variance_axes = {1}; }), Not(Contains(T::kLayerNorm)));
  EXPECT_THAT(wrong([](Variant& v) { v.variance_axes = {1, 2}; }), Not(Contains(T::kLayerNorm)));
  EXPECT_THAT(wrong([](Variant& v) { v.mean_axes = {1, 2}; }), Not(Contains(T::kLayerNorm)));
  EXPECT_THAT(wrong([](Variant& v) { v.variance_operator = "ReduceSum"; }), Not(Contains(T::kLayerNorm)));
  EXPECT_THAT(wrong([](Variant& v) { v.power = 3; }), Not(Contains(T::kLayerNorm)));
  EXPECT_THAT(wrong([](Variant& v) { v.reversed = true; }), Not(Contains(T::kLayerNorm)));
  EXPECT_THAT(wrong([](Variant& v) { v.root = false; }), Not(Contains(T::kLayerNorm)));
  EXPECT_THAT(wrong([](Variant& v) { v.scalar_epsilon = false; }), Not(Contains(T::kLayerNorm)));
  EXPECT_THAT(wrong([](Variant& v) { v.divide_input = true; }), Not(Contains(T::kLayerNorm)));
}

// Without the reduced dimension the mean of a cube still broadcasts, along another dimension.
TEST(JoinLayerNorm, MeansHaveToKeepTheirDimension) {
  for (bool keep_dims : {true, false}) {
    Variant variant;
    variant.keep_dims = keep_dims;
    variant.scale = variant.shift = Shape{8};
    Graph graph;
    Build(graph, graph.Input({8, 8, 8}), variant);
    const std::vector<T> types = Types(SimplifyChecked(graph.Done()));
    EXPECT_EQ(std::count(types.begin(), types.end(), T::kLayerNorm), keep_dims ? 1 : 0);
  }
}

TEST(JoinLayerNorm, StaysWhereTheDifferenceIsRead) {
  Graph graph;
  graph.Add(T::kExp, {Build(graph, graph.Input({2, 8, 16}), {})});
  EXPECT_THAT(Types(SimplifyChecked(graph.Done())), Not(Contains(T::kLayerNorm)));
}

}  // namespace
}  // namespace latimer
