// Shapes of layers that move data.
#include <gtest/gtest.h>

#include "core/network/shape_inference.h"
#include "shape_inference_helpers.h"

namespace latimer {
namespace {

TEST(ConcatShapeTest, AddsAlongTheAxis) {
  EXPECT_EQ(Infer(LayerType::kConcat, AxisAttributes{1}, {{1, 64, 7, 7}, {1, 32, 7, 7}, {1, 4, 7, 7}}), "1x100x7x7");
  EXPECT_EQ(Infer(LayerType::kConcat, AxisAttributes{-1}, {{2, 3}, {2, 4}}), "2x7");
  EXPECT_EQ(Infer(LayerType::kConcat, AxisAttributes{0}, {{5}}), "5");
}

TEST(ConcatShapeTest, RefusesOtherDimensions) {
  EXPECT_EQ(Infer(LayerType::kConcat, AxisAttributes{1}, {{1, 64, 7, 7}, {1, 32, 7, 8}}),
            "error: cannot join 1x32x7x8 to 1x64x7x7 along axis 1");
  EXPECT_EQ(Infer(LayerType::kConcat, AxisAttributes{1}, {{1, 64}, {1, 64, 1}}),
            "error: cannot join 1x64x1 to 1x64 along axis 1");
  EXPECT_EQ(Infer(LayerType::kConcat, AxisAttributes{2}, {{1, 64}, {1, 64}}),
            "error: axis 2 is outside a tensor of 2 dimensions");
  EXPECT_EQ(Infer(LayerType::kConcat, AxisAttributes{0}, {{INT64_MAX / 2 + 1}, {INT64_MAX / 2 + 1}}),
            "error: the output's size overflows");
}

TEST(SplitShapeTest, GivesOneOutputPerPart) {
  EXPECT_EQ(Infer(LayerType::kSplit, SplitAttributes{1, {58, 58}}, {{1, 116, 28, 28}}), "1x58x28x28 1x58x28x28");
  EXPECT_EQ(Infer(LayerType::kSplit, SplitAttributes{-1, {1, 2, 3}}, {{4, 6}}), "4x1 4x2 4x3");
}

TEST(SplitShapeTest, PartsMustCoverTheInput) {
  EXPECT_EQ(Infer(LayerType::kSplit, SplitAttributes{1, {1, 2}}, {{4, 6}}),
            "error: the parts have 3 elements along axis 1, the input has 6");
  EXPECT_EQ(Infer(LayerType::kSplit, SplitAttributes{1, {6, 0}}, {{4, 6}}),
            "error: a part of size 0 does not fit 6 along axis 1");
  EXPECT_EQ(Infer(LayerType::kSplit, SplitAttributes{1, {7, -1}}, {{4, 6}}),
            "error: a part of size 7 does not fit 6 along axis 1");
  EXPECT_EQ(Infer(LayerType::kSplit, SplitAttributes{1, {}}, {{4, 6}}), "error: a split has at least one output");
}

std::string SliceOne(int64_t start, int64_t end, int64_t step, int64_t size = 10) {
  return Infer(LayerType::kSlice, SliceAttributes{{0}, {start}, {end}, {step}}, {{size}});
}

TEST(SliceShapeTest, CountsForward) {
  EXPECT_EQ(SliceOne(2, 5, 1), "3");
  EXPECT_EQ(SliceOne(0, 10, 3), "4");
  EXPECT_EQ(SliceOne(-3, INT64_MAX, 1), "3");
  EXPECT_EQ(SliceOne(0, -1, 1), "9");
  EXPECT_EQ(SliceOne(-100, 100, 1), "10");
  EXPECT_EQ(SliceOne(0, 10, INT64_MAX), "1");
}

TEST(SliceShapeTest, CountsBackward) {
  EXPECT_EQ(SliceOne(-1, INT64_MIN, -1), "10");
  EXPECT_EQ(SliceOne(-1, -11, -1), "10");
  EXPECT_EQ(SliceOne(9, 0, -1), "9");
  EXPECT_EQ(SliceOne(9, 0, -4), "3");
  EXPECT_EQ(SliceOne(100, 5, -1), "4");
  EXPECT_EQ(SliceOne(9, INT64_MIN, INT64_MIN), "1");
  // ONNX clamps the start into the tensor; NumPy would give nothing.
  EXPECT_EQ(SliceOne(-100, INT64_MIN, -1), "1");
}

TEST(SliceShapeTest, NothingLeftIsAnError) {
  EXPECT_EQ(SliceOne(5, 5, 1), "error: nothing is left of 10 along axis 0 between 5 and 5");
  EXPECT_EQ(SliceOne(5, 2, 1), "error: nothing is left of 10 along axis 0 between 5 and 2");
  EXPECT_EQ(SliceOne(2, 5, -1), "error: nothing is left of 10 along axis 0 between 2 and 5");
  EXPECT_EQ(SliceOne(10, 20, 1), "error: nothing is left of 10 along axis 0 between 10 and 20");
  EXPECT_EQ(SliceOne(0, 5, 0), "error: the step of a slice is not 0");
}

TEST(SliceShapeTest, SlicesSeveralAxes) {
  EXPECT_EQ(Infer(LayerType::kSlice, SliceAttributes{{1, -1}, {0, 2}, {2, 6}, {1, 2}}, {{1, 4, 5, 8}}), "1x2x5x2");
  EXPECT_EQ(Infer(LayerType::kSlice, SliceAttributes{{1}, {0}, {2}, {}}, {{1, 4}}), "1x2");
  EXPECT_EQ(Infer(LayerType::kSlice, SliceAttributes{{}, {}, {}, {}}, {{1, 4}}), "1x4");
}

TEST(SliceShapeTest, RefusesListsThatDoNotMatch) {
  EXPECT_EQ(Infer(LayerType::kSlice, SliceAttributes{{0, 1}, {0}, {2, 2}, {1, 1}}, {{4, 4}}),
            "error: axes, starts, ends and steps of a slice have the same length");
  EXPECT_EQ(Infer(LayerType::kSlice, SliceAttributes{{0, -2}, {0, 0}, {2, 2}, {1, 1}}, {{4, 4}}),
            "error: axis 0 is sliced twice");
  EXPECT_EQ(Infer(LayerType::kSlice, SliceAttributes{{2}, {0}, {2}, {1}}, {{4, 4}}),
            "error: axis 2 is outside a tensor of 2 dimensions");
}

TEST(PadShapeTest, AddsAtBothEnds) {
  EXPECT_EQ(Infer(LayerType::kPad, PadAttributes{{0, 0, 1, 2}, {0, 0, 3, 4}}, {{1, 3, 8, 8}}), "1x3x12x14");
  EXPECT_EQ(Infer(LayerType::kPad, PadAttributes{{0, -2}, {0, -1}}, {{2, 8}}), "2x5");
}

TEST(PadShapeTest, RefusesWhatLeavesNothing) {
  EXPECT_EQ(Infer(LayerType::kPad, PadAttributes{{0, -8}, {0, 0}}, {{2, 8}}),
            "error: nothing is left of dimension 1 of 2x8");
  EXPECT_EQ(Infer(LayerType::kPad, PadAttributes{{0}, {0, 0}}, {{2, 8}}),
            "error: padding has 1 and 2 values for 2 dimensions");
  EXPECT_EQ(Infer(LayerType::kPad, PadAttributes{{0, INT64_MAX}, {0, 0}}, {{2, 8}}),
            "error: the output's size overflows");
  EXPECT_EQ(Infer(LayerType::kPad, PadAttributes{{0, INT64_MIN}, {0, INT64_MIN}}, {{2, 8}}),
            "error: the output's size overflows");
}

TEST(TransposeShapeTest, Permutes) {
  EXPECT_EQ(Infer(LayerType::kTranspose, TransposeAttributes{{0, 2, 3, 1}}, {{1, 3, 8, 9}}), "1x8x9x3");
  EXPECT_EQ(Infer(LayerType::kTranspose, TransposeAttributes{}, {{1, 3, 8, 9}}), "9x8x3x1");
  EXPECT_EQ(Infer(LayerType::kTranspose, TransposeAttributes{}, {Shape{}}), "scalar");
}

TEST(TransposeShapeTest, RefusesWhatIsNoPermutation) {
  const char* message = "error: a permutation names each of 3 dimensions once";
  EXPECT_EQ(Infer(LayerType::kTranspose, TransposeAttributes{{0, 0, 1}}, {{2, 3, 4}}), message);
  EXPECT_EQ(Infer(LayerType::kTranspose, TransposeAttributes{{0, 1, 3}}, {{2, 3, 4}}), message);
  EXPECT_EQ(Infer(LayerType::kTranspose, TransposeAttributes{{0, 1, -1}}, {{2, 3, 4}}), message);
  EXPECT_EQ(Infer(LayerType::kTranspose, TransposeAttributes{{0, 1}}, {{2, 3, 4}}),
            "error: a permutation of 2 dimensions does not fit 2x3x4");
}

TEST(GatherShapeTest, PutsTheIndicesInPlaceOfTheAxis) {
  EXPECT_EQ(Infer(LayerType::kGather, AxisAttributes{0}, {{30522, 128}, {1, 64}}), "1x64x128");
  EXPECT_EQ(Infer(LayerType::kGather, AxisAttributes{1}, {{4, 5, 6}, {7}}), "4x7x6");
  EXPECT_EQ(Infer(LayerType::kGather, AxisAttributes{-1}, {{4, 5, 6}, {2, 2}}), "4x5x2x2");
}

TEST(GatherShapeTest, AScalarIndexRemovesTheAxis) {
  EXPECT_EQ(Infer(LayerType::kGather, AxisAttributes{1}, {{1, 197, 192}, Shape{}}), "1x192");
  EXPECT_EQ(Infer(LayerType::kGather, AxisAttributes{0}, {{5}, Shape{}}), "scalar");
}

TEST(GatherShapeTest, SingleElementsSayTheirShape) {
  EXPECT_EQ(Infer(LayerType::kGather, OutputShapeAttributes{{3, 4}}, {{9, 9}}), "3x4");
  EXPECT_EQ(Infer(LayerType::kGather, AxisAttributes{0}, {{9, 9}}), "error: there are 1 inputs; at least 2 are needed");
  EXPECT_EQ(Infer(LayerType::kGather, AxisAttributes{2}, {{9, 9}, {1}}),
            "error: axis 2 is outside a tensor of 2 dimensions");
}

TEST(ReshapeShapeTest, KeepsTheElements) {
  EXPECT_EQ(Infer(LayerType::kReshape, OutputShapeAttributes{{1, 25088}}, {{1, 512, 7, 7}}), "1x25088");
  EXPECT_EQ(Infer(LayerType::kReshape, OutputShapeAttributes{{1, -1}}, {{1, 512, 7, 7}}), "1x25088");
  EXPECT_EQ(Infer(LayerType::kReshape, OutputShapeAttributes{{-1}}, {Shape{}}), "1");
  EXPECT_EQ(Infer(LayerType::kReshape, OutputShapeAttributes{}, {{1, 1}}), "scalar");
}

TEST(ReshapeShapeTest, RefusesOtherSizes) {
  EXPECT_EQ(Infer(LayerType::kReshape, OutputShapeAttributes{{1, 25087}}, {{1, 512, 7, 7}}),
            "error: 1x512x7x7 has 25088 elements, 1x25087 has 25087");
  EXPECT_EQ(Infer(LayerType::kReshape, OutputShapeAttributes{{3, -1}}, {{2, 5}}),
            "error: cannot give 2x5 the shape 3x-1: 10 elements do not divide by 3");
  EXPECT_EQ(Infer(LayerType::kReshape, OutputShapeAttributes{{0, -1}}, {{2, 5}}),
            "error: cannot give 2x5 the shape 0x-1: 10 elements do not divide by 0");
  EXPECT_EQ(Infer(LayerType::kReshape, OutputShapeAttributes{{-1, -1}}, {{2, 5}}),
            "error: shape 1x-1 has a negative dimension");
  EXPECT_EQ(Infer(LayerType::kReshape, OutputShapeAttributes{{int64_t{1} << 40, int64_t{1} << 40}}, {{2, 5}}),
            "error: shape 1099511627776x1099511627776 has more than 2^62 elements");
}

TEST(ResizeShapeTest, TakesTheGivenShape) {
  EXPECT_EQ(Infer(LayerType::kResize, OutputShapeAttributes{{1, 64, 56, 56}}, {{1, 64, 28, 28}}), "1x64x56x56");
  EXPECT_EQ(Infer(LayerType::kResize, OutputShapeAttributes{{1, 64, 56}}, {{1, 64, 28, 28}}),
            "error: cannot resize 1x64x28x28 to 1x64x56");
  EXPECT_EQ(Infer(LayerType::kResize, OutputShapeAttributes{{1, 64, 0, 56}}, {{1, 64, 28, 28}}),
            "error: output dimension 2 is 0; it is at least 1");
  EXPECT_EQ(Infer(LayerType::kResize, {}, {{1, 64, 28, 28}}),
            "error: the layer's parameters are missing or of another type");
}

TEST(ExpandShapeTest, TakesTheGivenShape) {
  EXPECT_EQ(Infer(LayerType::kExpand, OutputShapeAttributes{{4, 3, 5}}, {{3, 1}}), "4x3x5");
  EXPECT_EQ(Infer(LayerType::kExpand, OutputShapeAttributes{{4, -1}}, {{3, 1}}),
            "error: output dimension 1 is -1; it is at least 1");
}

TEST(DepthToSpaceShapeTest, KeepsTheElements) {
  EXPECT_EQ(Infer(LayerType::kDepthToSpace, OutputShapeAttributes{{1, 3, 48, 48}}, {{1, 12, 24, 24}}), "1x3x48x48");
  EXPECT_EQ(Infer(LayerType::kDepthToSpace, OutputShapeAttributes{{1, 12, 24, 24}}, {{1, 3, 48, 48}}), "1x12x24x24");
  EXPECT_EQ(Infer(LayerType::kDepthToSpace, OutputShapeAttributes{{1, 3, 48, 49}}, {{1, 12, 24, 24}}),
            "error: 1x12x24x24 has 6912 elements, 1x3x48x49 has 7056");
}

TEST(UnknownShapeTest, IsThatOfTheFirstInputOrGiven) {
  EXPECT_EQ(Infer(LayerType::kUnknown, {}, {{2, 3}, {4}}), "2x3");
  EXPECT_EQ(Infer(LayerType::kUnknown, OutputShapeAttributes{{7}}, {{2, 3}}), "7");
  EXPECT_EQ(Infer(LayerType::kUnknown, OutputShapeAttributes{{7}}, {}), "7");
}

}  // namespace
}  // namespace latimer
