#include "core/model/error_spread.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace latimer {
namespace {

TEST(ErrorSpreadTest, FactorIsThatOfALaplaceDistributionInTheLogarithm) {
  // b = ln 1.25; r = exp(b ln 10) = 1.25^2.302585 = 1.671643 at level 0.9, 1.25^0.693147 = 1.167274 at 0.5.
  const ErrorSpread spread(0.25);
  EXPECT_NEAR(spread.Factor(0.9), 1.671643, 1e-6);
  EXPECT_NEAR(spread.Factor(0.5), 1.167274, 1e-6);
}

TEST(ErrorSpreadTest, WithoutSpreadTheIntervalIsThePoint) { EXPECT_EQ(ErrorSpread().Factor(0.99), 1); }

TEST(ErrorSpreadTest, FactorGrowsWithLevelAndError) {
  double before = 1;
  for (double level : {0.01, 0.1, 0.5, 0.9, 0.99, 0.999999}) {
    const double factor = ErrorSpread(0.3).Factor(level);
    EXPECT_GT(factor, before) << level;
    EXPECT_GT(factor, ErrorSpread(0.2).Factor(level)) << level;
    EXPECT_TRUE(std::isfinite(factor));
    before = factor;
  }
}

TEST(ErrorSpreadTest, CoversTheDrawsOfItsOwnDistributionAtTheLevelItPromises) {
  std::mt19937_64 random(17);
  std::exponential_distribution<double> distance(1 / std::log1p(0.3));
  const int draws = 20000;
  for (double level : {0.5, 0.9}) {
    int covered = 0;
    const double factor = ErrorSpread(0.3).Factor(level);
    for (int i = 0; i < draws; ++i) covered += distance(random) <= std::log(factor);
    EXPECT_NEAR(static_cast<double>(covered) / draws, level, 0.015);
  }
}

}  // namespace
}  // namespace latimer
