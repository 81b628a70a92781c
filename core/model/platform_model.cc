#include "core/model/platform_model.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/model/analytical_model.h"

namespace latimer {
namespace {

constexpr int kFormatVersion = 1;
constexpr size_t kMostUnitTypes = 200;

Error Bad(absl::string_view field, absl::string_view message) {
  return InvalidArgument("BAD_PLATFORM_MODEL", absl::StrCat(field, ": ", message)).Field(field);
}

bool IsId(absl::string_view text) {
  return !text.empty() && text.size() <= 63 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
  });
}

absl::Status CheckPositive(absl::string_view field, double value) {
  if (std::isfinite(value) && value > 0) return absl::OkStatus();
  return Bad(field, absl::StrCat("it is ", value, "; it must be greater than 0"));
}

absl::StatusOr<std::vector<Unrolling>> ReadUnrolling(absl::string_view field,
                                                     const model::v1::AnalyticalParameters& parameters) {
  std::vector<Unrolling> unrolling;
  for (int i = 0; i < parameters.unrolling_size(); ++i) {
    const model::v1::DimensionUnrolling& from = parameters.unrolling(i);
    const std::string at = absl::StrCat(field, ".unrolling[", i, "]");
    if (from.dimension() < model::v1::DIMENSION_H || from.dimension() > model::v1::DIMENSION_C_OUT) {
      return Bad(absl::StrCat(at, ".dimension"), "it is missing or unknown");
    }
    if (from.size() < 1)
      return Bad(absl::StrCat(at, ".size"), absl::StrCat("it is ", from.size(), "; it is at least 1"));
    if (!(from.alpha() >= 0 && from.alpha() <= 1)) {
      return Bad(absl::StrCat(at, ".alpha"), absl::StrCat("it is ", from.alpha(), "; it lies between 0 and 1"));
    }
    Unrolling to;
    to.dimension = static_cast<Unrolling::Dimension>(from.dimension());
    to.size = from.size();
    to.alpha = from.alpha();
    to.replicates = from.small_dimension() == model::v1::SMALL_DIMENSION_REPLICATE;
    for (const Unrolling& other : unrolling) {
      if (other.dimension == to.dimension) return Bad(absl::StrCat(at, ".dimension"), "it is unrolled twice");
    }
    unrolling.push_back(to);
  }
  return unrolling;
}

absl::StatusOr<std::unique_ptr<const LayerModel>> MakeAnalytical(absl::string_view field, ModelKind kind,
                                                                 const model::v1::AnalyticalParameters& parameters) {
  LATIMER_RETURN_IF_ERROR(CheckPositive(absl::StrCat(field, ".peak_ops_per_second"), parameters.peak_ops_per_second()));
  LATIMER_RETURN_IF_ERROR(
      CheckPositive(absl::StrCat(field, ".bandwidth_bytes_per_second"), parameters.bandwidth_bytes_per_second()));
  LATIMER_ASSIGN_OR_RETURN(std::vector<Unrolling> unrolling, ReadUnrolling(field, parameters));
  if (kind == ModelKind::kRoofline && !unrolling.empty()) {
    return Bad(absl::StrCat(field, ".unrolling"), "a plain roofline has none; write it under refined_roofline");
  }
  return std::make_unique<const AnalyticalModel>(kind, parameters.peak_ops_per_second(),
                                                 parameters.bandwidth_bytes_per_second(), std::move(unrolling));
}

absl::StatusOr<ErrorSpread> ReadSpread(absl::string_view field, const model::v1::ErrorSpread& spread) {
  LATIMER_RETURN_IF_ERROR(
      CheckPositive(absl::StrCat(field, ".mean_absolute_relative_error"), spread.mean_absolute_relative_error()));
  return ErrorSpread(spread.mean_absolute_relative_error());
}

absl::StatusOr<UnitTypeModels> ReadLayerModel(absl::string_view field, const model::v1::LayerModel& from) {
  UnitTypeModels to;
  to.unit_type = from.unit_type();
  if (to.unit_type.empty()) return Bad(absl::StrCat(field, ".unit_type"), "it is missing");
  const std::string at = absl::StrCat(field, " ('", to.unit_type, "')");
  auto index = [](ModelKind kind) { return static_cast<size_t>(kind); };
  if (!from.has_roofline()) return Bad(absl::StrCat(at, ".roofline"), "it is missing");
  LATIMER_ASSIGN_OR_RETURN(to.by_kind[index(ModelKind::kRoofline)],
                           MakeAnalytical(absl::StrCat(at, ".roofline"), ModelKind::kRoofline, from.roofline()));
  if (!from.has_roofline_error()) return Bad(absl::StrCat(at, ".roofline_error"), "it is missing");
  LATIMER_ASSIGN_OR_RETURN(to.error[index(ModelKind::kRoofline)],
                           ReadSpread(absl::StrCat(at, ".roofline_error"), from.roofline_error()));
  if (from.has_refined_roofline()) {
    LATIMER_ASSIGN_OR_RETURN(
        to.by_kind[index(ModelKind::kRefinedRoofline)],
        MakeAnalytical(absl::StrCat(at, ".refined_roofline"), ModelKind::kRefinedRoofline, from.refined_roofline()));
    to.error[index(ModelKind::kRefinedRoofline)] = to.error[index(ModelKind::kRoofline)];
    if (from.has_refined_roofline_error()) {
      LATIMER_ASSIGN_OR_RETURN(to.error[index(ModelKind::kRefinedRoofline)],
                               ReadSpread(absl::StrCat(at, ".refined_roofline_error"), from.refined_roofline_error()));
    }
  } else if (from.has_refined_roofline_error()) {
    return Bad(absl::StrCat(at, ".refined_roofline_error"), "there is no refined_roofline");
  }
  if (from.auto_kind() == v1::MODEL_KIND_UNSPECIFIED) {
    to.auto_kind = from.has_refined_roofline() ? ModelKind::kRefinedRoofline : ModelKind::kRoofline;
  } else {
    const auto kind = static_cast<size_t>(from.auto_kind());
    if (kind >= to.by_kind.size() || to.by_kind[kind] == nullptr) {
      return Bad(absl::StrCat(at, ".auto_kind"), "the type has no model of this kind");
    }
    to.auto_kind = static_cast<ModelKind>(from.auto_kind());
  }
  return to;
}

absl::StatusOr<LayerTypeSet> ReadTypes(absl::string_view field, const google::protobuf::RepeatedField<int>& types) {
  LayerTypeSet set;
  for (int type : types) {
    if (type <= 0 || type >= kNumLayerTypes) return Bad(field, "it lists an unknown layer type");
    set.set(static_cast<size_t>(type));
  }
  if (set.none()) return Bad(field, "it is empty");
  return set;
}

absl::StatusOr<MappingRules> ReadMapping(const model::v1::Mapping& mapping) {
  MappingRules rules;
  for (int i = 0; i < mapping.fusions_size(); ++i) {
    const model::v1::Fusion& from = mapping.fusions(i);
    const std::string at = absl::StrCat("mapping.fusions[", i, "]");
    FusionRule rule;
    LATIMER_ASSIGN_OR_RETURN(rule.primary, ReadTypes(absl::StrCat(at, ".primary"), from.primary()));
    LATIMER_ASSIGN_OR_RETURN(rule.secondary, ReadTypes(absl::StrCat(at, ".secondary"), from.secondary()));
    rule.unit_type = from.unit_type();
    for (int64_t size : from.pool_kernel()) {
      if (size < 1) return Bad(absl::StrCat(at, ".pool_kernel"), "a size is below 1");
      rule.pool_kernel.push_back(size);
    }
    for (int64_t size : from.pool_stride()) {
      if (size < 1) return Bad(absl::StrCat(at, ".pool_stride"), "a size is below 1");
      rule.pool_stride.push_back(size);
    }
    rules.fusion_primaries |= rule.primary;
    rules.fusions.push_back(std::move(rule));
  }
  for (int i = 0; i < mapping.splits_size(); ++i) {
    const model::v1::Split& from = mapping.splits(i);
    const std::string at = absl::StrCat("mapping.splits[", i, "]");
    if (from.layer_type() <= 0 || from.layer_type() >= kNumLayerTypes) {
      return Bad(absl::StrCat(at, ".layer_type"), "it is missing or unknown");
    }
    if (from.unit_types_size() < 2) return Bad(absl::StrCat(at, ".unit_types"), "a split has at least two units");
    SplitRule& rule = rules.splits[static_cast<size_t>(from.layer_type())];
    if (!rule.unit_types.empty()) return Bad(absl::StrCat(at, ".layer_type"), "the type is split twice");
    rule.unit_types.assign(from.unit_types().begin(), from.unit_types().end());
  }
  for (int type : mapping.free()) {
    if (type <= 0 || type >= kNumLayerTypes) return Bad("mapping.free", "it lists an unknown layer type");
    rules.free.set(static_cast<size_t>(type));
  }
  rules.free.set(static_cast<size_t>(LayerType::kReshape));
  return rules;
}

absl::Status CheckHeader(const model::v1::PlatformModel& definition) {
  if (definition.format_version() > kFormatVersion) {
    return Bad("format_version", absl::StrCat("it is ", definition.format_version(), "; this program reads up to ",
                                              kFormatVersion, ": update it"));
  }
  if (definition.format_version() < 1) return Bad("format_version", "it is missing");
  if (!IsId(definition.id())) {
    return Bad("id", absl::StrCat("'", definition.id(), "' is not made of 1 to 63 of a-z, 0-9 and -"));
  }
  if (definition.version().empty()) return Bad("version", "it is missing");
  if (definition.display_name().empty()) return Bad("display_name", "it is missing");
  for (const auto& [field, bits] : {std::pair<const char*, int>{"activation_bits", definition.activation_bits()},
                                    {"weight_bits", definition.weight_bits()}}) {
    if (bits < 1 || bits > 64) return Bad(field, absl::StrCat("it is ", bits, "; it lies between 1 and 64"));
  }
  if (!(definition.fixed_seconds_per_network() >= 0) || !std::isfinite(definition.fixed_seconds_per_network())) {
    return Bad("fixed_seconds_per_network", "it is negative or no number");
  }
  if (static_cast<size_t>(definition.layer_models_size()) > kMostUnitTypes) {
    return Bad("layer_models", absl::StrCat("there are more than ", kMostUnitTypes));
  }
  return absl::OkStatus();
}

// Collects the first error of the text with its place.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    if (!text.empty()) return;
    text = line < 0 ? message : absl::StrCat(line + 1, ":", column + 1, ": ", message);
  }
  std::string text;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const PlatformModel>> PlatformModel::Create(model::v1::PlatformModel definition) {
  static std::atomic<uint64_t> next_instance{1};
  LATIMER_RETURN_IF_ERROR(CheckHeader(definition));
  std::shared_ptr<PlatformModel> platform(new PlatformModel());
  platform->instance_ = next_instance.fetch_add(1, std::memory_order_relaxed);
  bool has_base = false;
  for (int i = 0; i < definition.layer_models_size(); ++i) {
    const std::string field = absl::StrCat("layer_models[", i, "]");
    LATIMER_ASSIGN_OR_RETURN(UnitTypeModels models, ReadLayerModel(field, definition.layer_models(i)));
    const auto index = static_cast<uint8_t>(platform->unit_types_.size());
    if (!platform->index_.emplace(models.unit_type, index).second) {
      return Bad(absl::StrCat(field, ".unit_type"), absl::StrCat("there are two models of '", models.unit_type, "'"));
    }
    if (models.unit_type == "Base") {
      has_base = true;
      platform->base_ = index;
    }
    platform->unit_types_.push_back(std::move(models));
  }
  if (!has_base) return Bad("layer_models", "there is no model of unit type 'Base', which serves all other types");
  for (const auto& [name, spread] : definition.network_error()) {
    const std::optional<ModelKind> kind = ModelKindFromName(name);
    if (!kind.has_value() || *kind == ModelKind::kAuto) {
      return Bad("network_error", absl::StrCat("'", name, "' is no kind of model"));
    }
    LATIMER_ASSIGN_OR_RETURN(platform->network_error_[static_cast<size_t>(*kind)],
                             ReadSpread(absl::StrCat("network_error['", name, "']"), spread));
  }
  for (ModelKind kind : {ModelKind::kRoofline, ModelKind::kRefinedRoofline}) {
    const bool used = std::any_of(platform->unit_types_.begin(), platform->unit_types_.end(), [&](const auto& models) {
      return models.by_kind[static_cast<size_t>(kind)] != nullptr;
    });
    if (used && !definition.network_error().contains(std::string(ModelKindName(kind)))) {
      return Bad("network_error", absl::StrCat("the entry for '", ModelKindName(kind), "' is missing"));
    }
  }
  LATIMER_ASSIGN_OR_RETURN(platform->mapping_, ReadMapping(definition.mapping()));
  platform->definition_ = std::move(definition);
  return std::shared_ptr<const PlatformModel>(std::move(platform));
}

uint8_t PlatformModel::FindUnitType(absl::string_view unit_type) const {
  const auto found = index_.find(unit_type);
  return found == index_.end() ? base_ : found->second;
}

absl::StatusOr<std::shared_ptr<const PlatformModel>> ParsePlatformModel(absl::string_view text,
                                                                        absl::string_view origin) {
  model::v1::PlatformModel definition;
  google::protobuf::TextFormat::Parser parser;
  FirstError error;
  parser.RecordErrorsTo(&error);
  parser.SetRecursionLimit(20);
  google::protobuf::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  if (!parser.Parse(&stream, &definition)) {
    return InvalidArgument("BAD_PLATFORM_FILE", absl::StrCat(origin, ":", error.text)).With("file", origin);
  }
  absl::StatusOr<std::shared_ptr<const PlatformModel>> platform = PlatformModel::Create(std::move(definition));
  if (!platform.ok()) return Annotate(platform.status(), origin);
  return platform;
}

}  // namespace latimer
