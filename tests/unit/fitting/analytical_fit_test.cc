#include "core/fitting/analytical_fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/fitting/data_set.h"
#include "tests/unit/fitting/synthetic.h"

namespace latimer::fitting {
namespace {

using ::testing::SizeIs;

// Convolutions of the test board whose odd sizes show its steps.
std::vector<DataPoint> Convolutions(double noise, double interval) {
  std::vector<DataPoint> points;
  benchmark::Random random(3);
  for (int i = 0; i < 250; ++i) {
    const int64_t height = 5 + random.Below(40);
    const int64_t columns = 5 + random.Below(40);  // square maps could not tell the two
    const int64_t c_out = 4 + random.Below(140);
    const int64_t c_in = 16 + random.Below(128);
    const int64_t kernel = random.Below(2) == 0 ? 1 : 3;
    absl::StatusOr<Network> subject = benchmark::LayerNetwork(
        LayerType::kConv, benchmark::SameConv({kernel, kernel}, {1, 1}, c_out), {Shape{1, c_in, height, columns}});
    EXPECT_TRUE(subject.ok()) << subject.status();
    Sample sample = Measure(*std::move(subject), TestBoard(), noise, random);
    // The truth lies anywhere between the bounds.
    const double width = interval * random.Uniform() * sample.seconds.upper_seconds;
    const double below = random.Uniform();
    sample.seconds = {sample.seconds.upper_seconds - below * width, sample.seconds.upper_seconds + (1 - below) * width};
    std::optional<DataPoint> point = MakePoint(sample, sample.seconds, {0}, TestBase());
    EXPECT_TRUE(point.has_value());
    points.push_back(*std::move(point));
  }
  return points;
}

const Unrolling* Find(const AnalyticalFit& fit, Unrolling::Dimension dimension) {
  const auto found = std::find_if(fit.unrolling.begin(), fit.unrolling.end(),
                                  [&](const Unrolling& one) { return one.dimension == dimension; });
  return found == fit.unrolling.end() ? nullptr : &*found;
}

class RecoveryTest : public ::testing::TestWithParam<std::pair<double, double>> {};

TEST_P(RecoveryTest, FindsTheBoardsParameters) {
  const auto [noise, interval] = GetParam();
  const std::vector<DataPoint> points = Convolutions(noise, interval);
  const AnalyticalFit roofline = FitRoofline(points, {});
  const AnalyticalFit refined = FitRefinedRoofline(points, roofline);
  EXPECT_THAT(refined.unrolling, SizeIs(2));
  const Unrolling* c_out = Find(refined, Unrolling::Dimension::kOutputChannels);
  const Unrolling* height = Find(refined, Unrolling::Dimension::kHeight);
  ASSERT_NE(c_out, nullptr);
  ASSERT_NE(height, nullptr);
  EXPECT_EQ(c_out->size, 16);
  EXPECT_NEAR(c_out->alpha, 0.2, 0.15);
  EXPECT_EQ(height->size, 8);
  EXPECT_NEAR(height->alpha, 0, 0.15);
  EXPECT_NEAR(refined.peak / 1e12, 1, 0.08);
  EXPECT_NEAR(refined.bandwidth / 10e9, 1, 0.15);
  EXPECT_NEAR(refined.overhead / 5e-6, 1, 0.3);
  EXPECT_LT(refined.loss, roofline.loss / 2);
}

INSTANTIATE_TEST_SUITE_P(NoiseAndIntervals, RecoveryTest,
                         ::testing::Values(std::pair{0.0, 0.0}, std::pair{0.01, 0.0}, std::pair{0.04, 0.0},
                                           std::pair{0.01, 0.3}));

TEST(AnalyticalFitTest, BoardWithoutStepsGetsNoUnrolling) {
  std::vector<DataPoint> points = Convolutions(0, 0);
  benchmark::Random random(5);
  const AnalyticalModel plain(ModelKind::kRoofline, 1e12, 10e9, {}, 5e-6);
  for (DataPoint& point : points) {
    point.log_target = std::log(plain.Estimate(point.features).seconds) + 0.02 * Noise(random);
    point.log_lower = point.log_upper = point.log_target;
  }
  const AnalyticalFit roofline = FitRoofline(points, {});
  EXPECT_NEAR(roofline.peak / 1e12, 1, 0.03);
  EXPECT_THAT(FitRefinedRoofline(points, roofline).unrolling, SizeIs(0));
}

TEST(DataPointTest, IntervalsAreDataNotTheirMiddleAlone) {
  DataPoint point;
  point.log_lower = 1;
  point.log_target = 2;
  point.log_upper = 3;
  EXPECT_DOUBLE_EQ(point.Residual(2), 0);
  EXPECT_LT(std::abs(point.Residual(2.9)), 0.15);
  EXPECT_GT(point.Residual(4), 1);
  EXPECT_LT(point.Residual(0), -1);
}

TEST(DataPointTest, NegativeLowerBoundsSayNothingOfTheRatioBelow) {
  absl::StatusOr<Network> subject = benchmark::LayerNetwork(LayerType::kRelu, {}, {Shape{1, 8, 8, 8}});
  ASSERT_TRUE(subject.ok());
  Sample sample;
  sample.subject = *std::move(subject);
  sample.seconds = {-3e-6, 10e-6};
  const std::optional<DataPoint> point = MakePoint(sample, sample.seconds, {0}, TestBase());
  ASSERT_TRUE(point.has_value());
  EXPECT_NEAR(point->log_upper, std::log(10e-6), 1e-9);
  EXPECT_NEAR(point->log_target, std::log(3.5e-6), 1e-9);
  EXPECT_LT(point->log_lower, std::log(1e-6));
  EXPECT_LT(point->weight, 0.1);
}

}  // namespace
}  // namespace latimer::fitting
