#include "server/queried_layers.h"

#include <gtest/gtest.h>

namespace latimer::server {
namespace {

refinement::QueriedUnit Unit(int64_t channels, double share = 0.5) {
  refinement::QueriedUnit unit;
  unit.features.type = LayerType::kConv;
  unit.features.c_in = channels;
  unit.share = share;
  return unit;
}

TEST(QueriedLayers, MemoryIsBounded) {
  QueriedLayers::Limits limits;
  limits.layers_per_platform = 100;
  limits.platforms = 3;
  QueriedLayers queried(limits);
  for (int platform = 0; platform < 10; ++platform) {
    for (int64_t i = 0; i < 1000; ++i) queried.Add("p" + std::to_string(platform), {Unit(i)});
  }
  for (int platform = 0; platform < 10; ++platform) {
    EXPECT_EQ(queried.Of("p" + std::to_string(platform)).size(), platform < 3 ? 100u : 0u);
  }
  EXPECT_TRUE(queried.Of("never asked").empty());
}

TEST(QueriedLayers, LayersAreThereAsOftenAsTheyWereAskedFor) {
  QueriedLayers::Limits limits;
  limits.layers_per_platform = 1000;
  QueriedLayers queried(limits);
  for (int i = 0; i < 30'000; ++i) queried.Add("p", {Unit(i % 10 == 0 ? 64 : 8)});
  int rare = 0;
  for (const refinement::QueriedUnit& unit : queried.Of("p")) rare += unit.features.c_in == 64 ? 1 : 0;
  // One in ten, within five deviations of a binomial distribution.
  EXPECT_NEAR(rare, 100, 48);
}

TEST(QueriedLayers, OnlySoManyRequestsAreLookedAt) {
  QueriedLayers::Limits limits;
  limits.requests_per_second = 20;
  limits.burst = 5;
  QueriedLayers queried(limits);
  int looked = 0;
  for (int64_t ms = 1'000'000; ms < 1'010'000; ++ms) {
    for (int i = 0; i < 3; ++i) looked += queried.IsDue(ms) && queried.ShouldLook(ms) ? 1 : 0;
  }
  EXPECT_GE(looked, 190);
  EXPECT_LE(looked, 205) << "twenty a second for ten seconds, and five at once";
  EXPECT_FALSE(queried.ShouldLook(1'000'000)) << "a clock that goes back gives nothing";
}

TEST(QueryCollector, SharesAddUpToOne) {
  QueryCollector collector;
  collector.Observe(Unit(1).features, 3e-3);
  collector.Observe(Unit(2).features, 1e-3);
  const auto& units = collector.Shares();
  ASSERT_EQ(units.size(), 2u);
  EXPECT_DOUBLE_EQ(units[0].share, 0.75);
  EXPECT_DOUBLE_EQ(units[1].share, 0.25);
  EXPECT_TRUE(QueryCollector().Shares().empty());
}

}  // namespace
}  // namespace latimer::server
