#include "core/fitting/common_errors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/benchmark/random.h"
#include "core/evaluation/statistics.h"

namespace latimer::fitting {
namespace {

struct Excerpts {
  std::vector<DataPoint> points;
  std::vector<HeldOutPrediction> held_out;
};

// Layers that models know but for 10 % of their own; every second excerpt takes e^`common` of what it should, the
// others as much less.
Excerpts Make(int excerpts, int layers, double common) {
  Excerpts made;
  benchmark::Random random(1);
  for (int group = 0; group < excerpts; ++group) {
    for (int i = 0; i < layers; ++i) {
      const double known = std::log(1e-4 * (1 + i));
      DataPoint& point = made.points.emplace_back();
      point.group = group;
      point.log_target = known + (group % 2 == 0 ? common : -common) + 0.2 * (random.Uniform() - 0.5);
      point.log_lower = point.log_target - 0.01;
      point.log_upper = point.log_target + 0.02;
      HeldOutPrediction& one = made.held_out.emplace_back();
      one.group = group;
      one.log_measured = point.log_target;
      one.seconds[static_cast<size_t>(ModelKind::kStatistical)] = std::exp(known);
      one.seconds[static_cast<size_t>(ModelKind::kMixed)] = std::exp(known);
    }
  }
  return made;
}

// Mean over the excerpts of how far their layers were moved together, towards what models say.
double MeanShift(const Excerpts& made, const std::vector<DataPoint>& cleared) {
  double sum = 0;
  for (size_t i = 0; i < cleared.size(); ++i) {
    const double shift = made.points[i].log_target - cleared[i].log_target;
    EXPECT_NEAR(made.points[i].log_upper - cleared[i].log_upper, shift, 1e-12);
    EXPECT_NEAR(made.points[i].log_lower - cleared[i].log_lower, shift, 1e-12);
    sum += made.points[i].group % 2 == 0 ? shift : -shift;
  }
  return sum / static_cast<double>(cleared.size());
}

TEST(WithoutCommonErrors, TakesAwayHalfOfWhatLayersOfAnExcerptHaveInCommon) {
  const Excerpts made = Make(200, 12, 0.1);
  EXPECT_NEAR(MeanShift(made, WithoutCommonErrors(made.points, made.held_out)), 0.05, 0.006);
}

TEST(WithoutCommonErrors, FewLayersTellLess) {
  const Excerpts few = Make(200, 3, 0.05);
  const Excerpts many = Make(200, 30, 0.05);
  EXPECT_LT(MeanShift(few, WithoutCommonErrors(few.points, few.held_out)),
            0.9 * MeanShift(many, WithoutCommonErrors(many.points, many.held_out)));
}

TEST(WithoutCommonErrors, LeavesExcerptsThatDifferByTheirLayersAlone) {
  const Excerpts made = Make(200, 12, 0);
  EXPECT_NEAR(MeanShift(made, WithoutCommonErrors(made.points, made.held_out)), 0, 0.003);
}

TEST(WithoutCommonErrors, LeavesFewExcerptsAndPointsOfNoneAlone) {
  const Excerpts few = Make(10, 12, 0.1);
  EXPECT_EQ(MeanShift(few, WithoutCommonErrors(few.points, few.held_out)), 0);
  Excerpts single = Make(200, 1, 0.1);
  for (DataPoint& point : single.points) point.group = -1;
  for (HeldOutPrediction& one : single.held_out) one.group = -1;
  const std::vector<DataPoint> cleared = WithoutCommonErrors(single.points, single.held_out);
  for (size_t i = 0; i < cleared.size(); ++i) EXPECT_EQ(cleared[i].log_target, single.points[i].log_target);
}

TEST(WithoutCommonErrors, OneBrokenMeasurementMovesNothingFar) {
  Excerpts made = Make(200, 12, 0.02);
  for (size_t i = 0; i < 12; ++i) {
    made.points[i].log_target += 5;
    made.held_out[i].log_measured += 5;
  }
  const std::vector<DataPoint> cleared = WithoutCommonErrors(made.points, made.held_out);
  EXPECT_LE(std::abs(cleared[0].log_target - made.points[0].log_target), 0.25 + 1e-12);
  for (size_t i = 12; i < cleared.size(); ++i) {
    EXPECT_LT(std::abs(cleared[i].log_target - made.points[i].log_target), 0.06) << i;
  }
}

}  // namespace
}  // namespace latimer::fitting
