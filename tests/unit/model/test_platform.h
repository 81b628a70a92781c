// A made-up platform with round numbers, for tests.
#ifndef LATIMER_TESTS_UNIT_MODEL_TEST_PLATFORM_H_
#define LATIMER_TESTS_UNIT_MODEL_TEST_PLATFORM_H_

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "core/model/platform_model.h"

namespace latimer {

// 1e9 operations and 1e8 bytes per second; convolutions unroll 8 input channels (ceiling) and 4 rows (replicating).
inline constexpr char kTestPlatform[] = R"text(
  format_version: 1
  id: "made-up"
  version: "test-1"
  display_name: "Made up"
  hardware: "none"
  toolchain: "none"
  precision: "INT8"
  activation_bits: 8
  weight_bits: 8
  description: "For tests."
  create_date: "2024-02-03"
  layer_models {
    unit_type: "Conv"
    roofline { peak_ops_per_second: 1e9 bandwidth_bytes_per_second: 1e8 }
    refined_roofline {
      peak_ops_per_second: 1e9
      bandwidth_bytes_per_second: 1e8
      unrolling { dimension: DIMENSION_C_IN size: 8 alpha: 0 small_dimension: SMALL_DIMENSION_CEILING }
      unrolling { dimension: DIMENSION_H size: 4 alpha: 0.5 small_dimension: SMALL_DIMENSION_REPLICATE }
    }
    roofline_error { mean_absolute_relative_error: 0.5 source: "made up" }
    refined_roofline_error { mean_absolute_relative_error: 0.25 source: "made up" }
    accuracy { model_kind: MODEL_KIND_ROOFLINE subject: "Conv" mape: 0.5 rmspe: 0.6 source: "made up" }
  }
  layer_models {
    unit_type: "ConvPool"
    roofline { peak_ops_per_second: 1e9 bandwidth_bytes_per_second: 1e8 }
    roofline_error { mean_absolute_relative_error: 0.5 source: "made up" }
  }
  layer_models {
    unit_type: "Exp"
    roofline { peak_ops_per_second: 1e9 bandwidth_bytes_per_second: 5e7 }
    roofline_error { mean_absolute_relative_error: 0.5 source: "made up" }
  }
  layer_models {
    unit_type: "Base"
    roofline { peak_ops_per_second: 1e9 bandwidth_bytes_per_second: 1e8 }
    roofline_error { mean_absolute_relative_error: 0.5 source: "made up" }
  }
  mapping {
    fusions {
      primary: LAYER_TYPE_CONV
      secondary: [ LAYER_TYPE_RELU, LAYER_TYPE_ADD ]
    }
    fusions {
      primary: LAYER_TYPE_CONV
      secondary: LAYER_TYPE_MAX_POOL
      unit_type: "ConvPool"
      pool_kernel: [ 2, 2 ]
      pool_stride: [ 2, 2 ]
    }
    splits {
      layer_type: LAYER_TYPE_SOFTPLUS
      unit_types: [ "Exp", "Base" ]
    }
    free: LAYER_TYPE_CONCAT
  }
  network_error {
    key: "roofline"
    value { mean_absolute_relative_error: 0.4 source: "made up" }
  }
  network_error {
    key: "refined_roofline"
    value { mean_absolute_relative_error: 0.2 source: "made up" }
  }
  network_accuracy { model_kind: MODEL_KIND_ROOFLINE subject: "network" mape: 0.4 samples: 3 source: "made up" }
)text";

// kTestPlatform after `from` (which it must hold) has been replaced by `to`.
inline std::string ChangedTestPlatform(const std::string& from, const std::string& to) {
  std::string text = kTestPlatform;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

inline std::shared_ptr<const PlatformModel> MakePlatform(const std::string& text) {
  auto platform = ParsePlatformModel(text, "test");
  EXPECT_TRUE(platform.ok()) << platform.status();
  return platform.ok() ? *platform : nullptr;
}

inline std::shared_ptr<const PlatformModel> MakeTestPlatform() { return MakePlatform(kTestPlatform); }

// A platform that ships.
inline std::shared_ptr<const PlatformModel> LoadShippedPlatform(const std::string& id) {
  std::ifstream file(LATIMER_SOURCE_DIR "/data/platforms/" + id + ".textproto");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(file.good()) << id;
  auto platform = ParsePlatformModel(text.str(), id + ".textproto");
  EXPECT_TRUE(platform.ok()) << platform.status();
  return platform.ok() ? *platform : nullptr;
}

}  // namespace latimer

#endif  // LATIMER_TESTS_UNIT_MODEL_TEST_PLATFORM_H_
