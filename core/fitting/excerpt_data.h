// Excerpts with the engine's own report -> data points, fusions, and what a network costs beside its units. Internal to
// core/fitting.
#ifndef LATIMER_CORE_FITTING_EXCERPT_DATA_H_
#define LATIMER_CORE_FITTING_EXCERPT_DATA_H_

#include <vector>

#include "absl/status/status.h"
#include "core/evaluation/measured_pace.h"
#include "core/fitting/data_point.h"
#include "core/fitting/fit_platform.h"
#include "core/fitting/fusion_fit.h"

namespace latimer::fitting {

struct ExcerptData {
  std::vector<DataPoint> points;  // grouped by excerpt
  std::vector<size_t> excerpt_of_group;
  std::vector<FusionSample> fusions;
  LayerTypeSet free;  // seen, and hardly ever with time of their own or inside another's unit
  bool merges_duplicates = false;
  int64_t layout_block = 0;     // see platform_model.proto, Mapping
  double seconds_per_unit = 0;  // what a unit costs beyond its rows; negative: the profiler's own share
  double seconds_per_network = 0;
  double transfer_seconds_per_byte = 0;  // of inputs and outputs
  // Of all units together (core/fitting/pace_fit.h).
  double pace_exponent = kUsualPaceExponent;
  int64_t left_out = 0;
};

// Points say at what pace they were made, relative to `base.pass_ns`; their times stay.
ExcerptData ReadExcerpts(const std::vector<ExcerptSample>& excerpts, const model::v1::PlatformModel& base);

// Writes all of the mapping that reports tell.
absl::Status WriteMapping(const ExcerptData& data, uint64_t seed, model::v1::Mapping* mapping);

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_EXCERPT_DATA_H_
