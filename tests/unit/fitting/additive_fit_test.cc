#include "core/fitting/additive_fit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/benchmark/random.h"
#include "core/fitting/analytical_fit.h"

namespace latimer::fitting {
namespace {

UnitFeatures Sum(int64_t elements) {
  UnitFeatures f;
  f.type = LayerType::kAdd;
  f.operations = static_cast<double>(elements);
  f.input_bytes = 8.0 * static_cast<double>(elements);
  f.output_bytes = 4.0 * static_cast<double>(elements);
  f.consumer = LayerType::kConv;
  return f;
}

UnitFeatures Conv(int64_t side, int64_t c_in, int64_t c_out, int64_t kernel) {
  UnitFeatures f;
  f.type = LayerType::kConv;
  f.in_h = f.in_w = f.out_h = f.out_w = side;
  f.c_in = c_in;
  f.c_out = c_out;
  f.kernel_h = f.kernel_w = kernel;
  f.operations = 2.0 * static_cast<double>(side * side * c_in * c_out * kernel * kernel);
  f.input_bytes = 4.0 * static_cast<double>(side * side * c_in);
  f.output_bytes = 4.0 * static_cast<double>(side * side * c_out);
  f.weight_bytes = 4.0 * static_cast<double>(c_in * c_out * kernel * kernel);
  f.consumer = LayerType::kRelu;
  return f;
}

DataPoint Point(const UnitFeatures& features, double seconds) {
  DataPoint point;
  point.features = features;
  point.unit_type = "Conv";
  point.log_target = point.log_lower = point.log_upper = std::log(seconds);
  return point;
}

TEST(FitAdditive, FindsThePricesItWasMadeWith) {
  std::vector<DataPoint> points;
  for (int64_t elements = 1000; elements < 3'000'000; elements = elements * 3 / 2) {
    points.push_back(Point(Sum(elements), 2e-6 + 12.0 * static_cast<double>(elements) / 20e9));
  }
  const AdditivePrices prices = FitAdditive(points);
  for (int64_t elements : {500, 77'000, 9'000'000}) {
    const double truth = 2e-6 + 12.0 * static_cast<double>(elements) / 20e9;
    EXPECT_NEAR(prices.Seconds(Sum(elements)) / truth, 1, 0.02) << elements;
  }
  EXPECT_LT(prices.ComputeShare(Sum(77'000)), 1);
}

// A tiny layer takes what its code and tables take to arrive, by how much the network goes through between two uses.
TEST(FitAdditive, FindsWhatLargeNetworksCostTinyLayers) {
  const auto seconds = [](int16_t residency) {
    return 1e-6 + (residency >= 42 ? 1e-6 : 0) + (residency >= 50 ? 3e-6 : 0);
  };
  std::vector<DataPoint> points;
  for (int16_t residency : {36, 38, 42, 44, 50, 54}) {
    for (int64_t elements = 10; elements < 20; ++elements) {
      UnitFeatures features = Sum(elements);
      features.residency = residency;
      points.push_back(Point(features, seconds(residency)));
    }
  }
  const AdditivePrices prices = FitAdditive(points);
  for (int16_t residency : {37, 43, 52}) {
    UnitFeatures features = Sum(15);
    features.residency = residency;
    EXPECT_NEAR(prices.Seconds(features) / seconds(residency), 1, 0.03) << residency;
  }
  UnitFeatures between = Sum(15);
  between.residency = 47;
  EXPECT_GT(prices.Seconds(between), 2.1e-6);
  EXPECT_LT(prices.Seconds(between), 4.9e-6);
}

TEST(FitAdditive, OneDisturbedPointInTenChangesLittle) {
  std::vector<DataPoint> points;
  int i = 0;
  for (int64_t elements = 1000; elements < 3'000'000; elements = elements * 5 / 4) {
    const double seconds = 2e-6 + 12.0 * static_cast<double>(elements) / 20e9;
    points.push_back(Point(Sum(elements), ++i % 10 == 0 ? 5 * seconds : seconds));
  }
  EXPECT_NEAR(FitAdditive(points).Seconds(Sum(100'000)) / (2e-6 + 60e-6), 1, 0.1);
}

UnitFeatures Depthwise(int64_t side, int64_t channels) {
  UnitFeatures f = Conv(side, 1, channels, 3);
  f.type = LayerType::kDepthwiseConv;
  f.groups = channels;
  f.input_bytes = f.output_bytes;
  return f;
}

TEST(FitAdditive, RowsTooShortForAKernelHavePricesOfTheirOwn) {
  // One kernel for rows of 18 and more, and a twentieth of its speed below.
  auto seconds = [](const UnitFeatures& f) { return 1e-6 + f.operations * (f.in_w >= 18 ? 2e-11 : 4e-10); };
  for (const bool enough : {true, false}) {
    std::vector<DataPoint> points;
    for (int64_t side : {4, 7, 10, 14, 16, 20, 28, 40, 56, 80}) {
      if (!enough && side > 20) continue;  // rows of 20 alone: too few
      for (int64_t channels = 16; channels < 1500; channels = channels * 2) {
        points.push_back(Point(Depthwise(side, channels), seconds(Depthwise(side, channels))));
      }
    }
    const AdditivePrices prices = FitAdditive(points);
    if (enough) {
      for (int64_t side : {5, 12, 17, 18, 32, 64}) {
        EXPECT_NEAR(prices.Seconds(Depthwise(side, 96)) / seconds(Depthwise(side, 96)), 1, 0.15) << side;
      }
    } else {
      EXPECT_GT(prices.Seconds(Depthwise(18, 96)), prices.Seconds(Depthwise(17, 96)))
          << "one law for all: more work is not faster";
    }
  }
}

TEST(FitAdditive, MoreWorkOfTheSameShapeIsNotFaster) {
  benchmark::Random random(3);
  std::vector<DataPoint> points;
  for (int i = 0; i < 300; ++i) {
    const UnitFeatures f =
        Conv(7 << random.Below(4), 16 << random.Below(5), 16 << random.Below(5), 1 + 2 * random.Below(2));
    points.push_back(Point(f, (1e-6 + f.operations / 90e9 + f.bytes() / 15e9) * (0.8 + 0.4 * random.Uniform())));
  }
  const AdditivePrices prices = FitAdditive(points);
  double before = 0;
  for (int64_t channels = 16; channels <= 4096; channels *= 2) {
    const double seconds = prices.Seconds(Conv(28, 64, channels, 3));
    EXPECT_GT(seconds, before);
    before = seconds;
  }
}

TEST(TryAdditive, IsTakenOnlyWhereItExplainsMore) {
  std::vector<DataPoint> sum;
  std::vector<DataPoint> maximum;
  benchmark::Random random(5);
  for (int i = 0; i < 200; ++i) {
    const UnitFeatures f = Conv(7 << random.Below(4), 16 << random.Below(5), 16 << random.Below(5), 1);
    sum.push_back(Point(f, 1e-6 + f.operations / 90e9 + f.bytes() / 10e9));
    maximum.push_back(Point(f, 1e-6 + std::max(f.operations / 90e9, f.bytes() / 10e9)));
  }
  EXPECT_TRUE(TryAdditive(sum, FitRoofline(sum, {})).additive.has_value());
  EXPECT_FALSE(TryAdditive(maximum, FitRoofline(maximum, {})).additive.has_value());
}

}  // namespace
}  // namespace latimer::fitting
