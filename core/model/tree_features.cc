#include "core/model/tree_features.h"

#include <algorithm>
#include <cmath>

#include "core/base/checked_math.h"
#include "core/model/blocked_kernel.h"

namespace latimer {
namespace {

float Log(double value) { return static_cast<float>(std::log(std::max(value, 1e-30))); }
float LogSize(int64_t value) { return Log(static_cast<double>(std::max<int64_t>(value, 1))); }
float LogBytes(double bytes) { return Log(std::max(bytes, 1.0)); }

// Part of the last vector of `width` elements that is used, (0, 1].
float Fill(int64_t size, int64_t width) {
  const int64_t rest = size % width;
  return rest == 0 ? 1.0F : static_cast<float>(rest) / static_cast<float>(width);
}

// Whole vectors of `width` elements over the elements in them, at least 1.
double Wasted(int64_t size, int64_t width) {
  const int64_t sane = std::max<int64_t>(size, 1);
  return static_cast<double>((sane + width - 1) / width * width) / static_cast<double>(sane);
}

}  // namespace

TreeFeatureRow MakeTreeFeatures(const UnitFeatures& f, const AnalyticalModel& roofline,
                                const AnalyticalModel& refined) {
  const UnitTime plain_time = roofline.Estimate(f);
  const UnitTime refined_time = refined.Estimate(f);
  const BlockedKernel wide = FitBlockedKernel(f, 16);
  const BlockedKernel narrow = FitKernel(f, 8);
  const double compute = f.operations / roofline.peak();
  const double memory = f.bytes() / roofline.bandwidth();
  return {LogBytes(f.operations), LogBytes(f.input_bytes), LogBytes(f.output_bytes), LogBytes(f.weight_bytes),
          LogBytes(f.bytes()), LogSize(f.out_d * f.out_h * f.out_w), LogSize(f.out_h), LogSize(f.out_w),
          LogSize(f.c_in), LogSize(f.c_out), LogSize(f.groups), LogSize(f.batch), static_cast<float>(f.kernel_d),
          static_cast<float>(f.kernel_h), static_cast<float>(f.kernel_w), static_cast<float>(f.stride_h),
          static_cast<float>(f.stride_w), static_cast<float>(std::max(f.dilation_h, f.dilation_w)),
          static_cast<float>(f.num_inputs), static_cast<float>(f.type),
          Log(std::max(compute, 1e-12) / std::max(memory, 1e-12)), Log(plain_time.seconds),
          Log(refined.SpatialUtilization(f)), Log(refined_time.seconds), Fill(f.c_in, 8), Fill(f.c_out, 8),
          Fill(f.c_out, 16), Fill(f.out_w, 8), LogSize(f.c_in * f.kernel_d * f.kernel_h * f.kernel_w),
          LogBytes(f.operations / std::max(1.0, f.bytes()) * 1e6), Fill(f.c_in, 16), Fill(f.c_in, 4), Fill(f.c_out, 4),
          Log(Wasted(f.c_in, 16) * Wasted(f.c_out, 16)), f.kernel_d * f.kernel_h * f.kernel_w == 1 ? 1.0F : 0.0F,
          LogSize(f.c_in * f.groups), Fill(f.out_w, 6), Fill(f.out_w, 16), LogBytes(f.input_bytes + f.weight_bytes),
          static_cast<float>(f.fused_activation), static_cast<float>(f.fused_sums), static_cast<float>(f.producer),
          Fill(f.producer_channels, 16), static_cast<float>(f.consumer), static_cast<float>(f.residency),
          static_cast<float>(f.axis), LogSize(f.in_d * f.in_h * f.in_w), static_cast<float>(wide.path),
          Log(wide.utilization), static_cast<float>(narrow.path), Log(narrow.utilization),
          static_cast<float>(wide.edge_share),
          // What is read again for every row of the output.
          LogBytes(f.weight_bytes * static_cast<double>(f.out_h)),
          LogBytes(f.output_bytes * static_cast<double>(CeilDiv(std::max<int64_t>(f.c_in, 1), 16))),
          f.consumer == LayerType::kUnspecified ? LogBytes(f.output_bytes) : 0.0F, static_cast<float>(f.blocked),
          static_cast<float>(f.freshness)};
}

}  // namespace latimer
