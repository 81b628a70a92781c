// A platform's mapping rules, compiled from its file for quick tests.
#ifndef LATIMER_CORE_MODEL_MAPPING_RULES_H_
#define LATIMER_CORE_MODEL_MAPPING_RULES_H_

#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <vector>

#include "core/network/layer_type.h"
#include "core/network/shape.h"

namespace latimer {

using LayerTypeSet = std::bitset<kNumLayerTypes>;

struct FusionRule {
  LayerTypeSet primary;
  LayerTypeSet secondary;
  std::string unit_type;    // empty: that of the primary
  SpatialDims pool_kernel;  // empty: any
  SpatialDims pool_stride;  // empty: any
};

struct SplitRule {
  std::vector<std::string> unit_types;  // empty: the type is not split
};

struct MappingRules {
  std::vector<FusionRule> fusions;
  LayerTypeSet fusion_primaries;  // union over all rules
  std::array<SplitRule, kNumLayerTypes> splits;
  LayerTypeSet free;
  bool merges_duplicates = false;
};

// Name of the unit type a layer type runs as where nothing is fused into it: the type's own name, "Pool" for all
// pooling.
absl::string_view UnitTypeName(LayerType type);

}  // namespace latimer

#endif  // LATIMER_CORE_MODEL_MAPPING_RULES_H_
