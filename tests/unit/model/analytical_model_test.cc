#include "core/model/analytical_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace latimer {
namespace {

using Dimension = Unrolling::Dimension;

UnitFeatures Features(double operations, double bytes) {
  UnitFeatures features;
  features.operations = operations;
  features.input_bytes = bytes;
  return features;
}

TEST(RooflineTest, TimeIsTheLargerOfComputingAndMovingData) {
  const AnalyticalModel model(ModelKind::kRoofline, 1e9, 1e8, {});
  const UnitTime compute = model.Estimate(Features(2e6, 1e5));  // 2 ms against 1 ms
  EXPECT_DOUBLE_EQ(compute.seconds, 2e-3);
  EXPECT_EQ(compute.bound, Bound::kCompute);
  EXPECT_DOUBLE_EQ(compute.utilization, 1);
  const UnitTime memory = model.Estimate(Features(1e6, 4e5));  // 1 ms against 4 ms
  EXPECT_DOUBLE_EQ(memory.seconds, 4e-3);
  EXPECT_EQ(memory.bound, Bound::kMemory);
  EXPECT_DOUBLE_EQ(memory.utilization, 0.25);
}

TEST(RooflineTest, AUnitWithoutWorkTakesNoTime) {
  const UnitTime time = AnalyticalModel(ModelKind::kRoofline, 1e9, 1e8, {}).Estimate(UnitFeatures());
  EXPECT_EQ(time.seconds, 0);
  EXPECT_EQ(time.utilization, 0);
}

TEST(RooflineTest, AllBytesCrossTheInterface) {
  UnitFeatures features;
  features.input_bytes = 1e5;
  features.output_bytes = 2e5;
  features.weight_bytes = 3e5;
  EXPECT_DOUBLE_EQ(AnalyticalModel(ModelKind::kRoofline, 1e9, 1e8, {}).Estimate(features).seconds, 6e-3);
}

TEST(RefinedRooflineTest, FullCeilingWastesTheRestOfTheArray) {
  // Equation 4 with alpha 0: 24 channels on 16 elements run in 2 steps of 16, u = 24 / 32.
  const AnalyticalModel model(ModelKind::kRefinedRoofline, 1e9, 1e12, {{Dimension::kInputChannels, 16, 0, false}});
  UnitFeatures features = Features(3e6, 1);
  features.c_in = 24;
  EXPECT_DOUBLE_EQ(model.SpatialUtilization(features), 0.75);
  EXPECT_DOUBLE_EQ(model.Estimate(features).seconds, 4e-3);
  EXPECT_DOUBLE_EQ(model.Estimate(features).utilization, 0.75);
}

TEST(RefinedRooflineTest, AlphaSoftensTheStep) {
  // h = 20 on 8 rows: e = (20 / 8) / 3 = 5 / 6; u = 1 / (0.5 + 0.5 * 6 / 5) = 1 / 1.1.
  const AnalyticalModel model(ModelKind::kRefinedRoofline, 1e9, 1e12, {{Dimension::kHeight, 8, 0.5, false}});
  UnitFeatures features;
  features.out_h = 20;
  EXPECT_DOUBLE_EQ(model.SpatialUtilization(features), 1 / 1.1);
}

TEST(RefinedRooflineTest, AlphaOneHasNoEffect) {
  const AnalyticalModel model(ModelKind::kRefinedRoofline, 1e9, 1e12, {{Dimension::kWidth, 8, 1, false}});
  UnitFeatures features;
  features.out_w = 13;
  EXPECT_DOUBLE_EQ(model.SpatialUtilization(features), 1);
}

TEST(RefinedRooflineTest, DimensionsMultiply) {
  const AnalyticalModel model(ModelKind::kRefinedRoofline, 1e9, 1e12,
                              {{Dimension::kInputChannels, 16, 0, false}, {Dimension::kOutputChannels, 32, 0, false}});
  UnitFeatures features;
  features.c_in = 24;   // 24 / 32
  features.c_out = 40;  // 40 / 64
  EXPECT_DOUBLE_EQ(model.SpatialUtilization(features), 0.75 * 0.625);
}

TEST(RefinedRooflineTest, BelowTheArrayTheToolchainReplicatesOrIdles) {
  UnitFeatures features;
  features.c_in = 3;
  const std::vector<Unrolling> idle = {{Dimension::kInputChannels, 16, 0, false}};
  const std::vector<Unrolling> replicate = {{Dimension::kInputChannels, 16, 0, true}};
  EXPECT_DOUBLE_EQ(AnalyticalModel(ModelKind::kRefinedRoofline, 1, 1, idle).SpatialUtilization(features), 3.0 / 16);
  EXPECT_DOUBLE_EQ(AnalyticalModel(ModelKind::kRefinedRoofline, 1, 1, replicate).SpatialUtilization(features), 1);
  features.c_in = 17;  // above s both are the same
  EXPECT_DOUBLE_EQ(AnalyticalModel(ModelKind::kRefinedRoofline, 1, 1, replicate).SpatialUtilization(features),
                   17.0 / 32);
}

TEST(RefinedRooflineTest, NeverFasterThanTheRooflineAndBoundedUtilisation) {
  std::mt19937_64 random(3);
  auto pick = [&](int64_t most) { return std::uniform_int_distribution<int64_t>(1, most)(random); };
  std::uniform_real_distribution<double> share(0, 1);
  for (int round = 0; round < 2000; ++round) {
    std::vector<Unrolling> unrolling;
    for (Dimension dimension :
         {Dimension::kHeight, Dimension::kWidth, Dimension::kInputChannels, Dimension::kOutputChannels}) {
      unrolling.push_back({dimension, pick(64), share(random), share(random) < 0.5});
    }
    UnitFeatures features = Features(1e9 * share(random), 1e8 * share(random));
    features.out_h = pick(300);
    features.out_w = pick(300);
    features.c_in = pick(2000);
    features.c_out = pick(2000);
    const AnalyticalModel plain(ModelKind::kRoofline, 1e9, 1e8, {});
    const AnalyticalModel refined(ModelKind::kRefinedRoofline, 1e9, 1e8, unrolling);
    const double u = refined.SpatialUtilization(features);
    EXPECT_GT(u, 0);
    EXPECT_LE(u, 1 + 1e-12);
    EXPECT_GE(refined.Estimate(features).seconds, plain.Estimate(features).seconds * (1 - 1e-12));
    EXPECT_LE(refined.Estimate(features).utilization, 1);
    // More bandwidth or a higher peak never makes a unit slower.
    EXPECT_LE(AnalyticalModel(ModelKind::kRefinedRoofline, 1e9, 2e8, unrolling).Estimate(features).seconds,
              refined.Estimate(features).seconds);
    EXPECT_LE(AnalyticalModel(ModelKind::kRefinedRoofline, 2e9, 1e8, unrolling).Estimate(features).seconds,
              refined.Estimate(features).seconds);
  }
}

}  // namespace
}  // namespace latimer
