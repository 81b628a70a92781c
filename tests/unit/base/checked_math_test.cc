#include "core/base/checked_math.h"

#include <gtest/gtest.h>

#include <limits>

namespace latimer {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

TEST(CheckedMathTest, AddsUpToTheLimits) {
  EXPECT_EQ(CheckedAdd(kMax - 1, 1), kMax);
  EXPECT_EQ(CheckedAdd(kMin, 0), kMin);
  EXPECT_EQ(CheckedAdd(kMax, 1), std::nullopt);
  EXPECT_EQ(CheckedAdd(kMin, -1), std::nullopt);
}

TEST(CheckedMathTest, SubtractsUpToTheLimits) {
  EXPECT_EQ(CheckedSub(-1, kMax), kMin);
  EXPECT_EQ(CheckedSub(-2, kMax), std::nullopt);
  EXPECT_EQ(CheckedSub(0, kMin), std::nullopt);
}

TEST(CheckedMathTest, MultipliesUpToTheLimits) {
  EXPECT_EQ(CheckedMul(int64_t{1} << 31, int64_t{1} << 31), int64_t{1} << 62);
  EXPECT_EQ(CheckedMul(int64_t{1} << 32, int64_t{1} << 31), std::nullopt);
  EXPECT_EQ(CheckedMul(kMin, -1), std::nullopt);
  EXPECT_EQ(CheckedMul(kMin, 1), kMin);
  EXPECT_EQ(CheckedMul(kMax, 0), 0);
}

TEST(CheckedMathTest, CeilDivRoundsUp) {
  EXPECT_EQ(CeilDiv(0, 3), 0);
  EXPECT_EQ(CeilDiv(1, 3), 1);
  EXPECT_EQ(CeilDiv(3, 3), 1);
  EXPECT_EQ(CeilDiv(4, 3), 2);
  EXPECT_EQ(CeilDiv(kMax, 2), kMax / 2 + 1);
  EXPECT_EQ(CeilDiv(-4, 3), -1);
  EXPECT_EQ(CeilDiv(-3, 3), -1);
}

}  // namespace
}  // namespace latimer
