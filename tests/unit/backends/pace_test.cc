#include "backends/pace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace latimer {
namespace {

TEST(PaceTest, TellsHowLongAPassTakes) {
  double least = 1;
  for (int i = 0; i < 50; ++i) least = std::min(least, SecondsOfPasses(1000) / 1000);
  const Pace pace;
  const double seconds = pace.Measure();
  EXPECT_GT(seconds, least / 2);
  EXPECT_LT(seconds, 100 * least) << "of a machine that computes other things, too";
}

TEST(PaceTest, MorePassesTakeLonger) {
  double few = 1;
  double many = 1;
  for (int i = 0; i < 20; ++i) {
    few = std::min(few, SecondsOfPasses(50));
    many = std::min(many, SecondsOfPasses(500));
  }
  EXPECT_GT(many, 3 * few);
}

// Times that no processor of these years reaches, so that what the constructor measured does not matter.
TEST(PaceTest, FastIsAboutTheFastestOfTheLastSeries) {
  Pace pace;
  pace.Remember({2e-15, 1e-15, 1e-15, 3e-15});
  pace.Remember({5e-15, 4e-15});
  EXPECT_TRUE(pace.IsFast(1e-15));
  EXPECT_TRUE(pace.IsFast(1.04e-15));
  EXPECT_FALSE(pace.IsFast(1.06e-15));
}

TEST(PaceTest, OneMeasurementThatIsTooGoodToBeTrueDoesNotMatter) {
  Pace pace;
  std::vector<double> passes(40, 2e-15);
  passes[17] = 1e-18;
  pace.Remember(passes);
  EXPECT_TRUE(pace.IsFast(2e-15));
}

TEST(PaceTest, ClocksThatSankForGoodAreTheUsualOnesInTheEnd) {
  Pace pace;
  pace.Remember({1e-15});
  int series = 0;
  for (; !pace.IsFast(2e-15) && series < 1000; ++series) pace.Remember({2e-15});
  EXPECT_GT(series, 10) << "a neighbour may stay for so long";
  EXPECT_LT(series, 100);
}

}  // namespace
}  // namespace latimer
