#include "core/estimation/estimator.h"

#include <algorithm>
#include <utility>

#include "core/base/status_macros.h"
#include "core/estimation/estimate_parts.h"
#include "core/estimation/intervals.h"
#include "core/estimation/unit_edges.h"
#include "core/mapping/features.h"
#include "core/mapping/mapper.h"
#include "core/network/simplify.h"

namespace latimer {
namespace {

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

// That of the primary layer, or of the tensor whose layout changes.
absl::string_view UnitName(const Network& network, const ExecutionUnit& unit) {
  return unit.layers.empty() ? network.tensors[unit.changed].name : network.layers[unit.primary].name;
}

void WriteUnit(const Network& network, const ExecutionUnit& unit, v1::UnitEstimate* to) {
  const absl::string_view name = UnitName(network, unit);
  to->set_name(name.data(), name.size());
  to->set_unit_type(unit.unit_type.data(), unit.unit_type.size());
  to->set_input_bytes(unit.features.input_bytes);
  to->set_output_bytes(unit.features.output_bytes);
  if (unit.layers.empty()) {
    for (v1::Shape* shape : {to->add_input_shapes(), to->add_output_shapes()}) {
      const Shape& from = network.tensors[unit.changed].shape;
      shape->mutable_dims()->Add(from.begin(), from.end());
    }
    return;
  }
  const Layer& primary = network.layers[unit.primary];
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
  to->set_weight_bytes(unit.features.weight_bytes);
  WriteWindow(primary.attributes, to);
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
  WriteHead(platform, settings, network.name, result);
  result->set_macs(Macs(network));
  result->set_unit_count(static_cast<int64_t>(mapped.units.size()));
  const MemoryNeed memory = ComputeMemory(network, platform.activation_bits(), platform.weight_bits());
  result->mutable_memory()->set_weight_bytes(memory.weight_bytes);
  result->mutable_memory()->set_peak_activation_bytes(memory.peak_activation_bytes);
  WriteImportWarnings(network, result);

  IntervalWriter intervals(platform, settings.model_kind, settings.confidence);
  FallbackWarnings fallbacks(settings.model_kind, result);
  EstimateTotals totals;
  totals.seconds = platform.definition().fixed_seconds_per_network();
  if (const double price = platform.definition().transfer_seconds_per_byte(); price > 0) {
    totals.seconds += price * TransferBytes(network, platform.activation_bits());
  }
  absl::InlinedVector<double, 64> seconds;
  if (settings.with_units) result->mutable_units()->Reserve(static_cast<int>(mapped.units.size()));
  for (const ExecutionUnit& unit : mapped.units) {
    const uint8_t type = unit.features.unit_type;
    const UnitTypeModels& models = platform.unit_type_models(type);
    const Answering answering = ChooseModel(models, settings.model_kind);
    const UnitTime time = TimeOf(platform, answering, unit.features, memo);
    totals.used.set(static_cast<size_t>(answering.kind));
    totals.AddSeconds(time.seconds, models.pace_exponent);
    totals.operations += unit.features.operations;
    totals.errors.Add(time.seconds, LogDeviation(models, answering.kind, time));
    if (settings.observer != nullptr) settings.observer->Observe(unit.features, time.seconds);
    const absl::string_view name = UnitName(network, unit);
    if (models.unit_type != unit.unit_type) fallbacks.AddType(unit.unit_type, models, name);
    if (time.outside_data) fallbacks.AddOutside(models, name);
    if (answering.fallback) fallbacks.AddKind(models, answering.kind, name);
    if (!settings.with_units) continue;
    v1::UnitEstimate* to = result->add_units();
    WriteUnit(network, unit, to);
    intervals.WriteUnit(models, answering.kind, time, type, models.unit_type != unit.unit_type, to);
    to->set_utilization(time.utilization);
    to->set_bound(static_cast<v1::Bound>(time.bound));
    to->set_model_kind(static_cast<v1::ModelKind>(answering.kind));
    to->set_model_type(models.unit_type);
    seconds.push_back(time.seconds);
  }
  for (size_t i = 0; i < seconds.size(); ++i) {
    result->mutable_units(static_cast<int>(i))->set_share(totals.seconds > 0 ? seconds[i] / totals.seconds : 0);
  }
  if (settings.with_units) {
    intervals.WriteShares(totals.errors, totals.seconds, result);
    WriteUnitEdges(network, mapped, result);
    WriteFreeNodes(network, mapped, result);
  }
  WriteTotals(platform, settings, totals, result);
  return absl::OkStatus();
}

}  // namespace

absl::Status EstimateNetwork(const Network& network, const PlatformModel& platform, const EstimateSettings& settings,
                             UnitMemo* memo, v1::NetworkEstimate* result) {
  LATIMER_RETURN_IF_ERROR(CheckConfidence(settings.confidence));
  if (platform.mapping().merges_duplicates && HasDuplicates(network)) {
    return EstimateMerged(MergeDuplicates(network), platform, settings, memo, result);
  }
  return EstimateMerged(network, platform, settings, memo, result);
}

}  // namespace latimer
