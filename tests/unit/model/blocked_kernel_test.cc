#include "core/model/blocked_kernel.h"

#include <gtest/gtest.h>

#include <limits>

namespace latimer {
namespace {

UnitFeatures Conv(int64_t side, int64_t c_in, int64_t c_out, int64_t kernel, int64_t stride = 1) {
  UnitFeatures f;
  f.type = LayerType::kConv;
  f.in_h = f.in_w = side;
  f.out_h = f.out_w = (side + stride - 1) / stride;
  f.c_in = c_in;
  f.c_out = c_out;
  f.kernel_h = f.kernel_w = kernel;
  f.stride_h = f.stride_w = stride;
  return f;
}

TEST(FitBlockedKernel, WholeBlocksFillTheTilesOthersDoNot) {
  const double whole = FitBlockedKernel(Conv(56, 64, 64, 1), 16).utilization;
  EXPECT_GT(whole, 0.95);
  EXPECT_LT(FitBlockedKernel(Conv(56, 64, 65, 1), 16).utilization, 0.85 * whole) << "one channel begins a block";
  EXPECT_EQ(FitBlockedKernel(Conv(56, 64, 60, 1), 16).path, KernelPath::kPointwise);
  EXPECT_GT(FitBlockedKernel(Conv(56, 72, 64, 1), 8).utilization,
            FitBlockedKernel(Conv(56, 72, 64, 1), 16).utilization);
}

TEST(FitBlockedKernel, TellsThePathsApart) {
  EXPECT_EQ(FitBlockedKernel(Conv(112, 3, 32, 3), 16).path, KernelPath::kFewChannels);
  EXPECT_EQ(FitBlockedKernel(Conv(28, 64, 64, 3), 16).path, KernelPath::kDirect);
  EXPECT_EQ(FitBlockedKernel(Conv(28, 30, 64, 3), 16).path, KernelPath::kUnfolded) << "30 channels fill no vectors";
  UnitFeatures depthwise = Conv(28, 1, 64, 3);
  depthwise.type = LayerType::kDepthwiseConv;
  depthwise.groups = 64;
  EXPECT_EQ(FitBlockedKernel(depthwise, 16).path, KernelPath::kDepthwise);
  UnitFeatures product;
  product.type = LayerType::kFullyConnected;
  product.c_in = 512;
  product.c_out = 1000;
  EXPECT_EQ(FitBlockedKernel(product, 16).path, KernelPath::kMatrix);
  UnitFeatures sum;
  sum.type = LayerType::kAdd;
  EXPECT_EQ(FitBlockedKernel(sum, 16).path, KernelPath::kNone);
}

TEST(FitsRowKernel, IsDepthwiseOfThreeByThreeOverLongRows) {
  auto depthwise = [](int64_t side, int64_t kernel, int64_t stride) {
    UnitFeatures f = Conv(side, 1, 64, kernel, stride);
    f.type = LayerType::kDepthwiseConv;
    f.groups = 64;
    return f;
  };
  EXPECT_TRUE(FitsRowKernel(depthwise(28, 3, 1)));
  EXPECT_TRUE(FitsRowKernel(depthwise(28, 3, 2)));
  EXPECT_TRUE(FitsRowKernel(depthwise(18, 3, 1))) << "the window and a vector";
  EXPECT_FALSE(FitsRowKernel(depthwise(17, 3, 1))) << "one less";
  EXPECT_FALSE(FitsRowKernel(depthwise(56, 5, 1)));
  UnitFeatures dilated = depthwise(28, 3, 1);
  dilated.dilation_h = dilated.dilation_w = 2;
  EXPECT_FALSE(FitsRowKernel(dilated)) << "two pixels of padding";
  dilated.out_h = dilated.out_w = 24;
  EXPECT_TRUE(FitsRowKernel(dilated)) << "without padding";
  EXPECT_FALSE(FitsRowKernel(Conv(28, 64, 64, 3))) << "every channel reads every channel";
  UnitFeatures two = depthwise(28, 3, 1);
  two.c_out = 128;
  EXPECT_FALSE(FitsRowKernel(two)) << "two filters a channel";
  EXPECT_EQ(FitKernel(depthwise(28, 3, 1), 16).path, KernelPath::kRows);
  EXPECT_EQ(FitKernel(depthwise(14, 3, 1), 16).path, FitBlockedKernel(depthwise(14, 3, 1), 16).path);
}

TEST(FitBlockedKernel, EdgesCostMoreOnSmallMaps) {
  const BlockedKernel large = FitBlockedKernel(Conv(112, 64, 64, 3), 16);
  const BlockedKernel small = FitBlockedKernel(Conv(7, 64, 64, 3), 16);
  EXPECT_NEAR(large.edge_share, 2.0 / 112, 1e-9);
  EXPECT_NEAR(small.edge_share, 2.0 / 7, 1e-9);
  EXPECT_LT(small.utilization, large.utilization);
}

TEST(FitBlockedKernel, IsAShareWhateverTheShape) {
  for (int64_t side : {1, 2, 7, 640}) {
    for (int64_t channels : {1, 3, 17, 2048}) {
      for (int64_t kernel : {1, 3, 11, 4096}) {
        for (int64_t stride : {1, 2, 4}) {
          UnitFeatures f = Conv(side, channels, channels, kernel, stride);
          for (int64_t dilation : {1, 24}) {
            f.dilation_h = f.dilation_w = dilation;
            const BlockedKernel kernel_fit = FitBlockedKernel(f, 16);
            EXPECT_GT(kernel_fit.utilization, 0);
            EXPECT_LE(kernel_fit.utilization, 1);
            EXPECT_GE(kernel_fit.edge_share, 0);
            EXPECT_LE(kernel_fit.edge_share, 1);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace latimer
