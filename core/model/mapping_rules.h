// A platform's mapping rules, compiled from its file for quick tests.
#ifndef LATIMER_CORE_MODEL_MAPPING_RULES_H_
#define LATIMER_CORE_MODEL_MAPPING_RULES_H_

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
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

// Of the features trees read of a unit and the layer behind it, core/mapping/pair_features.h.
inline constexpr int kPairFeatureVersion = 1;
inline constexpr size_t kNumPairFeatures = 26;

// Whether a layer runs in the unit before it, by the features of the pair (core/mapping/pair_features.h).
struct FusionTree {
  struct Node {
    int32_t feature = -1;  // -1: a leaf
    float value = 0;       // threshold, or the leaf's value
    int32_t left = 0;      // the right child follows
  };
  std::vector<Node> nodes;

  bool IsFused(absl::Span<const float> features) const { return Value(features) > 0; }

  // From about -1, never fused, to 1, always.
  float Value(absl::Span<const float> features) const {
    size_t at = 0;
    while (nodes[at].feature >= 0) {
      const Node& node = nodes[at];
      at = static_cast<size_t>(node.left) + (features[static_cast<size_t>(node.feature)] < node.value ? 0 : 1);
    }
    return nodes[at].value;
  }
};

// Whether a layer that two units could take runs in the one whose tree says `own`: in the likelier of them, if it runs
// in one at all. Alone, either tree may say that it is the other one, or both that they are it.
inline bool TakesShared(float own, float rival) { return own + rival > -1 && own >= rival; }

struct SplitRule {
  std::vector<std::string> unit_types;  // empty: the type is not split
};

struct MappingRules {
  std::vector<FusionRule> fusions;
  // By types of primary and secondary, then of the unit's last layer.
  std::map<std::pair<LayerType, LayerType>, std::map<LayerType, FusionTree>> fusion_trees;
  LayerTypeSet fusion_primaries;  // union over all rules and trees
  std::array<SplitRule, kNumLayerTypes> splits;
  LayerTypeSet free;
  bool merges_duplicates = false;
  int64_t layout_block = 0;  // 0: one layout only

  // For a unit of one layer and the layer behind it; null: there is none.
  const FusionTree* FindTree(LayerType primary, LayerType next) const {
    const auto trees = fusion_trees.find({primary, next});
    if (trees == fusion_trees.end()) return nullptr;
    const auto tree = trees->second.find(primary);
    return tree == trees->second.end() ? nullptr : &tree->second;
  }
};

// Name of the unit type a layer type runs as where nothing is fused into it: the type's own name, "Pool" for all
// pooling.
absl::string_view UnitTypeName(LayerType type);

// Unit type of changes between the usual layout and blocks of channels.
inline constexpr absl::string_view kLayoutChange = "LayoutChange";

}  // namespace latimer

#endif  // LATIMER_CORE_MODEL_MAPPING_RULES_H_
