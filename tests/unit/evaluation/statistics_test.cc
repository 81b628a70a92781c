// Expected values are computed by hand; the arithmetic stands beside them.
#include "core/evaluation/statistics.h"

#include <cmath>
#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace latimer {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;
using testing::Eq;
using testing::Optional;

// Relative errors +10 %, -20 %, 0; absolute 1, 4, 0.
const std::vector<Prediction> kThree = {{.predicted = 11, .low = 9, .high = 12, .measured = 10},
                                        {.predicted = 16, .low = 14, .high = 18, .measured = 20},
                                        {.predicted = 40, .low = 40, .high = 50, .measured = 40}};

TEST(ErrorsTest, MeanAbsolutePercentageError) {
  EXPECT_THAT(MeanAbsolutePercentageError(kThree), Optional(DoubleEq(0.3 / 3)));
}

TEST(ErrorsTest, MeanAbsoluteError) { EXPECT_THAT(MeanAbsoluteError(kThree), Optional(DoubleEq(5.0 / 3))); }

TEST(ErrorsTest, RootMeanSquarePercentageError) {
  // sqrt((0.01 + 0.04 + 0) / 3)
  EXPECT_THAT(RootMeanSquarePercentageError(kThree), Optional(DoubleEq(std::sqrt(0.05 / 3))));
}

TEST(IntervalsTest, BothEndsBelongToTheInterval) {
  // 10 lies inside [9, 12], 20 above [14, 18], 40 on the edge of [40, 50].
  EXPECT_THAT(Coverage(kThree), Optional(DoubleEq(2.0 / 3)));
  EXPECT_THAT(Coverage({{.predicted = 1, .low = 1, .high = 2, .measured = 2}}), Optional(1.0));
}

TEST(IntervalsTest, WidthIsRelativeToTheMeasuredValue) {
  // 3/10, 4/20, 10/40
  EXPECT_THAT(MeanRelativeWidth(kThree), Optional(DoubleEq((0.3 + 0.2 + 0.25) / 3)));
}

TEST(ErrorsTest, WhatIsNotDefinedIsNoNumber) {
  EXPECT_THAT(MeanAbsolutePercentageError({}), Eq(std::nullopt));
  EXPECT_THAT(MeanAbsoluteError({}), Eq(std::nullopt));
  EXPECT_THAT(RootMeanSquarePercentageError({}), Eq(std::nullopt));
  EXPECT_THAT(Coverage({}), Eq(std::nullopt));
  EXPECT_THAT(MeanRelativeWidth({}), Eq(std::nullopt));
  const std::vector<Prediction> zero = {{.predicted = 1, .low = 0, .high = 2, .measured = 0}};
  EXPECT_THAT(MeanAbsolutePercentageError(zero), Eq(std::nullopt));
  EXPECT_THAT(RootMeanSquarePercentageError(zero), Eq(std::nullopt));
  EXPECT_THAT(MeanRelativeWidth(zero), Eq(std::nullopt));
  EXPECT_THAT(MeanAbsoluteError(zero), Optional(1.0));
  EXPECT_THAT(Coverage(zero), Optional(1.0));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(MeanAbsoluteError({{.predicted = nan, .low = 0, .high = 2, .measured = 1}}), Eq(std::nullopt));
}

TEST(RanksTest, EqualValuesShareTheMeanRank) {
  EXPECT_THAT(Ranks({30, 10, 20}), ElementsAre(3, 1, 2));
  EXPECT_THAT(Ranks({7, 3, 7, 1, 7}), ElementsAre(4, 2, 4, 1, 4));  // the sevens have 3, 4, 5
  EXPECT_THAT(Ranks({5, 5}), ElementsAre(1.5, 1.5));
  EXPECT_TRUE(Ranks({}).empty());
}

TEST(SpearmanTest, WithoutTies) {
  // Ranks 1 2 3 4 5 and 2 1 4 3 5: 1 - 6 * (1 + 1 + 1 + 1 + 0) / (5 * 24) = 0.8
  EXPECT_THAT(SpearmanCorrelation({1, 2, 3, 4, 5}, {20, 10, 400, 30, 5000}), Optional(DoubleEq(0.8)));
  EXPECT_THAT(SpearmanCorrelation({1, 2, 3}, {1, 8, 27}), Optional(DoubleEq(1)));
  EXPECT_THAT(SpearmanCorrelation({1, 2, 3}, {9, 4, 1}), Optional(DoubleEq(-1)));
}

TEST(SpearmanTest, WithTies) {
  // Ranks 1 2.5 2.5 4 and 1 2 3 4 around 2.5: xy = 2.25 + 0 + 0 + 2.25, xx = 4.5, yy = 5.
  EXPECT_THAT(SpearmanCorrelation({1, 2, 2, 3}, {1, 2, 3, 4}), Optional(DoubleEq(4.5 / std::sqrt(4.5 * 5))));
}

TEST(KendallTest, WithoutTies) {
  // Two of ten pairs are discordant.
  EXPECT_THAT(KendallCorrelation({1, 2, 3, 4, 5}, {20, 10, 400, 30, 5000}), Optional(DoubleEq(0.6)));
  EXPECT_THAT(KendallCorrelation({1, 2, 3}, {9, 4, 1}), Optional(DoubleEq(-1)));
}

TEST(KendallTest, WithTies) {
  // Of six pairs one is tied in a, none in b; five agree: 5 / sqrt(5 * 6).
  EXPECT_THAT(KendallCorrelation({1, 2, 2, 3}, {1, 2, 3, 4}), Optional(DoubleEq(5 / std::sqrt(30.0))));
  // Tied in both: (1,1) with (1,1). Of three pairs two agree: 2 / sqrt(2 * 2).
  EXPECT_THAT(KendallCorrelation({1, 1, 2}, {1, 1, 2}), Optional(DoubleEq(1)));
}

TEST(CorrelationsTest, WhatIsNotDefinedIsNoNumber) {
  const double inf = std::numeric_limits<double>::infinity();
  for (const auto& correlation : {SpearmanCorrelation, KendallCorrelation}) {
    EXPECT_THAT(correlation({}, {}), Eq(std::nullopt));
    EXPECT_THAT(correlation({1}, {1}), Eq(std::nullopt));
    EXPECT_THAT(correlation({1, 2}, {5, 5}), Eq(std::nullopt));
    EXPECT_THAT(correlation({5, 5}, {1, 2}), Eq(std::nullopt));
    EXPECT_THAT(correlation({1, 2}, {1, 2, 3}), Eq(std::nullopt));
    EXPECT_THAT(correlation({1, inf}, {1, 2}), Eq(std::nullopt));
  }
}

TEST(NoiseFloorTest, MeanOverPairsThenOverGroups) {
  // (2/10 + 2/8) / 2 = 0.225 and 0; a single measurement says nothing.
  EXPECT_THAT(NoiseFloor({{10, 8}, {3, 3}, {7}}), Optional(DoubleEq(0.225 / 2)));
  // Ordered pairs of 1, 2, 4: 1 + 3 (of 1), 1/2 + 1 (of 2), 3/4 + 1/2 (of 4).
  EXPECT_THAT(NoiseFloor({{1, 2, 4}}), Optional(DoubleEq((4 + 1.5 + 1.25) / 6)));
  EXPECT_THAT(NoiseFloor({}), Eq(std::nullopt));
  EXPECT_THAT(NoiseFloor({{1}}), Eq(std::nullopt));
  EXPECT_THAT(NoiseFloor({{0, 1}}), Eq(std::nullopt));
}

TEST(MedianTest, OddEvenEmpty) {
  EXPECT_THAT(Median({3, 1, 2}), Optional(2.0));
  EXPECT_THAT(Median({4, 1, 3, 2}), Optional(2.5));
  EXPECT_THAT(Median({}), Eq(std::nullopt));
}

TEST(RobustDeviationTest, OneFarValueChangesLittle) {
  EXPECT_NEAR(RobustDeviation({0.1, 0.5, 0.6745, 1, 2}), 1, 1e-3);
  EXPECT_NEAR(RobustDeviation({0.1, 0.5, 0.6745, 1, 2e9}), 1, 1e-3);
  EXPECT_EQ(RobustDeviation({}), 0);
}

}  // namespace
}  // namespace latimer
