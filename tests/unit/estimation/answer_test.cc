// What an answer says beside its numbers: intervals, views, names, what is free, and that it never changes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "tests/unit/estimation/estimation_helpers.h"

namespace latimer {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

constexpr ModelKind kKinds[] = {ModelKind::kAuto, ModelKind::kRoofline, ModelKind::kRefinedRoofline,
                                ModelKind::kStatistical, ModelKind::kMixed};

TEST(Intervals, HoldThePointAndGrowWithTheLevel) {
  const Network network = SmallNetwork();
  for (const char* id : {"zcu102-dnndk", "ncs2-openvino"}) {
    const auto platform = LoadShippedPlatform(id);
    for (ModelKind kind : kKinds) {
      SCOPED_TRACE(absl::StrCat(id, " ", ModelKindName(kind)));
      v1::NetworkEstimate before;
      for (double level : {1e-9, 0.1, 0.5, 0.8, 0.9, 0.95, 0.999, 1 - 1e-12}) {
        SCOPED_TRACE(level);
        const v1::NetworkEstimate result = Estimate(network, *platform, kind, level);
        EXPECT_EQ(result.confidence(), level);
        EXPECT_EQ(result.interval_source(), v1::INTERVAL_SOURCE_PUBLISHED_ERROR);
        auto check = [&](const v1::Latency& now, const v1::Latency* narrower) {
          EXPECT_GT(now.lower_ms(), 0);
          EXPECT_LE(now.lower_ms(), now.estimate_ms());
          EXPECT_GE(now.upper_ms(), now.estimate_ms());
          EXPECT_TRUE(std::isfinite(now.upper_ms()));
          if (narrower == nullptr) return;
          EXPECT_EQ(now.estimate_ms(), narrower->estimate_ms());
          EXPECT_LT(now.lower_ms(), narrower->lower_ms());
          EXPECT_GT(now.upper_ms(), narrower->upper_ms());
        };
        const bool first = before.units_size() == 0;
        check(result.latency(), first ? nullptr : &before.latency());
        for (int i = 0; i < result.units_size(); ++i) {
          check(result.units(i).latency(), first ? nullptr : &before.units(i).latency());
        }
        before = result;
      }
    }
  }
}

TEST(Intervals, AMedianLevelIsThePublishedMeanErrorAtLevel1MinusOneOverE) {
  // r = (1 + m) ^ ln(1 / (1 - p)): with p = 1 - 1/e the interval is [t / (1 + m), t (1 + m)].
  const auto platform = MakeTestPlatform();
  const v1::NetworkEstimate result = Estimate(SmallNetwork(), *platform, ModelKind::kRoofline, 1 - std::exp(-1.0));
  EXPECT_NEAR(result.latency().upper_ms(), result.latency().estimate_ms() * 1.4, 1e-9);
  EXPECT_NEAR(result.latency().lower_ms(), result.latency().estimate_ms() / 1.4, 1e-9);
  EXPECT_NEAR(result.units(0).latency().upper_ms(), result.units(0).latency().estimate_ms() * 1.5, 1e-9);
}

TEST(Intervals, LevelsOutsideZeroToOneAreRefused) {
  const auto platform = MakeTestPlatform();
  const Network network = SmallNetwork();
  for (double level :
       {0.0, 1.0, -0.5, 1.5, 90.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    EstimateSettings settings;
    settings.confidence = level;
    v1::NetworkEstimate result;
    const absl::Status status = EstimateNetwork(network, *platform, settings, nullptr, &result);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << level;
    EXPECT_EQ(GetErrorDetails(status)->field, "options.confidence");
  }
}

TEST(Answers, SayWhatAnswered) {
  const auto platform = LoadShippedPlatform("zcu102-dnndk");
  const v1::NetworkEstimate result = Estimate(SmallNetwork(), *platform, ModelKind::kAuto);
  EXPECT_EQ(result.platform(), "platforms/zcu102-dnndk");
  EXPECT_EQ(result.model_version(), platform->version());
  EXPECT_EQ(result.network(), "small");
  EXPECT_FALSE(result.simulated());
  EXPECT_EQ(result.unit_count(), 2);
  EXPECT_EQ(result.model_kind(), v1::MODEL_KIND_REFINED_ROOFLINE);  // all units were answered by that kind
  EXPECT_THAT(result.free_nodes(), ElementsAre("flat"));
  // 8-bit weights and activations: the largest pair alive is x and the convolution's output.
  EXPECT_EQ(result.memory().weight_bytes(), 16 * 144 + 16 + 409600 + 100);
  EXPECT_EQ(result.memory().peak_activation_bytes(), 2 * 16 * 1024);
  EXPECT_THAT(result.units(0).input_shapes(0).dims(), ElementsAre(1, 16, 32, 32));
  EXPECT_THAT(result.units(0).output_shapes(0).dims(), ElementsAre(1, 16, 16, 16));
  EXPECT_THAT(result.units(0).kernel(), ElementsAre(3, 3));
}

TEST(Answers, MixedKindsAreReportedAsAuto) {
  const auto platform = LoadShippedPlatform("ncs2-openvino");
  const Network network = MakeNetwork(Conv("conv", "x") + L("soft", "SOFTMAX", {"conv"}));
  const v1::NetworkEstimate result = Estimate(network, *platform, ModelKind::kAuto);
  EXPECT_EQ(result.units(0).model_kind(), v1::MODEL_KIND_REFINED_ROOFLINE);
  EXPECT_EQ(result.units(1).model_kind(), v1::MODEL_KIND_ROOFLINE);
  EXPECT_EQ(result.model_kind(), v1::MODEL_KIND_AUTO);
  // The network's interval is that of the more refined kind.
  const double factor = std::exp(std::log(1.2956) * std::log(10.0));
  EXPECT_NEAR(result.latency().upper_ms(), result.latency().estimate_ms() * factor, 1e-9);
}

TEST(Answers, TheSummaryIsTheSameWithoutUnits) {
  const auto platform = LoadShippedPlatform("ncs2-openvino");
  const Network network = SmallNetwork();
  v1::NetworkEstimate full = Estimate(network, *platform, ModelKind::kAuto);
  const v1::NetworkEstimate summary = Estimate(network, *platform, ModelKind::kAuto, 0.9, nullptr, false);
  EXPECT_EQ(summary.units_size(), 0);
  EXPECT_EQ(summary.unit_count(), 2);
  full.clear_units();
  full.clear_free_nodes();
  EXPECT_EQ(summary.SerializeAsString(), full.SerializeAsString());
}

TEST(Answers, EveryNodeIsInAUnitOrFree) {
  const auto platform = LoadShippedPlatform("ncs2-openvino");
  const Network network = MakeNetwork(Conv("conv", "x") + L("bn", "BATCH_NORM", {"conv"}, "constant_elements: 64") +
                                      L("same", "RESHAPE", {"bn"}, "output_shape { shape { dims: [1, 16, 32, 32] } }") +
                                      L("relu", "RELU", {"same"}) + L("join", "CONCAT", {"relu", "x"}) +
                                      L("unread", "EXP", {"x"}) + "outputs: 'join'");
  const v1::NetworkEstimate result = Estimate(network, *platform, ModelKind::kAuto);
  ASSERT_EQ(result.units_size(), 1);
  EXPECT_THAT(result.units(0).nodes(), ElementsAre("conv", "bn", "relu"));
  EXPECT_THAT(result.free_nodes(), UnorderedElementsAre("same", "join", "unread"));
}

TEST(Answers, ARewrittenResultHoldsNothingOfTheOldOne) {
  const auto platform = LoadShippedPlatform("zcu102-dnndk");
  const Network small = SmallNetwork();
  v1::NetworkEstimate reused = Estimate(small, *platform, ModelKind::kStatistical);
  ASSERT_TRUE(EstimateNetwork(small, *platform, {}, nullptr, &reused).ok());
  EXPECT_EQ(reused.SerializeAsString(), Estimate(small, *platform, ModelKind::kAuto).SerializeAsString());
}

// Nothing but free layers: no time, and no division by it.
TEST(Answers, ANetworkThatCostsNothing) {
  const auto platform = LoadShippedPlatform("ncs2-openvino");
  const Network network = MakeNetwork(L("join", "CONCAT", {"x", "x"}));
  const v1::NetworkEstimate result = Estimate(network, *platform, ModelKind::kAuto);
  EXPECT_EQ(result.units_size(), 0);
  EXPECT_EQ(result.latency().estimate_ms(), 0);
  EXPECT_EQ(result.latency().upper_ms(), 0);
  EXPECT_EQ(result.operations(), 0);
  EXPECT_THAT(result.free_nodes(), ElementsAre("join"));
}

}  // namespace
}  // namespace latimer
