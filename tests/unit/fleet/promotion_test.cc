#include "server/campaign/promotion.h"

#include <vector>

#include "gtest/gtest.h"

namespace latimer::server {
namespace {

using Errors = std::vector<double>;

TEST(PromotionTest, NothingToCompareIsNotWorse) { EXPECT_FALSE(ClearlyWorse({}, {})); }

TEST(PromotionTest, BetterIsNotWorse) { EXPECT_FALSE(ClearlyWorse(Errors(16, 0.02), Errors(16, 0.2))); }

TEST(PromotionTest, EveryNetworkWorseByMoreThanNoiseIsWorse) {
  EXPECT_TRUE(ClearlyWorse(Errors(16, 0.12), Errors(16, 0.1)));
  EXPECT_FALSE(ClearlyWorse(Errors(16, 0.11), Errors(16, 0.1)));
}

TEST(PromotionTest, OneUnluckyNetworkOfManyIsNotEnough) {
  const Errors before(12, 0.05);
  Errors now = before;
  now[3] = 0.4;
  EXPECT_FALSE(ClearlyWorse(now, before)) << "a mean of 7.9 % after 5 %, all of it from one network";
}

TEST(PromotionTest, OneNetworkAloneDecidesOnlyWhereTheDifferenceIsLarge) {
  EXPECT_FALSE(ClearlyWorse(Errors{0.09}, Errors{0.05}));
  EXPECT_TRUE(ClearlyWorse(Errors{0.5}, Errors{0.05}));
}

}  // namespace
}  // namespace latimer::server
