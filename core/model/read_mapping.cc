#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/model/read_platform.h"

namespace latimer {
namespace {

constexpr int kMostSplitUnits = 16;

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

}  // namespace

absl::StatusOr<MappingRules> ReadMapping(const model::v1::Mapping& definition) {
  MappingRules rules;
  for (int i = 0; i < definition.fusions_size(); ++i) {
    LATIMER_ASSIGN_OR_RETURN(FusionRule rule,
                             ReadFusion(absl::StrCat("mapping.fusions[", i, "]"), definition.fusions(i)));
    rules.fusion_primaries |= rule.primary;
    rules.fusions.push_back(std::move(rule));
  }
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
