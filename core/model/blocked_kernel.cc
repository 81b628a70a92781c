#include "core/model/blocked_kernel.h"

#include <algorithm>

#include "core/base/checked_math.h"

namespace latimer {
namespace {

constexpr int64_t kColumns = 6;       // output columns of a tile
constexpr int64_t kFilterBlocks = 4;  // blocks of output channels of a tile
constexpr double kLatencyBound = 8;   // accumulators below which multiply-adds wait for each other
constexpr int64_t kMatrixRows = 12;
constexpr int64_t kRowVector = 16;
constexpr int64_t kMatrixVectors = 2;  // per row of a tile

double Ceil(int64_t x, int64_t step) { return static_cast<double>(CeilDiv(std::max<int64_t>(x, 1), step)); }

double Ratio(double useful, double spent) { return std::clamp(spent > 0 ? useful / spent : 1.0, 1e-6, 1.0); }

// Cycles per element summed over, of a tile of that many columns and blocks, at two vector products a cycle.
double TileCost(double columns, double blocks) {
  if (columns <= 0) return 0;
  return std::max(columns * blocks, kLatencyBound) / 2;
}

// Sum over the blocks of output channels of what a tile row of `interior` and `edge` columns costs.
double RowCost(int64_t c_out, int64_t block, int64_t interior, int64_t edge) {
  const int64_t blocks = CeilDiv(std::max<int64_t>(c_out, 1), block);
  auto set_cost = [&](int64_t count) {
    const auto n = static_cast<double>(count);
    return static_cast<double>(edge) * TileCost(1, n) +
           static_cast<double>(interior / kColumns) * TileCost(static_cast<double>(kColumns), n) +
           TileCost(static_cast<double>(interior % kColumns), n);
  };
  double cost = static_cast<double>(blocks / kFilterBlocks) * set_cost(kFilterBlocks);
  if (blocks % kFilterBlocks != 0) cost += set_cost(blocks % kFilterBlocks);
  return cost;
}

// Padding before the first of them, split evenly.
int64_t PaddingBefore(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t dilation) {
  return std::max<int64_t>(0, (out - 1) * stride + dilation * (kernel - 1) + 1 - in) / 2;
}

bool IsDepthwise(const UnitFeatures& f) { return f.c_in == 1 && f.groups > 1 && f.c_out == f.groups; }

// Output positions whose window lies inside the input, along one dimension with the padding split evenly.
struct Extent {
  int64_t interior = 0;
  int64_t edge = 0;
  double valid_taps = 0;  // sum over the outputs of taps inside the input
};

Extent Measure(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t dilation) {
  const int64_t reach = dilation * (kernel - 1) + 1;
  const int64_t before = PaddingBefore(in, out, kernel, stride, dilation);
  Extent extent;
  for (int64_t tap = 0; tap < std::min<int64_t>(kernel, 64); ++tap) {
    // 0 <= y * stride - before + tap * dilation < in
    const int64_t offset = tap * dilation - before;
    const int64_t first = offset >= 0 ? 0 : CeilDiv(-offset, stride);
    const int64_t last = in - 1 - offset < 0 ? -1 : std::min(out - 1, (in - 1 - offset) / stride);
    extent.valid_taps += static_cast<double>(std::max<int64_t>(0, last - first + 1));
  }
  const int64_t left = std::min(out, CeilDiv(before, stride));
  const int64_t inside = std::clamp<int64_t>((in + before - reach) / stride + 1, 0, out);
  extent.interior = std::max<int64_t>(0, inside - left);
  extent.edge = out - extent.interior;
  return extent;
}

double MatrixUtilization(int64_t rows, int64_t columns, int64_t block) {
  const double spent = Ceil(rows, kMatrixRows) * kMatrixRows * Ceil(columns, kMatrixVectors * block) *
                       static_cast<double>(kMatrixVectors * block);
  return Ratio(static_cast<double>(rows) * static_cast<double>(columns), spent);
}

}  // namespace

BlockedKernel FitBlockedKernel(const UnitFeatures& f, int64_t block) {
  BlockedKernel kernel;
  if (f.type == LayerType::kFullyConnected) {
    kernel.path = KernelPath::kMatrix;
    kernel.utilization = MatrixUtilization(f.batch, f.c_out, block);
    return kernel;
  }
  if (f.type == LayerType::kMatMul) {
    kernel.path = KernelPath::kMatrix;
    kernel.utilization = MatrixUtilization(f.out_w, f.c_out, block);
    return kernel;
  }
  if (!IsConvolution(f.type)) return kernel;
  const int64_t taps = f.kernel_d * f.kernel_h * f.kernel_w;
  const int64_t outputs = std::max<int64_t>(1, f.c_out / std::max<int64_t>(1, f.groups));
  const int64_t pixels = f.out_d * f.out_h * f.out_w;
  const Extent columns = Measure(f.in_w, f.out_w, f.kernel_w, f.stride_w, f.dilation_w);
  kernel.edge_share = Ratio(static_cast<double>(columns.edge), static_cast<double>(std::max<int64_t>(1, f.out_w)));
  if (columns.edge == 0) kernel.edge_share = 0;
  const bool depthwise = IsDepthwise(f);
  bool blocked = f.type != LayerType::kConvTranspose && f.out_d == 1;
  if (f.groups > 1 && !depthwise) blocked = blocked && f.c_in % block == 0 && outputs % block == 0;
  if (depthwise) blocked = blocked && f.c_out % 4 == 0;
  if (f.groups == 1 && f.c_in >= block) blocked = blocked && f.c_in % 4 == 0;
  if (!blocked) {
    const bool steps = f.stride_d * f.stride_h * f.stride_w > 1;
    kernel.path = taps == 1 && !steps ? KernelPath::kMatrix : KernelPath::kUnfolded;
    kernel.utilization = MatrixUtilization(outputs, pixels, block);
    return kernel;
  }
  const Extent rows = Measure(f.in_h, f.out_h, f.kernel_h, f.stride_h, f.dilation_h);
  if (depthwise) {
    kernel.path = KernelPath::kDepthwise;
    const double spent = Ceil(f.c_out, block) * static_cast<double>(block) * rows.valid_taps *
                         static_cast<double>(f.kernel_w) *
                         (static_cast<double>(columns.interior) + 4 * static_cast<double>(columns.edge));
    kernel.utilization = Ratio(static_cast<double>(f.c_out * taps) * static_cast<double>(pixels), spent);
    return kernel;
  }
  const double useful = static_cast<double>(outputs) * static_cast<double>(pixels) *
                        static_cast<double>(f.c_in * taps) / static_cast<double>(2 * block);
  const double inputs =
      f.c_in < block && f.groups == 1 ? static_cast<double>(f.c_in) : Ceil(f.c_in, block) * static_cast<double>(block);
  if (taps == 1) {
    kernel.path = f.c_in < block && f.groups == 1 ? KernelPath::kFewChannels : KernelPath::kPointwise;
    kernel.utilization = Ratio(useful, inputs * RowCost(outputs, block, pixels, 0));
    return kernel;
  }
  kernel.path = f.c_in < block && f.groups == 1 ? KernelPath::kFewChannels : KernelPath::kDirect;
  kernel.utilization = Ratio(useful, inputs * static_cast<double>(f.kernel_w) * rows.valid_taps *
                                         RowCost(outputs, block, columns.interior, columns.edge));
  return kernel;
}

bool FitsRowKernel(const UnitFeatures& f) {
  if (!IsConvolution(f.type) || f.type == LayerType::kConvTranspose || !IsDepthwise(f)) return false;
  if (f.kernel_d != 1 || f.kernel_h != 3 || f.kernel_w != 3 || f.out_d != 1) return false;
  return f.in_w >= kRowVector + f.dilation_w * (f.kernel_w - 1) &&
         PaddingBefore(f.in_w, f.out_w, 3, f.stride_w, f.dilation_w) <= 1 &&
         PaddingBefore(f.in_h, f.out_h, 3, f.stride_h, f.dilation_h) <= 1;
}

BlockedKernel FitKernel(const UnitFeatures& f, int64_t block) {
  BlockedKernel kernel = FitBlockedKernel(f, block);
  if (FitsRowKernel(f)) kernel.path = KernelPath::kRows;
  return kernel;
}

}  // namespace latimer
