#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/model/read_platform.h"

namespace latimer {
namespace {

constexpr int kMostSplitUnits = 16;
constexpr int kMostTreeNodes = 4096;

absl::StatusOr<LayerTypeSet> ReadTypes(const std::string& path, const google::protobuf::RepeatedField<int>& types) {
  LayerTypeSet set;
  for (int i = 0; i < types.size(); ++i) {
    const std::string at = absl::StrCat(path, "[", i, "]");
    if (types[i] <= 0 || types[i] >= kNumLayerTypes) return BadPlatformField(at, "it is no layer type");
    if (set[static_cast<size_t>(types[i])]) return BadPlatformField(at, "the type is listed twice");
    set.set(static_cast<size_t>(types[i]));
  }
  return set;
}

absl::StatusOr<LayerTypeSet> ReadSomeTypes(const std::string& path, const google::protobuf::RepeatedField<int>& types) {
  if (types.empty()) return BadPlatformField(path, "it is missing");
  return ReadTypes(path, types);
}

absl::StatusOr<SpatialDims> ReadWindow(const std::string& path, const google::protobuf::RepeatedField<int64_t>& sizes,
                                       const LayerTypeSet& secondary) {
  if (sizes.size() > 3) return BadPlatformField(path, "it has more than 3 dimensions");
  SpatialDims window;
  for (int i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < 1) {
      return BadPlatformField(absl::StrCat(path, "[", i, "]"), absl::StrCat("it is ", sizes[i], "; it is at least 1"));
    }
    window.push_back(sizes[i]);
  }
  for (size_t type = 0; type < secondary.size() && !window.empty(); ++type) {
    const auto layer_type = static_cast<LayerType>(type);
    const bool has_window =
        layer_type == LayerType::kMaxPool || layer_type == LayerType::kAveragePool || layer_type == LayerType::kLpPool;
    if (secondary[type] && !has_window) {
      return BadPlatformField(path, absl::StrCat(LayerTypeName(layer_type), " has no window to compare with"));
    }
  }
  return window;
}

absl::StatusOr<FusionRule> ReadFusion(const std::string& path, const model::v1::Fusion& from) {
  FusionRule rule;
  LATIMER_ASSIGN_OR_RETURN(rule.primary, ReadSomeTypes(absl::StrCat(path, ".primary"), from.primary()));
  LATIMER_ASSIGN_OR_RETURN(rule.secondary, ReadSomeTypes(absl::StrCat(path, ".secondary"), from.secondary()));
  LATIMER_ASSIGN_OR_RETURN(rule.pool_kernel,
                           ReadWindow(absl::StrCat(path, ".pool_kernel"), from.pool_kernel(), rule.secondary));
  LATIMER_ASSIGN_OR_RETURN(rule.pool_stride,
                           ReadWindow(absl::StrCat(path, ".pool_stride"), from.pool_stride(), rule.secondary));
  rule.unit_type = from.unit_type();
  return rule;
}

// Checks that every walk ends in a leaf: children come after their parent.
absl::StatusOr<FusionTree> ReadFusionTree(const std::string& path, const model::v1::FusionTree& from) {
  if (from.feature_version() != kPairFeatureVersion) {
    return BadPlatformField(absl::StrCat(path, ".feature_version"),
                            absl::StrCat("it is ", from.feature_version(), "; known is ", kPairFeatureVersion));
  }
  const int count = from.feature_size();
  if (count < 1 || count > kMostTreeNodes || from.value_size() != count || from.left_size() != count) {
    return BadPlatformField(absl::StrCat(path, ".feature"), "feature, value and left are lists of equal length");
  }
  FusionTree tree;
  for (int i = 0; i < count; ++i) {
    const std::string at = absl::StrCat("[", i, "]");
    if (!std::isfinite(from.value(i))) return BadPlatformField(absl::StrCat(path, ".value", at), "it is no number");
    if (from.feature(i) < -1 || from.feature(i) >= static_cast<int>(kNumPairFeatures)) {
      return BadPlatformField(absl::StrCat(path, ".feature", at), "there is no such feature");
    }
    if (from.feature(i) >= 0 && (from.left(i) <= i || from.left(i) > count - 2)) {
      return BadPlatformField(absl::StrCat(path, ".left", at), "children come after their parent, two by two");
    }
    tree.nodes.push_back({from.feature(i), from.value(i), from.left(i)});
  }
  return tree;
}

}  // namespace

absl::StatusOr<MappingRules> ReadMapping(const model::v1::Mapping& definition) {
  MappingRules rules;
  for (int i = 0; i < definition.fusions_size(); ++i) {
    LATIMER_ASSIGN_OR_RETURN(FusionRule rule,
                             ReadFusion(absl::StrCat("mapping.fusions[", i, "]"), definition.fusions(i)));
    rules.fusion_primaries |= rule.primary;
    rules.fusions.push_back(std::move(rule));
  }
  for (int i = 0; i < definition.fusion_trees_size(); ++i) {
    const model::v1::FusionTree& from = definition.fusion_trees(i);
    const std::string path = absl::StrCat("mapping.fusion_trees[", i, "]");
    for (const auto& [field, type] : {std::pair<const char*, int>{".primary", from.primary()},
                                      std::pair<const char*, int>{".secondary", from.secondary()},
                                      std::pair<const char*, int>{".after", from.after()}}) {
      if (type <= 0 || type >= kNumLayerTypes) {
        return BadPlatformField(absl::StrCat(path, field), "it is missing or no layer type");
      }
    }
    LATIMER_ASSIGN_OR_RETURN(FusionTree tree, ReadFusionTree(path, from));
    const auto primary = static_cast<LayerType>(from.primary());
    auto& by_last = rules.fusion_trees[{primary, static_cast<LayerType>(from.secondary())}];
    if (!by_last.emplace(static_cast<LayerType>(from.after()), std::move(tree)).second) {
      return BadPlatformField(path, "these types have a tree already");
    }
    rules.fusion_primaries.set(static_cast<size_t>(primary));
  }
  const int block = definition.layout_block();
  if (block != 0 && (block < 2 || block > 1024 || (block & (block - 1)) != 0)) {
    return BadPlatformField("mapping.layout_block", absl::StrCat("it is ", block, "; it is a power of two, or 0"));
  }
  rules.layout_block = block;
  for (int i = 0; i < definition.splits_size(); ++i) {
    const model::v1::Split& from = definition.splits(i);
    const std::string path = absl::StrCat("mapping.splits[", i, "]");
    const int type = from.layer_type();
    if (type <= 0 || type >= kNumLayerTypes) {
      return BadPlatformField(absl::StrCat(path, ".layer_type"), "it is missing or no layer type");
    }
    if (from.unit_types_size() < 2 || from.unit_types_size() > kMostSplitUnits) {
      return BadPlatformField(absl::StrCat(path, ".unit_types"),
                              absl::StrCat("a split has 2 to ", kMostSplitUnits, " units"));
    }
    SplitRule& rule = rules.splits[static_cast<size_t>(type)];
    if (!rule.unit_types.empty()) {
      return BadPlatformField(absl::StrCat(path, ".layer_type"), "the type is split twice");
    }
    if (rules.fusion_primaries[static_cast<size_t>(type)]) {
      return BadPlatformField(absl::StrCat(path, ".layer_type"), "the type is also the primary of a fusion");
    }
    rule.unit_types.assign(from.unit_types().begin(), from.unit_types().end());
  }
  rules.merges_duplicates = definition.merges_duplicates();
  LATIMER_ASSIGN_OR_RETURN(rules.free, ReadTypes("mapping.free", definition.free()));
  rules.free.set(static_cast<size_t>(LayerType::kReshape));
  for (size_t type = 0; type < rules.free.size(); ++type) {
    if (rules.free[type] && (rules.fusion_primaries[type] || !rules.splits[type].unit_types.empty())) {
      return BadPlatformField("mapping.free", absl::StrCat(LayerTypeName(static_cast<LayerType>(type)),
                                                           " is free and also the primary of a fusion or split"));
    }
  }
  return rules;
}

}  // namespace latimer
