// Excerpts with the engine's own report -> data points, fusions, and what a network costs beside its units. Internal to
// core/fitting.
#ifndef LATIMER_CORE_FITTING_EXCERPT_DATA_H_
#define LATIMER_CORE_FITTING_EXCERPT_DATA_H_

#include <bitset>
#include <map>
#include <utility>
#include <vector>

#include "core/fitting/data_point.h"
#include "core/fitting/fit_platform.h"

namespace latimer::fitting {

// How often layers of one type were seen inside the unit of a layer before them, and how often as their only reader
// outside of it.
struct FusionCount {
  int64_t fused = 0;
  int64_t apart = 0;
};

struct ExcerptData {
  std::vector<DataPoint> points;  // grouped by excerpt
  // By types of the unit's primary layer and of the layer that may join it.
  std::map<std::pair<LayerType, LayerType>, FusionCount> fusions;
  std::bitset<kNumLayerTypes> free;  // seen, and hardly ever with time of their own or inside another's unit
  bool merges_duplicates = false;
  double seconds_per_unit = 0;  // what a unit costs beyond its rows; negative: the profiler's own share
  double seconds_per_network = 0;
  int64_t left_out = 0;
};

ExcerptData ReadExcerpts(const std::vector<ExcerptSample>& excerpts, const model::v1::PlatformModel& base);

// Rules for what the counts decide clearly.
void WriteFusions(const ExcerptData& data, model::v1::Mapping* mapping);

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_EXCERPT_DATA_H_
