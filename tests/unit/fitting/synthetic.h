// Made-up boards with known parameters, and samples of them.
#ifndef LATIMER_TESTS_UNIT_FITTING_SYNTHETIC_H_
#define LATIMER_TESTS_UNIT_FITTING_SYNTHETIC_H_

#include <cmath>
#include <utility>
#include <vector>

#include "core/benchmark/layer_network.h"
#include "core/benchmark/layer_space.h"
#include "core/benchmark/random.h"
#include "core/fitting/fit_platform.h"
#include "core/mapping/features.h"
#include "core/model/analytical_model.h"

namespace latimer::fitting {

inline model::v1::PlatformModel TestBase() {
  model::v1::PlatformModel base;
  base.set_format_version(1);
  base.set_id("synthetic");
  base.set_version("1");
  base.set_display_name("Synthetic");
  base.set_hardware("none");
  base.set_toolchain("none");
  base.set_precision("INT8");
  base.set_description("made up for tests");
  base.set_create_date("2026");
  base.set_activation_bits(8);
  base.set_weight_bits(8);
  return base;
}

// 1 Top/s, 10 GB/s, 16 output channels and 8 rows at a time, 5 us per unit.
inline AnalyticalModel TestBoard() {
  return AnalyticalModel(
      ModelKind::kRefinedRoofline, 1e12, 10e9,
      {{Unrolling::Dimension::kOutputChannels, 16, 0.2, false}, {Unrolling::Dimension::kHeight, 8, 0.0, false}}, 5e-6);
}

// Roughly normal with deviation 1.
inline double Noise(benchmark::Random& random) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += random.Uniform();
  return sum;
}

// A sample of `subject` on the board, every layer a unit of its own.
inline Sample Measure(Network subject, const AnalyticalModel& board, double noise, benchmark::Random& random) {
  Sample sample;
  double seconds = 0;
  for (LayerId id = 0; id < static_cast<LayerId>(subject.layers.size()); ++id) {
    seconds += board.Estimate(ComputeFeatures(subject, {id}, 8, 8)).seconds;
  }
  seconds *= std::exp(noise * Noise(random));
  sample.seconds = {seconds, seconds};
  sample.relative_spread = noise;
  sample.subject = std::move(subject);
  return sample;
}

inline std::vector<Sample> MeasureKind(benchmark::SubjectKind kind, int count, double noise, uint64_t seed) {
  benchmark::Random random(seed);
  std::vector<Sample> samples;
  for (int i = 0; i < count; ++i) {
    absl::StatusOr<Network> subject = benchmark::SampleSubject(kind, random);
    if (subject.ok()) samples.push_back(Measure(*std::move(subject), TestBoard(), noise, random));
  }
  return samples;
}

}  // namespace latimer::fitting

#endif  // LATIMER_TESTS_UNIT_FITTING_SYNTHETIC_H_
