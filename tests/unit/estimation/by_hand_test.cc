// Latency of a small network, worked out by hand for every platform that ships and every kind of model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "tests/unit/estimation/estimation_helpers.h"

namespace latimer {
namespace {

using ::testing::ElementsAre;

// One platform and kind: peaks and bandwidths as published, u as equation 4 gives it for the convolution.
struct Case {
  const char* platform;
  ModelKind kind;
  double conv_peak, conv_bandwidth, conv_utilization;
  double dense_peak, dense_bandwidth;
  double bytes_per_element;
  double network_error;  // published mean error of network latencies
  double conv_error, dense_error;
  std::vector<v1::ModelKind> answering;  // for the two units
};

// The 3 x 3 convolution has 16 input and 16 output channels and 32 output rows: on the ZCU102 (16 x 16 x 8) it fills
// the array. The refined kind has no model for the NCS2's units, so that rooflines answer.
const Case kCases[] = {
    {"zcu102-dnndk",
     ModelKind::kRoofline,
     1173488332240.4373,
     15109525179.856113,
     1,
     1173488332240.4373,
     5109525179.51176,
     1,
     0.3089,
     0.1852,
     0.3089,
     {v1::MODEL_KIND_ROOFLINE, v1::MODEL_KIND_ROOFLINE}},
    {"zcu102-dnndk",
     ModelKind::kRefinedRoofline,
     1173488332240.4373,
     15109525179.856113,
     1,
     173488332240.4373,
     5109525179.51176,
     1,
     0.2724,
     0.1545,
     0.2724,
     {v1::MODEL_KIND_REFINED_ROOFLINE, v1::MODEL_KIND_REFINED_ROOFLINE}},
    {"zcu102-dnndk",
     ModelKind::kAuto,
     1173488332240.4373,
     15109525179.856113,
     1,
     173488332240.4373,
     5109525179.51176,
     1,
     0.2724,
     0.1545,
     0.2724,
     {v1::MODEL_KIND_REFINED_ROOFLINE, v1::MODEL_KIND_REFINED_ROOFLINE}},
    {"ncs2-openvino",
     ModelKind::kRoofline,
     298000000000.0,
     4800000000.0,
     1,
     9556555808.656036,
     9565886104.783598,
     2,
     0.2995,
     0.3258,
     0.2995,
     {v1::MODEL_KIND_ROOFLINE, v1::MODEL_KIND_ROOFLINE}},
    {"ncs2-openvino",
     ModelKind::kRefinedRoofline,
     298000000000.0,
     4800000000.0,
     1,
     9556555808.656036,
     9565886104.783598,
     2,
     0.2995,
     0.3258,
     0.2995,
     {v1::MODEL_KIND_ROOFLINE, v1::MODEL_KIND_ROOFLINE}},
    {"ncs2-openvino",
     ModelKind::kAuto,
     298000000000.0,
     4800000000.0,
     1,
     9556555808.656036,
     9565886104.783598,
     2,
     0.2995,
     0.3258,
     0.2995,
     {v1::MODEL_KIND_ROOFLINE, v1::MODEL_KIND_ROOFLINE}},
};

// r of the interval [t / r, t r] at level 0.9: exp(b ln 10), b = ln(1 + m).
double Factor90(double mean_error) { return std::exp(std::log(1 + mean_error) * std::log(10.0)); }

void ExpectUnit(const v1::UnitEstimate& unit, double operations, double bytes, double peak, double bandwidth,
                double utilization, double error, v1::ModelKind answering) {
  SCOPED_TRACE(unit.name());
  const double compute = operations / (peak * utilization);
  const double memory = bytes / bandwidth;
  const double seconds = std::max(compute, memory);
  EXPECT_DOUBLE_EQ(unit.operations(), operations);
  EXPECT_DOUBLE_EQ(unit.input_bytes() + unit.output_bytes() + unit.weight_bytes(), bytes);
  EXPECT_NEAR(unit.latency().estimate_ms(), seconds * 1e3, 1e-12);
  EXPECT_NEAR(unit.latency().lower_ms(), seconds * 1e3 / Factor90(error), 1e-12);
  EXPECT_NEAR(unit.latency().upper_ms(), seconds * 1e3 * Factor90(error), 1e-12);
  EXPECT_EQ(unit.bound(), compute > memory ? v1::BOUND_COMPUTE : v1::BOUND_MEMORY);
  EXPECT_NEAR(unit.utilization(), operations / (seconds * peak), 1e-12);
  EXPECT_EQ(unit.model_kind(), answering);
}

TEST(EstimateByHand, EveryShippedPlatformAndKind) {
  const Network network = SmallNetwork();
  for (const Case& c : kCases) {
    SCOPED_TRACE(absl::StrCat(c.platform, " ", ModelKindName(c.kind)));
    const auto platform = LoadShippedPlatform(c.platform);
    const v1::NetworkEstimate result = Estimate(network, *platform, c.kind);
    ASSERT_EQ(result.units_size(), 2);
    ExpectUnit(result.units(0), kConvOperations, kConvBytes * c.bytes_per_element, c.conv_peak, c.conv_bandwidth,
               c.conv_utilization, c.conv_error, c.answering[0]);
    ExpectUnit(result.units(1), kDenseOperations, kDenseBytes * c.bytes_per_element, c.dense_peak, c.dense_bandwidth, 1,
               c.dense_error, c.answering[1]);
    EXPECT_EQ(result.units(0).unit_type(), "ConvPool");
    EXPECT_THAT(result.units(0).nodes(), ElementsAre("conv", "relu", "pool"));
    EXPECT_EQ(result.units(1).unit_type(), "FullyConnected");
    const double sum = result.units(0).latency().estimate_ms() + result.units(1).latency().estimate_ms();
    EXPECT_NEAR(result.latency().estimate_ms(), sum, 1e-12);
    EXPECT_NEAR(result.latency().upper_ms(), sum * Factor90(c.network_error), 1e-12);
    EXPECT_NEAR(result.latency().lower_ms(), sum / Factor90(c.network_error), 1e-12);
    EXPECT_NEAR(result.units(0).share() + result.units(1).share(), 1, 1e-12);
    EXPECT_NEAR(result.units(1).share(), result.units(1).latency().estimate_ms() / sum, 1e-12);
  }
}

// A platform that is added has to be worked out above.
TEST(EstimateByHand, TheTableHoldsEveryShippedPlatform) {
  for (const auto& entry : std::filesystem::directory_iterator(LATIMER_SOURCE_DIR "/data/platforms")) {
    if (entry.path().extension() != ".textproto") continue;
    EXPECT_TRUE(std::any_of(std::begin(kCases), std::end(kCases), [&](const Case& c) {
      return entry.path().stem() == c.platform;
    })) << entry.path();
  }
}

TEST(EstimateByHand, NumbersInFull) {
  const Network network = SmallNetwork();
  // ZCU102: 4767744 operations at 1.1735 T/s are 4.0629 us, 22800 bytes at 15.11 GB/s 1.509 us; the classifier's 413896
  // bytes at 5.1095 GB/s are 81.005 us against 819200 operations at 0.1735 T/s, 4.722 us.
  const auto zcu102 = LoadShippedPlatform("zcu102-dnndk");
  const v1::NetworkEstimate result = Estimate(network, *zcu102, ModelKind::kRefinedRoofline);
  EXPECT_NEAR(result.units(0).latency().estimate_ms(), 0.0040629, 1e-7);
  EXPECT_NEAR(result.units(1).latency().estimate_ms(), 0.081005, 1e-6);
  EXPECT_EQ(result.units(0).bound(), v1::BOUND_COMPUTE);
  EXPECT_EQ(result.units(1).bound(), v1::BOUND_MEMORY);
  EXPECT_EQ(result.macs(), 16 * 1024 * 144 + 409600);
  EXPECT_DOUBLE_EQ(result.operations(), kConvOperations + kDenseOperations);
}

// On the made-up platform the convolution's 16 input channels fill 8 twice and its 32 rows 4 eight times; with 12
// channels and 30 rows the steps show.
TEST(EstimateByHand, PartlyFilledArrays) {
  const auto platform = MakeTestPlatform();
  const Network network =
      MakeNetwork("inputs { name: 'y' shape { dims: [1, 12, 30, 8] } } " +
                  L("conv", "CONV", {"y"}, "conv { kernel: [1, 1] output_channels: 64 }") + "outputs: 'conv'");
  const double operations = 2.0 * 64 * 240 * 12;
  // c_in: 12 of 16, alpha 0; h: 30 of 32, alpha 0.5.
  const double steps = (16.0 / 12) * (0.5 + 0.5 * 32 / 30);
  const v1::NetworkEstimate refined = Estimate(network, *platform, ModelKind::kRefinedRoofline);
  EXPECT_NEAR(refined.latency().estimate_ms(), operations / 1e9 * steps * 1e3, 1e-12);
  EXPECT_NEAR(refined.units(0).utilization(), 1 / steps, 1e-12);
  const v1::NetworkEstimate roofline = Estimate(network, *platform, ModelKind::kRoofline);
  EXPECT_NEAR(roofline.latency().estimate_ms(), operations / 1e9 * 1e3, 1e-12);
  EXPECT_NEAR(roofline.units(0).utilization(), 1, 1e-12);
}

// Equation 4 with the published parameters where no dimension fits: 24 -> 40 channels over 20 rows, no pooling.
TEST(EstimateByHand, PartlyFilledArraysOfTheShippedPlatforms) {
  const Network network = MakeNetwork("inputs { name: 'y' shape { dims: [1, 24, 20, 50] } } " +
                                      L("conv", "CONV", {"y"},
                                        "conv { kernel: [5, 5] pad_begin: [2, 2] "
                                        "output_channels: 40 }") +
                                      "outputs: 'conv'");
  const double operations = 2.0 * 40 * 1000 * 24 * 25;
  // ZCU102: 24 rows of 8 for 20, 32 channels of 16 for 24, 48 for 40.
  const double zcu102 = (0.514104 + 0.485896 * 24 / 20) * (32.0 / 24) * (0.118692 + 0.881308 * 48 / 40);
  const auto dpu = LoadShippedPlatform("zcu102-dnndk");
  EXPECT_NEAR(Estimate(network, *dpu, ModelKind::kRefinedRoofline).latency().estimate_ms(),
              operations / 1173488332240.4373 * zcu102 * 1e3, 1e-9);
  // NCS2: 24 channels are fewer than 32 and replicated, 64 of 32 for 40.
  const double ncs2 = 0.295323455221 + 0.704676544779 * 64 / 40;
  const auto stick = LoadShippedPlatform("ncs2-openvino");
  EXPECT_NEAR(Estimate(network, *stick, ModelKind::kRefinedRoofline).latency().estimate_ms(),
              operations / 319543476297.96844 * ncs2 * 1e3, 1e-9);
}

TEST(EstimateByHand, FixedTimePerNetworkIsAddedOnce) {
  const Network network = SmallNetwork();
  const auto plain = MakeTestPlatform();
  const auto fixed = MakePlatform(std::string(kTestPlatform) + " fixed_seconds_per_network: 0.002");
  const v1::NetworkEstimate without = Estimate(network, *plain, ModelKind::kRoofline);
  const v1::NetworkEstimate with = Estimate(network, *fixed, ModelKind::kRoofline);
  EXPECT_NEAR(with.latency().estimate_ms(), without.latency().estimate_ms() + 2, 1e-12);
  double shares = 0;
  for (const v1::UnitEstimate& unit : with.units()) shares += unit.share();
  EXPECT_NEAR(shares, without.latency().estimate_ms() / with.latency().estimate_ms(), 1e-12);
}

// Each unit of a split layer counts.
TEST(EstimateByHand, SplitLayersTakeTheTimeOfAllTheirUnits) {
  const auto platform = MakeTestPlatform();
  const v1::NetworkEstimate result =
      Estimate(MakeNetwork(L("soft", "SOFTPLUS", {"x"})), *platform, ModelKind::kRoofline);
  const double bytes = 2.0 * 16 * 1024;
  ASSERT_EQ(result.units_size(), 2);
  EXPECT_NEAR(result.units(0).latency().estimate_ms(), bytes / 5e7 * 1e3, 1e-12);
  EXPECT_NEAR(result.units(1).latency().estimate_ms(), bytes / 1e8 * 1e3, 1e-12);
  EXPECT_NEAR(result.latency().estimate_ms(), bytes / 5e7 * 1e3 + bytes / 1e8 * 1e3, 1e-12);
  EXPECT_EQ(result.units(0).model_type(), "Exp");
  EXPECT_EQ(result.units(1).model_type(), "Base");
}

}  // namespace
}  // namespace latimer
