#include "core/confidence/coverage.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace latimer::confidence {
namespace {

constexpr size_t kNearest = 3;

float Log2(int64_t size) { return std::log2(static_cast<float>(std::max<int64_t>(size, 1))); }

float SquaredDistance(const float* a, const float* b) {
  float sum = 0;
  for (size_t i = 0; i + 1 < kCoverageDimensions; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum + (a[kCoverageDimensions - 1] == b[kCoverageDimensions - 1] ? 0.0F : 1.0F);
}

}  // namespace

CoveragePoint MakeCoveragePoint(const UnitFeatures& f) {
  return {Log2(f.out_d * f.out_h * f.out_w),
          0.5F * (Log2(f.out_h) - Log2(f.out_w)),
          Log2(f.c_in),
          Log2(f.c_out),
          Log2(f.groups),
          Log2(f.batch),
          Log2(f.kernel_d * f.kernel_h),
          Log2(f.kernel_w),
          Log2(f.stride_d * f.stride_h),
          Log2(f.stride_w),
          Log2(std::max(f.dilation_h, f.dilation_w)),
          static_cast<float>(f.type)};
}

std::vector<CoveragePoint> Cover(absl::Span<const CoveragePoint> points, size_t most) {
  std::vector<CoveragePoint> chosen;
  if (points.empty()) return chosen;
  std::vector<float> distance(points.size(), std::numeric_limits<float>::max());
  size_t next = 0;
  while (chosen.size() < most) {
    chosen.push_back(points[next]);
    size_t farthest = 0;
    for (size_t i = 0; i < points.size(); ++i) {
      distance[i] = std::min(distance[i], SquaredDistance(points[i].data(), chosen.back().data()));
      if (distance[i] > distance[farthest]) farthest = i;
    }
    if (distance[farthest] <= 0) break;
    next = farthest;
  }
  return chosen;
}

float DistanceToNearest(const CoveragePoint& from, absl::Span<const float> points) {
  std::array<float, kNearest> nearest;
  nearest.fill(std::numeric_limits<float>::max());
  const size_t count = points.size() / kCoverageDimensions;
  for (size_t i = 0; i < count; ++i) {
    float distance = SquaredDistance(from.data(), points.data() + i * kCoverageDimensions);
    if (distance >= nearest.back()) continue;
    for (float& known : nearest) {
      if (distance < known) std::swap(distance, known);
    }
  }
  const size_t found = std::min(count, kNearest);
  float sum = 0;
  for (size_t i = 0; i < found; ++i) sum += std::sqrt(nearest[i]);
  return found == 0 ? 0 : sum / static_cast<float>(found);
}

}  // namespace latimer::confidence
