// PlatformModel -> latimer.v1.Platform.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/model/platform_model.h"

namespace latimer {
namespace {

const char* DimensionName(model::v1::Dimension dimension) {
  switch (dimension) {
    case model::v1::DIMENSION_H:
      return "h";
    case model::v1::DIMENSION_W:
      return "w";
    case model::v1::DIMENSION_C_IN:
      return "c_in";
    case model::v1::DIMENSION_C_OUT:
      return "c_out";
    default:
      return "";
  }
}

void DescribeAnalytical(v1::ModelKind kind, const model::v1::AnalyticalParameters& from, v1::AnalyticalModel* to) {
  to->set_model_kind(kind);
  to->set_peak_ops_per_second(from.peak_ops_per_second());
  to->set_bandwidth_bytes_per_second(from.bandwidth_bytes_per_second());
  for (const model::v1::DimensionUnrolling& unrolling : from.unrolling()) {
    v1::Unrolling* out = to->add_unrolling();
    out->set_dimension(DimensionName(unrolling.dimension()));
    out->set_size(unrolling.size());
    out->set_alpha(unrolling.alpha());
  }
}

void DescribeLayerModel(const model::v1::LayerModel& from, const UnitTypeModels& models,
                        v1::LayerModelDescription* to) {
  to->set_unit_type(from.unit_type());
  to->set_auto_kind(static_cast<v1::ModelKind>(models.auto_kind));
  for (size_t kind = 0; kind < models.by_kind.size(); ++kind) {
    if (models.by_kind[kind] != nullptr) to->add_kinds(static_cast<v1::ModelKind>(kind));
  }
  DescribeAnalytical(v1::MODEL_KIND_ROOFLINE, from.roofline(), to->add_analytical());
  if (from.has_refined_roofline()) {
    DescribeAnalytical(v1::MODEL_KIND_REFINED_ROOFLINE, from.refined_roofline(), to->add_analytical());
  }
  *to->mutable_accuracy() = from.accuracy();
}

void DescribeFusion(const model::v1::Fusion& from, v1::FusionRule* to) {
  for (int type : from.primary()) to->add_primary(std::string(LayerTypeName(static_cast<LayerType>(type))));
  for (int type : from.secondary()) to->add_secondary(std::string(LayerTypeName(static_cast<LayerType>(type))));
  to->set_unit_type(from.unit_type());
  std::vector<std::string> conditions;
  if (from.pool_kernel_size() > 0) conditions.push_back("window " + absl::StrJoin(from.pool_kernel(), "x"));
  if (from.pool_stride_size() > 0) conditions.push_back("stride " + absl::StrJoin(from.pool_stride(), "x"));
  to->set_condition(absl::StrJoin(conditions, ", "));
}

}  // namespace

v1::Platform PlatformModel::Describe(bool full) const {
  v1::Platform platform;
  platform.set_name(absl::StrCat("platforms/", definition_.id()));
  platform.set_display_name(definition_.display_name());
  platform.set_hardware(definition_.hardware());
  platform.set_toolchain(definition_.toolchain());
  platform.set_precision(definition_.precision());
  platform.set_activation_bits(definition_.activation_bits());
  platform.set_weight_bits(definition_.weight_bits());
  *platform.mutable_settings() = definition_.settings();
  platform.set_description(definition_.description());
  platform.set_simulated(definition_.simulated());
  platform.set_active_version(definition_.version());
  v1::ModelVersion* version = platform.add_versions();
  version->set_version(definition_.version());
  version->set_create_date(definition_.create_date());
  *platform.mutable_network_accuracy() = definition_.network_accuracy();
  if (!full) return platform;
  for (int i = 0; i < definition_.layer_models_size(); ++i) {
    DescribeLayerModel(definition_.layer_models(i), unit_types_[static_cast<size_t>(i)], platform.add_layer_models());
  }
  std::sort(platform.mutable_layer_models()->pointer_begin(), platform.mutable_layer_models()->pointer_end(),
            [](const auto* a, const auto* b) { return a->unit_type() < b->unit_type(); });
  for (const model::v1::Fusion& fusion : definition_.mapping().fusions()) {
    DescribeFusion(fusion, platform.add_fusion_rules());
  }
  return platform;
}

}  // namespace latimer
