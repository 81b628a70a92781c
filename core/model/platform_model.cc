#include "core/model/platform_model.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/model/read_platform.h"

namespace latimer {
namespace {

// Whether some layer can become a unit of this type: a misspelt model would never answer.
bool IsReachable(absl::string_view unit_type, const MappingRules& rules) {
  if (unit_type == kLayoutChange) return rules.layout_block > 0;
  if (unit_type == "Base") return true;
  for (int type = 1; type < kNumLayerTypes; ++type) {
    if (UnitTypeName(static_cast<LayerType>(type)) == unit_type) return true;
    for (const std::string& part : rules.splits[static_cast<size_t>(type)].unit_types) {
      if (part == unit_type) return true;
    }
  }
  return std::any_of(rules.fusions.begin(), rules.fusions.end(),
                     [&](const FusionRule& rule) { return rule.unit_type == unit_type; });
}

}  // namespace

absl::StatusOr<std::shared_ptr<const PlatformModel>> PlatformModel::Create(model::v1::PlatformModel definition) {
  static std::atomic<uint64_t> next_instance{1};
  LATIMER_RETURN_IF_ERROR(CheckPlatformHeader(definition));
  std::shared_ptr<PlatformModel> platform(new PlatformModel());
  platform->instance_ = next_instance.fetch_add(1, std::memory_order_relaxed);
  platform->definition_ = std::move(definition);
  LATIMER_ASSIGN_OR_RETURN(platform->mapping_, ReadMapping(platform->definition_.mapping()));
  LATIMER_RETURN_IF_ERROR(platform->ReadLayerModels());
  LATIMER_RETURN_IF_ERROR(platform->CheckMappedTypes());
  LATIMER_RETURN_IF_ERROR(platform->ReadNetworkErrors());
  LATIMER_RETURN_IF_ERROR(platform->ReadNetworkCalibration());
  return std::shared_ptr<const PlatformModel>(std::move(platform));
}

absl::Status PlatformModel::ReadLayerModels() {
  SharedParts parts;
  for (int i = 0; i < definition_.trees_size(); ++i) {
    LATIMER_ASSIGN_OR_RETURN(TreeEnsemble ensemble,
                             TreeEnsemble::Create(absl::StrCat("trees[", i, "]"), definition_.trees(i)));
    parts.trees.push_back(std::make_shared<const TreeEnsemble>(std::move(ensemble)));
  }
  for (int i = 0; i < definition_.difficulties_size(); ++i) {
    LATIMER_ASSIGN_OR_RETURN(
        confidence::Difficulty difficulty,
        confidence::Difficulty::Create(absl::StrCat("difficulties[", i, "]"), definition_.difficulties(i)));
    parts.difficulties.push_back(std::make_shared<const confidence::Difficulty>(std::move(difficulty)));
  }
  reads_context_ = !parts.trees.empty();
  for (int i = 0; i < definition_.layer_models_size(); ++i) {
    const std::string path = absl::StrCat("layer_models[", i, "]");
    absl::StatusOr<UnitTypeModels> models = ReadLayerModel(path, definition_.layer_models(i), parts);
    if (!models.ok()) {
      return Annotate(models.status(), absl::StrCat("unit type '", definition_.layer_models(i).unit_type(), "'"));
    }
    const std::string at = absl::StrCat(path, ".unit_type");
    if (!index_.emplace(models->unit_type, static_cast<uint8_t>(unit_types_.size())).second) {
      return BadPlatformField(at, absl::StrCat("there are two models of '", models->unit_type, "'"));
    }
    if (!IsReachable(models->unit_type, mapping_)) {
      return BadPlatformField(at, absl::StrCat("no layer becomes a unit of type '", models->unit_type,
                                               "'; unit types are 'Base', layer types, 'Pool' for all pooling, and "
                                               "those that mapping names"));
    }
    unit_types_.push_back(*std::move(models));
  }
  const auto base = index_.find("Base");
  if (base == index_.end()) {
    return BadPlatformField("layer_models", "there is no model of unit type 'Base', which serves all other types");
  }
  base_ = base->second;
  return absl::OkStatus();
}

absl::Status PlatformModel::CheckMappedTypes() const {
  auto missing = [](absl::string_view path, absl::string_view unit_type) {
    return BadPlatformField(path, absl::StrCat("there is no layer model of unit type '", unit_type, "'"));
  };
  for (size_t i = 0; i < mapping_.fusions.size(); ++i) {
    const std::string& unit_type = mapping_.fusions[i].unit_type;
    if (!unit_type.empty() && !HasUnitType(unit_type)) {
      return missing(absl::StrCat("mapping.fusions[", i, "].unit_type"), unit_type);
    }
  }
  for (int i = 0; i < definition_.mapping().splits_size(); ++i) {
    for (int j = 0; j < definition_.mapping().splits(i).unit_types_size(); ++j) {
      const std::string& unit_type = definition_.mapping().splits(i).unit_types(j);
      if (!HasUnitType(unit_type)) {
        return missing(absl::StrCat("mapping.splits[", i, "].unit_types[", j, "]"), unit_type);
      }
    }
  }
  return absl::OkStatus();
}

absl::Status PlatformModel::ReadNetworkErrors() {
  for (int i = static_cast<int>(ModelKind::kRoofline); i < kNumModelKinds; ++i) {
    const auto kind = static_cast<size_t>(i);
    const std::string name(ModelKindName(static_cast<ModelKind>(i)));
    const std::string path = absl::StrCat("network_error['", name, "']");
    const auto found = definition_.network_error().find(name);
    if (found != definition_.network_error().end()) {
      LATIMER_ASSIGN_OR_RETURN(network_error_[kind], ReadErrorSpread(path, found->second));
      continue;
    }
    const bool needed = std::any_of(unit_types_.begin(), unit_types_.end(),
                                    [&](const UnitTypeModels& models) { return models.by_kind[kind] != nullptr; });
    if (needed) return BadPlatformField(path, "it is missing, and a layer model is of this kind");
  }
  for (const auto& entry : definition_.network_error()) {
    const std::optional<ModelKind> kind = ModelKindFromName(entry.first);
    if (!kind.has_value() || *kind == ModelKind::kAuto || ModelKindName(*kind) != entry.first) {
      return BadPlatformField("network_error", absl::StrCat("'", entry.first,
                                                            "' is not one of roofline, "
                                                            "refined_roofline, statistical, mixed"));
    }
  }
  return absl::OkStatus();
}

absl::Status PlatformModel::ReadNetworkCalibration() {
  for (int i = 0; i < definition_.network_calibration_size(); ++i) {
    const model::v1::NetworkCalibration& from = definition_.network_calibration(i);
    const std::string path = absl::StrCat("network_calibration[", i, "]");
    const int kind = from.model_kind();
    if (kind < v1::MODEL_KIND_AUTO || kind >= kNumModelKinds) {
      return BadPlatformField(absl::StrCat(path, ".model_kind"), "it is missing or unknown");
    }
    std::optional<confidence::NetworkConfidence>& to = network_confidence_[static_cast<size_t>(kind)];
    if (to.has_value()) return BadPlatformField(absl::StrCat(path, ".model_kind"), "there are two of this kind");
    LATIMER_ASSIGN_OR_RETURN(to, confidence::NetworkConfidence::Read(path, from));
  }
  return absl::OkStatus();
}

uint8_t PlatformModel::FindUnitType(absl::string_view unit_type) const {
  const auto found = index_.find(unit_type);
  return found == index_.end() ? base_ : found->second;
}

}  // namespace latimer
