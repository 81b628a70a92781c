#include "core/estimation/estimator.h"

#include <algorithm>
#include <bitset>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/estimation/unit_edges.h"
#include "core/mapping/mapper.h"
#include "core/network/simplify.h"

namespace latimer {
namespace {

constexpr size_t kMostNodesInWarning = 20;
constexpr double kMillisecondsPerSecond = 1e3;

// Which model answers for a unit type.
struct Answering {
  const LayerModel* model = nullptr;
  ModelKind kind = ModelKind::kUnspecified;
  bool fallback = false;  // another kind than the one asked for
};

Answering Choose(const UnitTypeModels& models, ModelKind wanted) {
  auto find = [&](ModelKind kind) { return models.by_kind[static_cast<size_t>(kind)].get(); };
  if (wanted == ModelKind::kAuto || wanted == ModelKind::kUnspecified) {
    return {find(models.auto_kind), models.auto_kind, false};
  }
  if (const LayerModel* model = find(wanted)) return {model, wanted, false};
  return {find(models.auto_kind), models.auto_kind, true};
}

// Analytical models cost less than a look-up.
bool IsWorthRemembering(ModelKind kind) { return kind == ModelKind::kStatistical || kind == ModelKind::kMixed; }

UnitTime TimeOf(const PlatformModel& platform, const Answering& answering, const UnitFeatures& features,
                UnitMemo* memo) {
  if (memo == nullptr || !IsWorthRemembering(answering.kind)) return answering.model->Estimate(features);
  if (std::optional<UnitTime> known = memo->Find(platform, answering.kind, features)) return *known;
  const UnitTime time = answering.model->Estimate(features);
  memo->Insert(platform, answering.kind, features, time);
  return time;
}

void SetLatency(double seconds, double factor, v1::Latency* latency) {
  const double ms = seconds * kMillisecondsPerSecond;
  latency->set_estimate_ms(ms);
  latency->set_lower_ms(ms / factor);
  latency->set_upper_ms(ms * factor);
}

// Warnings that layers share: one per reason, with the layers it concerns.
class Fallbacks {
 public:
  Fallbacks(ModelKind wanted, v1::NetworkEstimate* result) : wanted_(wanted), result_(result) {}

  // `unit_type` and `models` outlive this.
  void AddType(absl::string_view unit_type, const UnitTypeModels& models, absl::string_view layer) {
    Entry& entry = Find(v1::WARNING_CODE_LAYER_TYPE_FALLBACK, unit_type, models);
    if (entry.warning->message().empty()) {
      entry.warning->set_message(absl::StrCat("the platform has no model for ", unit_type, " layers; its model for ",
                                              models.unit_type, " layers answered"));
    }
    AddLayer(layer, entry.warning);
  }

  void AddKind(const UnitTypeModels& models, ModelKind answering, absl::string_view layer) {
    Entry& entry = Find(v1::WARNING_CODE_MODEL_KIND_FALLBACK, models.unit_type, models);
    if (entry.warning->message().empty()) {
      entry.warning->set_message(absl::StrCat("the platform has no ", ModelKindName(wanted_), " model for ",
                                              models.unit_type, " layers; its ", ModelKindName(answering),
                                              " model answered"));
    }
    AddLayer(layer, entry.warning);
  }

  void AddOutside(const UnitTypeModels& models, absl::string_view layer) {
    Entry& entry = Find(v1::WARNING_CODE_OUTSIDE_BENCHMARKED_SPACE, models.unit_type, models);
    if (entry.warning->message().empty()) {
      entry.warning->set_message(absl::StrCat("the platform has no measurements of ", models.unit_type,
                                              " layers of such sizes; its analytical model carries the estimate"));
    }
    AddLayer(layer, entry.warning);
  }

 private:
  struct Entry {
    v1::WarningCode code = v1::WARNING_CODE_UNSPECIFIED;
    absl::string_view unit_type;
    const UnitTypeModels* models = nullptr;
    v1::Warning* warning = nullptr;
  };

  Entry& Find(v1::WarningCode code, absl::string_view unit_type, const UnitTypeModels& models) {
    for (Entry& entry : entries_) {
      if (entry.code == code && entry.models == &models && entry.unit_type == unit_type) return entry;
    }
    entries_.push_back({code, unit_type, &models, result_->add_warnings()});
    entries_.back().warning->set_code(code);
    return entries_.back();
  }

  static void AddLayer(absl::string_view layer, v1::Warning* warning) {
    warning->set_count(warning->count() + 1);
    if (static_cast<size_t>(warning->nodes_size()) < kMostNodesInWarning) {
      warning->add_nodes(layer.data(), layer.size());
    }
  }

  const ModelKind wanted_;
  v1::NetworkEstimate* const result_;
  absl::InlinedVector<Entry, 8> entries_;  // a handful: types are few
};

void WriteUnit(const Network& network, const ExecutionUnit& unit, v1::UnitEstimate* to) {
  const Layer& primary = network.layers[unit.primary];
  to->set_name(primary.name.data(), primary.name.size());
  to->set_unit_type(unit.unit_type.data(), unit.unit_type.size());
  to->set_layer_type(static_cast<v1::LayerType>(primary.type));
  for (LayerId id : unit.layers) {
    for (absl::string_view node : network.layers[id].nodes) to->add_nodes(node.data(), node.size());
  }
  auto write_shape = [](const Shape& shape, v1::Shape* message) {
    message->mutable_dims()->Add(shape.begin(), shape.end());
  };
  for (LayerId id : unit.layers) {
    for (TensorId input : network.layers[id].inputs) {
      const LayerId producer = network.tensors[input].producer;
      if (std::find(unit.layers.begin(), unit.layers.end(), producer) != unit.layers.end()) continue;
      write_shape(network.tensors[input].shape, to->add_input_shapes());
    }
  }
  for (TensorId output : network.layers[unit.layers.back()].outputs) {
    write_shape(network.tensors[output].shape, to->add_output_shapes());
  }
  to->set_operations(unit.features.operations);
  to->set_input_bytes(unit.features.input_bytes);
  to->set_output_bytes(unit.features.output_bytes);
  to->set_weight_bytes(unit.features.weight_bytes);
  if (const auto* conv = std::get_if<ConvAttributes>(&primary.attributes)) {
    to->mutable_kernel()->Add(conv->kernel.begin(), conv->kernel.end());
    to->mutable_stride()->Add(conv->stride.begin(), conv->stride.end());
    to->set_groups(conv->groups);
  } else if (const auto* pool = std::get_if<PoolAttributes>(&primary.attributes)) {
    to->mutable_kernel()->Add(pool->kernel.begin(), pool->kernel.end());
    to->mutable_stride()->Add(pool->stride.begin(), pool->stride.end());
  }
}

void WriteImportWarnings(const Network& network, v1::NetworkEstimate* result) {
  for (const ImportWarning& from : network.warnings) {
    v1::Warning* to = result->add_warnings();
    to->set_code(static_cast<v1::WarningCode>(from.code));
    to->set_message(from.message);
    for (const std::string& node : from.nodes) to->add_nodes(node);
    to->set_count(from.count);
  }
}

void WriteFreeNodes(const Network& network, const MappedNetwork& mapped, v1::NetworkEstimate* result) {
  for (LayerId id : mapped.free_layers) {
    for (absl::string_view node : network.layers[id].nodes) result->add_free_nodes(node.data(), node.size());
  }
  for (absl::string_view node : network.free_nodes) result->add_free_nodes(node.data(), node.size());
}

// `network` as the platform's toolchain sees it.
absl::Status EstimateMerged(const Network& network, const PlatformModel& platform, const EstimateSettings& settings,
                            UnitMemo* memo, v1::NetworkEstimate* result) {
  result->Clear();
  const MappedNetwork mapped = MapNetwork(network, platform);
  result->set_platform(absl::StrCat("platforms/", platform.id()));
  result->set_model_version(platform.version());
  result->set_network(network.name);
  result->set_confidence(settings.confidence);
  result->set_interval_source(platform.definition().calibrated_intervals() ? v1::INTERVAL_SOURCE_CALIBRATED
                                                                           : v1::INTERVAL_SOURCE_PUBLISHED_ERROR);
  result->set_macs(Macs(network));
  result->set_simulated(platform.definition().simulated());
  result->set_unit_count(static_cast<int64_t>(mapped.units.size()));
  const MemoryNeed memory = ComputeMemory(network, platform.activation_bits(), platform.weight_bits());
  result->mutable_memory()->set_weight_bytes(memory.weight_bytes);
  result->mutable_memory()->set_peak_activation_bytes(memory.peak_activation_bytes);
  WriteImportWarnings(network, result);

  // The interval's factor depends on type and kind alone; powers are dear.
  absl::InlinedVector<double, 64 * kNumModelKinds> factors(platform.unit_type_count() * kNumModelKinds, 0);
  Fallbacks fallbacks(settings.model_kind, result);
  std::bitset<kNumModelKinds> used;
  double total = platform.definition().fixed_seconds_per_network();
  double operations = 0;
  absl::InlinedVector<double, 64> seconds;
  if (settings.with_units) result->mutable_units()->Reserve(static_cast<int>(mapped.units.size()));
  for (const ExecutionUnit& unit : mapped.units) {
    const uint8_t type = unit.features.unit_type;
    const UnitTypeModels& models = platform.unit_type_models(type);
    const Answering answering = Choose(models, settings.model_kind);
    const UnitTime time = TimeOf(platform, answering, unit.features, memo);
    used.set(static_cast<size_t>(answering.kind));
    total += time.seconds;
    operations += unit.features.operations;
    const absl::string_view name = network.layers[unit.primary].name;
    if (models.unit_type != unit.unit_type) fallbacks.AddType(unit.unit_type, models, name);
    if (time.outside_data) fallbacks.AddOutside(models, name);
    if (answering.fallback) fallbacks.AddKind(models, answering.kind, name);
    if (!settings.with_units) continue;
    v1::UnitEstimate* to = result->add_units();
    WriteUnit(network, unit, to);
    double& factor = factors[type * kNumModelKinds + static_cast<size_t>(answering.kind)];
    if (factor == 0) factor = models.error[static_cast<size_t>(answering.kind)].Factor(settings.confidence);
    SetLatency(time.seconds, factor, to->mutable_latency());
    to->set_utilization(time.utilization);
    to->set_bound(static_cast<v1::Bound>(time.bound));
    to->set_model_kind(static_cast<v1::ModelKind>(answering.kind));
    to->set_model_type(models.unit_type);
    seconds.push_back(time.seconds);
  }
  for (size_t i = 0; i < seconds.size(); ++i) {
    result->mutable_units(static_cast<int>(i))->set_share(total > 0 ? seconds[i] / total : 0);
  }
  if (settings.with_units) {
    WriteUnitEdges(network, mapped, result);
    WriteFreeNodes(network, mapped, result);
  }

  // Published network errors are those of a kind with the roofline as fallback, so the most refined kind decides.
  auto most_refined = ModelKind::kRoofline;
  for (size_t kind = 0; kind < used.size(); ++kind) {
    if (used[kind]) most_refined = static_cast<ModelKind>(kind);
  }
  SetLatency(total, platform.network_error(most_refined).Factor(settings.confidence), result->mutable_latency());
  result->set_operations(operations);
  ModelKind reported = settings.model_kind == ModelKind::kUnspecified ? ModelKind::kAuto : settings.model_kind;
  if (reported == ModelKind::kAuto && used.count() == 1) reported = most_refined;
  result->set_model_kind(static_cast<v1::ModelKind>(reported));
  return absl::OkStatus();
}

}  // namespace

absl::Status EstimateNetwork(const Network& network, const PlatformModel& platform, const EstimateSettings& settings,
                             UnitMemo* memo, v1::NetworkEstimate* result) {
  if (!(settings.confidence > 0 && settings.confidence < 1)) {
    return InvalidArgument("BAD_CONFIDENCE", absl::StrCat("the confidence is ", settings.confidence,
                                                          "; it lies between 0 and 1, for example 0.9"))
        .Field("options.confidence");
  }
  if (platform.mapping().merges_duplicates && HasDuplicates(network)) {
    return EstimateMerged(MergeDuplicates(network), platform, settings, memo, result);
  }
  return EstimateMerged(network, platform, settings, memo, result);
}

}  // namespace latimer
