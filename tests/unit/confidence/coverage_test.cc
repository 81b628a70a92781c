#include "core/confidence/coverage.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/benchmark/random.h"

namespace latimer::confidence {
namespace {

UnitFeatures Layer(int64_t channels, int64_t size, int64_t kernel = 3) {
  UnitFeatures f;
  f.type = LayerType::kConv;
  f.c_in = f.c_out = channels;
  f.in_h = f.in_w = f.out_h = f.out_w = size;
  f.kernel_h = f.kernel_w = kernel;
  return f;
}

std::vector<float> Flat(const std::vector<CoveragePoint>& points) {
  std::vector<float> flat;
  for (const CoveragePoint& point : points) flat.insert(flat.end(), point.begin(), point.end());
  return flat;
}

TEST(Coverage, ADoubledSizeIsOneApart) {
  UnitFeatures one = Layer(64, 56);
  UnitFeatures other = one;
  other.c_out = 128;
  const std::vector<float> points = Flat({MakeCoveragePoint(one)});
  EXPECT_FLOAT_EQ(DistanceToNearest(MakeCoveragePoint(one), points), 0);
  EXPECT_NEAR(DistanceToNearest(MakeCoveragePoint(other), points), 1, 1e-6);
  other = one;
  other.type = LayerType::kMaxPool;
  EXPECT_NEAR(DistanceToNearest(MakeCoveragePoint(other), points), 1, 1e-6);
  other = one;
  other.stride_h = other.stride_w = 2;
  EXPECT_NEAR(DistanceToNearest(MakeCoveragePoint(other), points), std::sqrt(2.0F), 1e-6);
  EXPECT_FLOAT_EQ(DistanceToNearest(MakeCoveragePoint(one), {}), 0) << "nothing to be far from";
}

TEST(Coverage, TheThreeNearestCount) {
  std::vector<CoveragePoint> points;
  for (int64_t channels : {32, 64, 128, 256, 4096}) points.push_back(MakeCoveragePoint(Layer(channels, 56)));
  // 64 itself, and its neighbours at a factor of two in both channels.
  EXPECT_NEAR(DistanceToNearest(MakeCoveragePoint(Layer(64, 56)), Flat(points)), 2 * std::sqrt(2.0F) / 3, 1e-5);
}

TEST(Coverage, ChosenPointsLeaveNoneFar) {
  benchmark::Random random(2);
  std::vector<CoveragePoint> points;
  for (int i = 0; i < 2000; ++i) {
    points.push_back(MakeCoveragePoint(Layer(random.LogUniform(1, 1024), random.LogUniform(1, 256))));
  }
  const auto farthest = [&](const std::vector<CoveragePoint>& chosen) {
    float most = 0;
    for (const CoveragePoint& point : points) {
      float nearest = 1e9F;
      for (const CoveragePoint& one : chosen) nearest = std::min(nearest, DistanceToNearest(point, Flat({one})));
      most = std::max(most, nearest);
    }
    return most;
  };
  const std::vector<CoveragePoint> few = Cover(points, 16);
  const std::vector<CoveragePoint> many = Cover(points, 128);
  EXPECT_EQ(few.size(), 16u);
  EXPECT_EQ(many.size(), 128u);
  EXPECT_LT(farthest(few), 4.0F);
  EXPECT_LT(farthest(many), 0.5F * farthest(few));
  EXPECT_EQ(Cover(points, 128), many) << "deterministic";
}

TEST(Coverage, RepeatedPointsAreTakenOnce) {
  const std::vector<CoveragePoint> points(50, MakeCoveragePoint(Layer(64, 56)));
  EXPECT_EQ(Cover(points, 10).size(), 1u);
  EXPECT_TRUE(Cover({}, 10).empty());
}

}  // namespace
}  // namespace latimer::confidence
