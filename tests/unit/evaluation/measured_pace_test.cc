#include "core/evaluation/measured_pace.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace latimer {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(CommonPassTest, IsTheMedianOfPositiveNumbers) {
  EXPECT_EQ(CommonPassNs({400, 200, 190, 0, 0}), 200);
  EXPECT_EQ(CommonPassNs({kNaN, -1, 150, kInfinity}), 150);
  EXPECT_EQ(CommonPassNs({0}), 0);
  EXPECT_EQ(CommonPassNs({}), 0);
}

TEST(PaceFactorTest, IsAPowerOfTheRatio) {
  EXPECT_DOUBLE_EQ(PaceFactor(300, 200, 1), 200.0 / 300);
  EXPECT_DOUBLE_EQ(PaceFactor(300, 200, 0.5), std::sqrt(200.0 / 300));
  EXPECT_DOUBLE_EQ(PaceFactor(300, 200, 0), 1);
  EXPECT_DOUBLE_EQ(PaceFactor(200, 200, 0.7), 1);
}

TEST(PaceFactorTest, WhatIsNotKnownChangesNothing) {
  for (const double nothing : {0.0, -1.0, kNaN, kInfinity}) {
    EXPECT_EQ(PaceFactor(nothing, 200, 0.5), 1);
    EXPECT_EQ(PaceFactor(200, nothing, 0.5), 1);
  }
  EXPECT_EQ(PaceFactor(300, 200, kNaN), 1);
}

TEST(PaceFactorTest, IsBounded) {
  EXPECT_EQ(PaceFactor(1, 1e6, 1), 4);
  EXPECT_EQ(PaceFactor(1e6, 1, 1), 0.25);
}

}  // namespace
}  // namespace latimer
