// Shapes of convolutions and pooling.
#include <gtest/gtest.h>

#include "core/network/shape_inference.h"
#include "shape_inference_helpers.h"

namespace latimer {
namespace {

ConvAttributes Conv2d(int64_t kernel, int64_t stride, int64_t pad, int64_t channels) {
  ConvAttributes conv;
  conv.kernel = {kernel, kernel};
  conv.stride = {stride, stride};
  conv.dilation = {1, 1};
  conv.pad_begin = {pad, pad};
  conv.pad_end = {pad, pad};
  conv.output_padding = {0, 0};
  conv.output_channels = channels;
  return conv;
}

PoolAttributes Pool2d(int64_t kernel, int64_t stride, int64_t pad, bool ceil_mode = false) {
  PoolAttributes pool;
  pool.kernel = {kernel, kernel};
  pool.stride = {stride, stride};
  pool.dilation = {1, 1};
  pool.pad_begin = {pad, pad};
  pool.pad_end = {pad, pad};
  pool.ceil_mode = ceil_mode;
  return pool;
}

TEST(ConvShapeTest, FollowsKernelStrideAndPadding) {
  EXPECT_EQ(Infer(LayerType::kConv, Conv2d(3, 1, 1, 64), {{1, 3, 224, 224}}), "1x64x224x224");
  EXPECT_EQ(Infer(LayerType::kConv, Conv2d(7, 2, 3, 64), {{8, 3, 224, 224}}), "8x64x112x112");
  EXPECT_EQ(Infer(LayerType::kConv, Conv2d(11, 4, 2, 64), {{1, 3, 224, 224}}), "1x64x55x55");
  EXPECT_EQ(Infer(LayerType::kConv, Conv2d(1, 2, 0, 5), {{1, 3, 7, 8}}), "1x5x4x4");
}

TEST(ConvShapeTest, DilationWidensTheWindow) {
  ConvAttributes conv = Conv2d(3, 1, 0, 4);
  conv.dilation = {2, 5};
  EXPECT_EQ(Infer(LayerType::kConv, conv, {{1, 2, 11, 11}}), "1x4x7x1");
  conv.dilation = {2, 6};
  EXPECT_EQ(Infer(LayerType::kConv, conv, {{1, 2, 11, 11}}),
            "error: a window of 3 (dilation 6) is larger than 11 elements with 0 of padding");
}

TEST(ConvShapeTest, PaddingMayDifferByEnd) {
  ConvAttributes conv = Conv2d(4, 2, 0, 4);
  conv.pad_begin = {0, 1};
  conv.pad_end = {1, 2};
  EXPECT_EQ(Infer(LayerType::kConv, conv, {{1, 2, 9, 9}}), "1x4x4x5");
}

TEST(ConvShapeTest, WorksInOneAndThreeDimensions) {
  ConvAttributes one;
  one.kernel = {5};
  one.stride = {1};
  one.dilation = {1};
  one.pad_begin = one.pad_end = {2};
  one.output_channels = 6;
  EXPECT_EQ(Infer(LayerType::kConv, one, {{1, 3, 100}}), "1x6x100");
  ConvAttributes three;
  three.kernel = {3, 3, 3};
  three.stride = {1, 2, 2};
  three.dilation = {1, 1, 1};
  three.pad_begin = three.pad_end = {1, 1, 1};
  three.output_channels = 6;
  EXPECT_EQ(Infer(LayerType::kConv, three, {{1, 3, 16, 112, 112}}), "1x6x16x56x56");
}

TEST(ConvShapeTest, ChecksGroups) {
  ConvAttributes conv = Conv2d(3, 1, 1, 64);
  conv.groups = 32;
  EXPECT_EQ(Infer(LayerType::kConv, conv, {{1, 64, 8, 8}}), "1x64x8x8");
  EXPECT_EQ(Infer(LayerType::kConv, conv, {{1, 48, 8, 8}}),
            "error: 32 groups do not divide 48 input and 64 output channels");
  conv.groups = 0;
  EXPECT_EQ(Infer(LayerType::kConv, conv, {{1, 64, 8, 8}}), "error: groups is 0; it is at least 1");
  conv.groups = -1;
  EXPECT_EQ(Infer(LayerType::kConv, conv, {{1, 64, 8, 8}}), "error: groups is -1; it is at least 1");
}

TEST(ConvShapeTest, DepthwiseNeedsOneGroupPerChannel) {
  ConvAttributes conv = Conv2d(3, 2, 1, 32);
  conv.groups = 32;
  EXPECT_EQ(Infer(LayerType::kDepthwiseConv, conv, {{1, 32, 112, 112}}), "1x32x56x56");
  conv.output_channels = 64;  // channel multiplier 2
  EXPECT_EQ(Infer(LayerType::kDepthwiseConv, conv, {{1, 32, 112, 112}}), "1x64x56x56");
  conv.groups = 16;
  EXPECT_EQ(Infer(LayerType::kDepthwiseConv, conv, {{1, 32, 112, 112}}),
            "error: a depth-wise convolution has one group per input channel; this one has 16 groups for 32 channels");
}

TEST(ConvShapeTest, RefusesParametersOfTheWrongLengthOrRange) {
  const Shape input = {1, 3, 8, 8};
  ConvAttributes conv = Conv2d(3, 1, 1, 4);
  conv.kernel = {3};
  EXPECT_EQ(Infer(LayerType::kConv, conv, {input}), "error: kernel has 1 values for 2 spatial dimensions");
  conv = Conv2d(3, 0, 1, 4);
  EXPECT_EQ(Infer(LayerType::kConv, conv, {input}), "error: stride 0 is outside 1 to 2147483648");
  conv = Conv2d(3, 1, -1, 4);
  EXPECT_EQ(Infer(LayerType::kConv, conv, {input}), "error: padding -1 is outside 0 to 2147483648");
  conv = Conv2d(3, 1, 1, 0);
  EXPECT_EQ(Infer(LayerType::kConv, conv, {input}), "error: there are 0 output channels; there is at least 1");
  conv = Conv2d(3, 1, 1, 4);
  conv.dilation = {INT64_MAX, 1};
  EXPECT_EQ(Infer(LayerType::kConv, conv, {input}), "error: dilation 9223372036854775807 is outside 1 to 2147483648");
  EXPECT_EQ(Infer(LayerType::kConv, Conv2d(3, 1, 1, 4), {{1, 3}}),
            "error: input 1x3 has no spatial dimensions (N x C x spatial)");
  EXPECT_EQ(Infer(LayerType::kConv, PoolAttributes{}, {input}),
            "error: the layer's parameters are missing or of another type");
  EXPECT_EQ(Infer(LayerType::kConv, conv, {}), "error: there are 0 inputs; at least 1 are needed");
}

TEST(ConvShapeTest, OutputTooLargeIsAnError) {
  ConvAttributes conv = Conv2d(1, 1, 0, int64_t{1} << 61);
  EXPECT_EQ(Infer(LayerType::kConv, conv, {{1, 1, 2, 2}}),
            "error: shape 1x2305843009213693952x2x2 has more than 2^62 elements");
}

TEST(ConvTransposeShapeTest, InvertsAStridedConvolution) {
  EXPECT_EQ(Infer(LayerType::kConvTranspose, Conv2d(2, 2, 0, 64), {{1, 128, 28, 28}}), "1x64x56x56");
  EXPECT_EQ(Infer(LayerType::kConvTranspose, Conv2d(4, 2, 1, 64), {{1, 128, 28, 28}}), "1x64x56x56");
  EXPECT_EQ(Infer(LayerType::kConvTranspose, Conv2d(3, 2, 1, 64), {{1, 128, 28, 28}}), "1x64x55x55");
}

TEST(ConvTransposeShapeTest, OutputPaddingAddsAtTheEnd) {
  ConvAttributes conv = Conv2d(3, 2, 1, 64);
  conv.output_padding = {1, 0};
  EXPECT_EQ(Infer(LayerType::kConvTranspose, conv, {{1, 128, 28, 28}}), "1x64x56x55");
  conv.output_padding = {-1, 0};
  EXPECT_EQ(Infer(LayerType::kConvTranspose, conv, {{1, 128, 28, 28}}),
            "error: output padding -1 is outside 0 to 2147483648");
  conv.output_padding = {};
  EXPECT_EQ(Infer(LayerType::kConvTranspose, conv, {{1, 128, 28, 28}}),
            "error: output padding has 0 values for 2 spatial dimensions");
}

TEST(ConvTransposeShapeTest, DilationWidensTheOutput) {
  ConvAttributes conv = Conv2d(3, 1, 0, 8);
  conv.dilation = {2, 3};
  EXPECT_EQ(Infer(LayerType::kConvTranspose, conv, {{1, 4, 5, 5}}), "1x8x9x11");
}

TEST(ConvTransposeShapeTest, PaddingMayNotSwallowTheOutput) {
  EXPECT_EQ(Infer(LayerType::kConvTranspose, Conv2d(3, 1, 4, 8), {{1, 4, 5, 5}}),
            "error: spatial dimension 0 of size 5 vanishes: the padding is larger than the output");
}

TEST(ConvTransposeShapeTest, OverflowIsAnError) {
  ConvAttributes conv = Conv2d(3, int64_t{1} << 31, 0, 8);
  EXPECT_EQ(Infer(LayerType::kConvTranspose, conv, {{1, 1, int64_t{1} << 40, 1}}),
            "error: the output's size overflows");
}

TEST(PoolShapeTest, FloorsByDefault) {
  EXPECT_EQ(Infer(LayerType::kMaxPool, Pool2d(3, 2, 0), {{1, 64, 55, 56}}), "1x64x27x27");
  EXPECT_EQ(Infer(LayerType::kAveragePool, Pool2d(2, 2, 0), {{2, 64, 7, 7}}), "2x64x3x3");
  EXPECT_EQ(Infer(LayerType::kLpPool, Pool2d(2, 2, 0), {{2, 64, 7, 7}}), "2x64x3x3");
}

TEST(PoolShapeTest, CeilModeAddsThePartialWindow) {
  EXPECT_EQ(Infer(LayerType::kMaxPool, Pool2d(3, 2, 0, true), {{1, 64, 55, 56}}), "1x64x27x28");
  EXPECT_EQ(Infer(LayerType::kAveragePool, Pool2d(2, 2, 0, true), {{1, 64, 7, 8}}), "1x64x4x4");
}

// ONNX: windows that would start in the padding after the input do not count.
TEST(PoolShapeTest, CeilModeDropsWindowsThatStartInThePadding) {
  // Windows start at -1, 1, 3, 5 (covering 5 and 6 of size 6 + padding); one at 7 would start past the end.
  EXPECT_EQ(*WindowOutputSize(6, 3, 2, 1, 1, 1, true), 4);
  EXPECT_EQ(*WindowOutputSize(2, 1, 2, 1, 0, 1, true), 1);
  EXPECT_EQ(*WindowOutputSize(2, 2, 3, 1, 1, 1, true), 1);
  EXPECT_EQ(*WindowOutputSize(3, 2, 3, 1, 1, 1, true), 2);
  EXPECT_EQ(*WindowOutputSize(1, 1, 1, 1, 0, 0, true), 1);
}

TEST(PoolShapeTest, WindowMayCoverThePadding) {
  EXPECT_EQ(Infer(LayerType::kMaxPool, Pool2d(3, 2, 1), {{1, 64, 112, 112}}), "1x64x56x56");
  EXPECT_EQ(Infer(LayerType::kMaxPool, Pool2d(5, 1, 2), {{1, 8, 1, 1}}), "1x8x1x1");
  EXPECT_EQ(Infer(LayerType::kMaxPool, Pool2d(4, 1, 1), {{1, 8, 1, 1}}),
            "error: a window of 4 (dilation 1) is larger than 1 elements with 2 of padding");
}

TEST(PoolShapeTest, KeepsBatchAndChannels) {
  PoolAttributes one;
  one.kernel = one.stride = {4};
  one.dilation = {1};
  one.pad_begin = one.pad_end = {0};
  EXPECT_EQ(Infer(LayerType::kMaxPool, one, {{3, 5, 17}}), "3x5x4");
}

TEST(PoolShapeTest, RefusesBadWindows) {
  EXPECT_EQ(Infer(LayerType::kMaxPool, Pool2d(0, 1, 0), {{1, 8, 4, 4}}), "error: window 0 is outside 1 to 2147483648");
  EXPECT_EQ(Infer(LayerType::kMaxPool, Pool2d(2, 2, 0), {{1, 8, 4}}),
            "error: window has 2 values for 1 spatial dimensions");
  EXPECT_EQ(Infer(LayerType::kMaxPool, {}, {{1, 8, 4, 4}}),
            "error: the layer's parameters are missing or of another type");
}

TEST(GlobalPoolShapeTest, LeavesOneElementPerChannel) {
  EXPECT_EQ(Infer(LayerType::kGlobalAveragePool, {}, {{2, 512, 7, 7}}), "2x512x1x1");
  EXPECT_EQ(Infer(LayerType::kGlobalMaxPool, {}, {{2, 512, 7}}), "2x512x1");
  EXPECT_EQ(Infer(LayerType::kLpPool, {}, {{2, 512, 7, 7, 7}}), "2x512x1x1x1");
  EXPECT_EQ(Infer(LayerType::kGlobalAveragePool, {}, {{2, 512}}),
            "error: input 2x512 has no spatial dimensions (N x C x spatial)");
}

TEST(WindowOutputSizeTest, SurvivesEveryExtreme) {
  const int64_t values[] = {INT64_MIN, -1, 0, 1, 2, int64_t{1} << 31, int64_t{1} << 62, INT64_MAX};
  int64_t accepted = 0;
  for (int64_t input : values) {
    for (int64_t kernel : values) {
      for (int64_t stride : values) {
        for (int64_t dilation : values) {
          for (int64_t pad : values) {
            for (bool ceil_mode : {false, true}) {
              absl::StatusOr<int64_t> size = WindowOutputSize(input, kernel, stride, dilation, pad, 0, ceil_mode);
              if (!size.ok()) continue;
              ++accepted;
              ASSERT_GE(*size, 1);
            }
          }
        }
      }
    }
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace latimer
