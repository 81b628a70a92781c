// PlatformModel -> latimer.v1.Platform.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
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
  to->set_overhead_seconds(from.overhead_seconds());
  for (const model::v1::DimensionUnrolling& unrolling : from.unrolling()) {
    v1::Unrolling* out = to->add_unrolling();
    out->set_dimension(DimensionName(unrolling.dimension()));
    out->set_size(unrolling.size());
    out->set_alpha(unrolling.alpha());
  }
}

// Features of the trees that say something to people; sizes and work are kept as logarithms.
struct NamedFeature {
  int index;  // in TreeFeatureRow
  const char* name;
  bool logarithm;
};
constexpr NamedFeature kNamedFeatures[] = {{0, "operations", true}, {4, "bytes", true},      {6, "h", true},
                                           {7, "w", true},          {8, "c_in", true},       {9, "c_out", true},
                                           {10, "groups", true},    {11, "batch", true},     {13, "kernel_h", false},
                                           {14, "kernel_w", false}, {15, "stride_h", false}, {16, "stride_w", false}};

void DescribeExtent(const model::v1::TreeEnsemble& trees, v1::LayerModelDescription* to) {
  for (const NamedFeature& feature : kNamedFeatures) {
    if (feature.index >= trees.feature_min_size() || feature.index >= trees.feature_max_size()) continue;
    // Logarithms in single precision are whole numbers again once they are rounded to six digits.
    const auto value = [&](float stored) {
      if (!feature.logarithm) return static_cast<double>(stored);
      const double size = std::exp(static_cast<double>(stored));
      const double unit = std::max(1.0, std::pow(10.0, std::floor(std::log10(std::max(size, 1.0))) - 5));
      return std::round(size / unit) * unit;
    };
    v1::FeatureRange* range = to->add_data_extent();
    range->set_feature(feature.name);
    range->set_least(value(trees.feature_min(feature.index)));
    range->set_most(value(trees.feature_max(feature.index)));
  }
}

void DescribeLayerModel(const model::v1::PlatformModel& definition, const model::v1::LayerModel& from,
                        const UnitTypeModels& models, v1::LayerModelDescription* to) {
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
  // Both ensembles are grown on the same measurements.
  if (const int trees = from.mixed_trees() > 0 ? from.mixed_trees() : from.statistical_trees(); trees > 0) {
    DescribeExtent(definition.trees(trees - 1), to);
  }
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

// Pairs that a tree decides, with how well it is known to.
void DescribeFusionTrees(const model::v1::Mapping& mapping, const MappingRules& rules, v1::Platform* platform) {
  for (const model::v1::FusionScore& score : mapping.fusion_scores()) {
    const auto primary = static_cast<LayerType>(score.primary());
    const auto secondary = static_cast<LayerType>(score.secondary());
    if (rules.fusion_trees.count({primary, secondary}) == 0) continue;
    v1::FusionRule* to = platform->add_fusion_rules();
    to->add_primary(std::string(LayerTypeName(primary)));
    to->add_secondary(std::string(LayerTypeName(secondary)));
    to->set_condition(absl::StrFormat("a decision tree says so: %d of %d seen, F1 %.3f, MCC %.3f", score.fused(),
                                      score.samples(), score.f1(), score.mcc()));
  }
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
  platform.set_fixed_seconds_per_network(definition_.fixed_seconds_per_network());
  platform.set_interval_source(definition_.calibrated_intervals() ? v1::INTERVAL_SOURCE_CALIBRATED
                                                                  : v1::INTERVAL_SOURCE_PUBLISHED_ERROR);
  if (!full) return platform;
  for (int i = 0; i < definition_.layer_models_size(); ++i) {
    DescribeLayerModel(definition_, definition_.layer_models(i), unit_types_[static_cast<size_t>(i)],
                       platform.add_layer_models());
  }
  std::sort(platform.mutable_layer_models()->pointer_begin(), platform.mutable_layer_models()->pointer_end(),
            [](const auto* a, const auto* b) { return a->unit_type() < b->unit_type(); });
  for (const model::v1::Fusion& fusion : definition_.mapping().fusions()) {
    DescribeFusion(fusion, platform.add_fusion_rules());
  }
  DescribeFusionTrees(definition_.mapping(), mapping_, &platform);
  return platform;
}

}  // namespace latimer
