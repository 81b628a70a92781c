// Shapes of matrix products, reductions, normalisation and element-wise layers.
#include <gtest/gtest.h>

#include "core/network/shape_inference.h"
#include "shape_inference_helpers.h"

namespace latimer {
namespace {

TEST(FullyConnectedShapeTest, ReplacesTheLastDimension) {
  EXPECT_EQ(Infer(LayerType::kFullyConnected, FullyConnectedAttributes{512, 1000, true}, {{1, 512}}), "1x1000");
  EXPECT_EQ(Infer(LayerType::kFullyConnected, FullyConnectedAttributes{192, 576, true}, {{1, 197, 192}}), "1x197x576");
  EXPECT_EQ(Infer(LayerType::kFullyConnected, FullyConnectedAttributes{8, 3, false}, {{8}}), "3");
}

TEST(FullyConnectedShapeTest, RefusesWrongFeatures) {
  EXPECT_EQ(Infer(LayerType::kFullyConnected, FullyConnectedAttributes{512, 1000, true}, {{1, 256}}),
            "error: the input 1x256 ends in 256 features; the weights take 512");
  EXPECT_EQ(Infer(LayerType::kFullyConnected, FullyConnectedAttributes{512, 0, true}, {{1, 512}}),
            "error: the weights are 512 x 0; both are at least 1");
  EXPECT_EQ(Infer(LayerType::kFullyConnected, FullyConnectedAttributes{1, 1, true}, {Shape{}}),
            "error: the input is a scalar; it needs a dimension of features");
}

TEST(MatMulShapeTest, MultipliesMatrices) {
  EXPECT_EQ(Infer(LayerType::kMatMul, MatMulAttributes{}, {{4, 5}, {5, 6}}), "4x6");
  EXPECT_EQ(Infer(LayerType::kMatMul, MatMulAttributes{true, false}, {{5, 4}, {5, 6}}), "4x6");
  EXPECT_EQ(Infer(LayerType::kMatMul, MatMulAttributes{false, true}, {{4, 5}, {6, 5}}), "4x6");
  EXPECT_EQ(Infer(LayerType::kMatMul, MatMulAttributes{true, true}, {{5, 4}, {6, 5}}), "4x6");
}

TEST(MatMulShapeTest, BroadcastsBatches) {
  EXPECT_EQ(Infer(LayerType::kMatMul, MatMulAttributes{}, {{1, 12, 197, 64}, {1, 12, 64, 197}}), "1x12x197x197");
  EXPECT_EQ(Infer(LayerType::kMatMul, MatMulAttributes{}, {{7, 1, 4, 5}, {3, 5, 6}}), "7x3x4x6");
  EXPECT_EQ(Infer(LayerType::kMatMul, MatMulAttributes{}, {{4, 5}, {7, 3, 5, 6}}), "7x3x4x6");
  EXPECT_EQ(Infer(LayerType::kMatMul, MatMulAttributes{}, {{2, 4, 5}, {3, 5, 6}}),
            "error: shapes 2 and 3 do not broadcast");
}

TEST(MatMulShapeTest, VectorsLoseTheirAddedDimension) {
  EXPECT_EQ(Infer(LayerType::kMatMul, MatMulAttributes{}, {{5}, {5, 6}}), "6");
  EXPECT_EQ(Infer(LayerType::kMatMul, MatMulAttributes{}, {{4, 5}, {5}}), "4");
  EXPECT_EQ(Infer(LayerType::kMatMul, MatMulAttributes{}, {{3, 4, 5}, {5}}), "3x4");
  EXPECT_EQ(Infer(LayerType::kMatMul, MatMulAttributes{}, {{5}, {5}}), "scalar");
  EXPECT_EQ(Infer(LayerType::kMatMul, MatMulAttributes{true, true}, {{5}, {5}}), "scalar");
}

TEST(MatMulShapeTest, RefusesWhatDoesNotFit) {
  EXPECT_EQ(Infer(LayerType::kMatMul, MatMulAttributes{}, {{4, 5}, {6, 7}}),
            "error: cannot multiply 4x5 by 6x7: inner sizes 5 and 6 differ");
  EXPECT_EQ(Infer(LayerType::kMatMul, MatMulAttributes{}, {{4, 5}}),
            "error: there are 1 inputs; at least 2 are needed");
  EXPECT_EQ(Infer(LayerType::kMatMul, MatMulAttributes{}, {Shape{}, {5}}),
            "error: a scalar cannot be an operand of a matrix product");
}

TEST(ReduceShapeTest, KeepsOrDropsTheAxes) {
  EXPECT_EQ(Infer(LayerType::kReduce, ReduceAttributes{{2, 3}, true}, {{1, 64, 7, 9}}), "1x64x1x1");
  EXPECT_EQ(Infer(LayerType::kReduce, ReduceAttributes{{2, 3}, false}, {{1, 64, 7, 9}}), "1x64");
  EXPECT_EQ(Infer(LayerType::kReduce, ReduceAttributes{{-1}, false}, {{1, 64, 7, 9}}), "1x64x7");
  EXPECT_EQ(Infer(LayerType::kArgReduce, ReduceAttributes{{1}, false}, {{1, 64, 7, 9}}), "1x7x9");
}

TEST(ReduceShapeTest, NoAxesAreAllAxes) {
  EXPECT_EQ(Infer(LayerType::kReduce, ReduceAttributes{{}, true}, {{2, 3, 4}}), "1x1x1");
  EXPECT_EQ(Infer(LayerType::kReduce, ReduceAttributes{{}, false}, {{2, 3, 4}}), "scalar");
}

TEST(ReduceShapeTest, RefusesBadAxes) {
  EXPECT_EQ(Infer(LayerType::kReduce, ReduceAttributes{{4}, true}, {{2, 3, 4}}),
            "error: axis 4 is outside a tensor of 3 dimensions");
  EXPECT_EQ(Infer(LayerType::kReduce, ReduceAttributes{{INT64_MIN}, true}, {{2, 3, 4}}),
            "error: axis -9223372036854775808 is outside a tensor of 3 dimensions");
  EXPECT_EQ(Infer(LayerType::kReduce, ReduceAttributes{{0, -3}, true}, {{2, 3, 4}}), "error: axis -3 is named twice");
}

TEST(NormShapeTest, KeepTheInput) {
  for (LayerType type : {LayerType::kSoftmax, LayerType::kLayerNorm, LayerType::kLpNorm}) {
    EXPECT_EQ(Infer(type, AxisAttributes{2}, {{1, 4, 8}}), "1x4x8");
    EXPECT_EQ(Infer(type, AxisAttributes{-1}, {{1, 4, 8}}), "1x4x8");
    EXPECT_EQ(Infer(type, AxisAttributes{3}, {{1, 4, 8}}), "error: axis 3 is outside a tensor of 3 dimensions");
  }
  EXPECT_EQ(Infer(LayerType::kBatchNorm, {}, {{1, 4, 8, 8}}), "1x4x8x8");
  EXPECT_EQ(Infer(LayerType::kLrn, {}, {{1, 4, 8, 8}}), "1x4x8x8");
  EXPECT_EQ(Infer(LayerType::kInstanceNorm, {}, {{1, 4, 8}}), "1x4x8");
  EXPECT_EQ(Infer(LayerType::kInstanceNorm, {}, {{1, 4}}),
            "error: the input has no spatial dimensions (N x C x spatial)");
}

TEST(BroadcastTest, FollowsNumPy) {
  EXPECT_EQ(*BroadcastShapes(Shape{8, 1, 6, 1}, Shape{7, 1, 5}), (Shape{8, 7, 6, 5}));
  EXPECT_EQ(*BroadcastShapes(Shape{}, Shape{3, 4}), (Shape{3, 4}));
  EXPECT_EQ(*BroadcastShapes(Shape{}, Shape{}), Shape{});
  EXPECT_EQ(BroadcastShapes(Shape{2, 3}, Shape{2, 4}).status().message(), "shapes 2x3 and 2x4 do not broadcast");
}

TEST(ElementwiseShapeTest, EveryBinaryTypeBroadcasts) {
  for (int i = 0; i < kNumLayerTypes; ++i) {
    const auto type = static_cast<LayerType>(i);
    if (!IsElementwiseBroadcast(type)) continue;
    EXPECT_EQ(Infer(type, {}, {{1, 64, 1, 1}, {2, 1, 7, 7}}), "2x64x7x7") << LayerTypeName(type);
    EXPECT_EQ(Infer(type, {}, {{1, 64, 7, 7}, {3}}), "error: shapes 1x64x7x7 and 3 do not broadcast");
  }
  EXPECT_EQ(Infer(LayerType::kWhere, {}, {{4, 1}, {1, 5}, Shape{}}), "4x5");
  EXPECT_EQ(Infer(LayerType::kAdd, {}, {{4, 1}, {1, 5}, {6, 1, 1}, {6, 4, 5}}), "6x4x5");
}

TEST(ElementwiseShapeTest, GivenOutputMustHoldTheInputs) {
  EXPECT_EQ(Infer(LayerType::kMul, OutputShapeAttributes{{2, 3, 4}}, {{3, 1}}), "2x3x4");
  EXPECT_EQ(Infer(LayerType::kMul, OutputShapeAttributes{{2, 3, 4}}, {{2, 1}}),
            "error: shapes 2x1 and 2x3x4 do not broadcast");
  EXPECT_EQ(Infer(LayerType::kMul, OutputShapeAttributes{{3, 1}}, {{3, 4}}),
            "error: the inputs broadcast to 3x4, which does not fit the output 3x1");
}

TEST(ElementwiseShapeTest, EveryUnaryTypeKeepsTheShape) {
  for (int i = 0; i < kNumLayerTypes; ++i) {
    const auto type = static_cast<LayerType>(i);
    if (IsElementwiseUnary(type)) {
      EXPECT_EQ(Infer(type, {}, {{1, 64, 7, 7}}), "1x64x7x7");
    }
  }
}

TEST(ShapeInferenceTest, EveryTypeHasARuleAndNoneWorksWithoutInputs) {
  for (int i = 0; i < kNumLayerTypes; ++i) {
    const auto type = static_cast<LayerType>(i);
    EXPECT_EQ(Infer(type, {}, {}), "error: there are 0 inputs; at least 1 are needed") << LayerTypeName(type);
    const std::string text = Infer(type, {}, {{1, 64, 7, 7}, {1, 64, 7, 7}});
    const bool no_rule = text.find("there is no rule") != std::string::npos;
    EXPECT_EQ(no_rule, type == LayerType::kUnspecified) << LayerTypeName(type) << ": " << text;
  }
}

TEST(NormalizeAxisTest, CountsFromTheEnd) {
  EXPECT_EQ(*NormalizeAxis(0, 4), 0);
  EXPECT_EQ(*NormalizeAxis(-1, 4), 3);
  EXPECT_EQ(*NormalizeAxis(-4, 4), 0);
  EXPECT_FALSE(NormalizeAxis(4, 4).ok());
  EXPECT_FALSE(NormalizeAxis(-5, 4).ok());
  EXPECT_FALSE(NormalizeAxis(0, 0).ok());
}

}  // namespace
}  // namespace latimer
