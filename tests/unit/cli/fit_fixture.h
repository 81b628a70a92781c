// A fitted platform with sweeps and measured networks, made up.
#ifndef LATIMER_TESTS_UNIT_CLI_FIT_FIXTURE_H_
#define LATIMER_TESTS_UNIT_CLI_FIT_FIXTURE_H_

#include <string>

#include "cli/report/html_report.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace latimer::cli {

// Markup, quotes, a terminal's escape sequence, bytes that are no UTF-8 and a character XML does not know.
inline const std::string kHostile = "</title><script>alert('1')</script>\"&amp; \x1b[2J\xff\xef\xbf\xbf";

inline v1::Platform FittedPlatform() {
  v1::Platform platform;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(R"text(
    name: "platforms/toy"
    display_name: "Toy board"
    hardware: "Toy SoC"
    toolchain: "toyc 1.2"
    precision: "INT8"
    activation_bits: 8
    weight_bits: 8
    settings { key: "threads" value: "1" }
    description: "Fitted to measurements."
    simulated: true
    active_version: "fit-2"
    fixed_seconds_per_network: 0.00025
    interval_source: INTERVAL_SOURCE_CALIBRATED
    layer_models {
      unit_type: "Base"
      auto_kind: MODEL_KIND_ROOFLINE
      kinds: MODEL_KIND_ROOFLINE
      analytical { model_kind: MODEL_KIND_ROOFLINE peak_ops_per_second: 1e9 bandwidth_bytes_per_second: 2e9 }
    }
    layer_models {
      unit_type: "Conv"
      auto_kind: MODEL_KIND_MIXED
      kinds: [ MODEL_KIND_ROOFLINE, MODEL_KIND_REFINED_ROOFLINE, MODEL_KIND_STATISTICAL, MODEL_KIND_MIXED ]
      analytical { model_kind: MODEL_KIND_ROOFLINE peak_ops_per_second: 4e11 bandwidth_bytes_per_second: 8e9 }
      analytical {
        model_kind: MODEL_KIND_REFINED_ROOFLINE
        peak_ops_per_second: 5e11
        bandwidth_bytes_per_second: 8.5e9
        overhead_seconds: 0.0000125
        unrolling { dimension: "c_out" size: 16 alpha: 0.12 }
        unrolling { dimension: "h" size: 8 alpha: 0.9 }
      }
      accuracy { model_kind: MODEL_KIND_ROOFLINE subject: "Conv" mape: 0.31 samples: 120 }
      accuracy { model_kind: MODEL_KIND_REFINED_ROOFLINE subject: "Conv" mape: 0.12 samples: 120 }
      accuracy { model_kind: MODEL_KIND_STATISTICAL subject: "Conv" mape: 0.07 samples: 120 }
      accuracy { model_kind: MODEL_KIND_MIXED subject: "Conv" mape: 0.041 samples: 120 }
      data_extent { feature: "operations" least: 1000 most: 2100000000 }
      data_extent { feature: "h" least: 7 most: 112 }
      data_extent { feature: "c_in" least: 4 most: 512 }
      data_extent { feature: "batch" least: 1 most: 1 }
    }
    layer_models {
      unit_type: "ConvAdd"
      auto_kind: MODEL_KIND_ROOFLINE
      kinds: MODEL_KIND_ROOFLINE
      analytical { model_kind: MODEL_KIND_ROOFLINE peak_ops_per_second: 4e11 bandwidth_bytes_per_second: 8e9 }
      data_extent { feature: "operations" least: 1000 most: 2100000000 }
      data_extent { feature: "h" least: 7 most: 112 }
      data_extent { feature: "c_in" least: 4 most: 512 }
      data_extent { feature: "batch" least: 1 most: 1 }
    }
    fusion_rules { primary: "Conv" secondary: [ "Relu", "Add" ] }
    network_accuracy { model_kind: MODEL_KIND_MIXED subject: "network" mape: 0.03 samples: 7 source: "7 networks" }
  )text",
                                                            &platform));
  return platform;
}

// Steps of 16; every fourth size was measured, 10 % above the staircase.
inline v1::Sweep StairSweep(const std::string& dimension, bool measured) {
  v1::Sweep sweep;
  sweep.set_name("Conv " + dimension + ": 3x3 at 28x28, 64 input channels");
  sweep.set_unit_type("Conv");
  sweep.set_dimension(dimension);
  sweep.set_auto_kind(v1::MODEL_KIND_MIXED);
  for (int64_t size = 4; size <= 128; ++size) {
    v1::SweepPoint* point = sweep.add_points();
    point->set_size(size);
    const double stair = 0.01 * static_cast<double>((size + 15) / 16);
    for (const auto& [kind, factor] : {std::pair{v1::MODEL_KIND_ROOFLINE, 0.9},
                                       {v1::MODEL_KIND_REFINED_ROOFLINE, 1.0},
                                       {v1::MODEL_KIND_MIXED, 1.1}}) {
      v1::ModelTime* time = point->add_models();
      time->set_model_kind(kind);
      time->set_ms(stair * factor);
    }
    if (!measured || size % 4 != 0) continue;
    point->mutable_measured()->set_lower_ms(stair * 1.05);
    point->mutable_measured()->set_upper_ms(stair * 1.15);
    sweep.set_measured_points(sweep.measured_points() + 1);
  }
  return sweep;
}

inline ReportData FittedReport() {
  ReportData data;
  data.platform = FittedPlatform();
  data.sweeps = {StairSweep("h", true), StairSweep("c_out", true), StairSweep("c_in", true)};
  for (const double measured : {2.0, 10.0, 50.0}) {
    v1::NetworkEvaluation& evaluation = data.evaluations.emplace_back();
    evaluation.set_network("net" + std::to_string(static_cast<int>(measured)));
    evaluation.mutable_measured()->set_median_ms(measured);
    evaluation.mutable_estimate()->set_estimate_ms(11);
    evaluation.mutable_estimate()->set_lower_ms(9);
    evaluation.mutable_estimate()->set_upper_ms(13);
    evaluation.set_validation(true);
  }
  v1::PlatformVersion& version = data.versions.emplace_back();
  version.set_version("fit-2");
  version.set_active(true);
  version.set_promoted(true);
  version.set_measurement_count(150);
  data.made_by = "latimer for tests";
  return data;
}

}  // namespace latimer::cli

#endif  // LATIMER_TESTS_UNIT_CLI_FIT_FIXTURE_H_
