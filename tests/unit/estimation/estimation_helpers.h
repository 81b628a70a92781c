// Estimates for tests.
#ifndef LATIMER_TESTS_UNIT_ESTIMATION_ESTIMATION_HELPERS_H_
#define LATIMER_TESTS_UNIT_ESTIMATION_ESTIMATION_HELPERS_H_

#include "core/estimation/estimator.h"
#include "tests/unit/mapping/mapping_helpers.h"
#include "tests/unit/model/test_platform.h"

namespace latimer {

inline v1::NetworkEstimate Estimate(const Network& network, const PlatformModel& platform, ModelKind kind,
                                    double confidence = 0.9, UnitMemo* memo = nullptr, bool with_units = true) {
  EstimateSettings settings;
  settings.model_kind = kind;
  settings.confidence = confidence;
  settings.with_units = with_units;
  v1::NetworkEstimate result;
  const absl::Status status = EstimateNetwork(network, platform, settings, memo, &result);
  EXPECT_TRUE(status.ok()) << status;
  return result;
}

// Convolution with rectifier and pooling, then a classifier over 16 x 16 x 16 features.
inline Network SmallNetwork() {
  return MakeNetwork(Conv("conv", "x") + L("relu", "RELU", {"conv"}) + MaxPool("pool", "relu") +
                     L("flat", "RESHAPE", {"pool"}, "output_shape { shape { dims: [1, 4096] } }") +
                     L("dense", "FULLY_CONNECTED", {"flat"}, "fully_connected { output_features: 100 bias: true }"));
}

// Of the two units of SmallNetwork(): operations and bytes at one byte per element.
inline constexpr double kConvOperations = 2.0 * 16 * 1024 * 144 + 16 * 1024 + 16 * 256 * 4 * 2;
inline constexpr double kConvBytes = 16 * 1024 + 16 * 256 + 16 * 144 + 16;
inline constexpr double kDenseOperations = 2.0 * 4096 * 100;
inline constexpr double kDenseBytes = 4096 + 100 + 4096 * 100 + 100;

}  // namespace latimer

#endif  // LATIMER_TESTS_UNIT_ESTIMATION_ESTIMATION_HELPERS_H_
