#include "core/estimation/estimate_parts.h"

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/estimation/intervals.h"

namespace latimer {
namespace {

constexpr size_t kMostNodesInWarning = 20;
constexpr double kMillisecondsPerSecond = 1e3;

void AddLayer(absl::string_view layer, v1::Warning* warning) {
  warning->set_count(warning->count() + 1);
  if (static_cast<size_t>(warning->nodes_size()) < kMostNodesInWarning) {
    warning->add_nodes(layer.data(), layer.size());
  }
}

}  // namespace

Answering ChooseModel(const UnitTypeModels& models, ModelKind wanted) {
  auto find = [&](ModelKind kind) { return models.by_kind[static_cast<size_t>(kind)].get(); };
  if (wanted == ModelKind::kAuto || wanted == ModelKind::kUnspecified) {
    return {find(models.auto_kind), models.auto_kind, false};
  }
  if (const LayerModel* model = find(wanted)) return {model, wanted, false};
  return {find(models.auto_kind), models.auto_kind, true};
}

absl::Status CheckConfidence(double confidence) {
  if (confidence > 0 && confidence < 1) return absl::OkStatus();
  return InvalidArgument("BAD_CONFIDENCE",
                         absl::StrCat("the confidence is ", confidence, "; it lies between 0 and 1, for example 0.9"))
      .Field("options.confidence");
}

void WriteLatency(double seconds, double factor, v1::Latency* latency) {
  const double ms = seconds * kMillisecondsPerSecond;
  latency->set_estimate_ms(ms);
  latency->set_lower_ms(ms / factor);
  latency->set_upper_ms(ms * factor);
}

void WriteWindow(const LayerAttributes& attributes, v1::UnitEstimate* to) {
  if (const auto* conv = std::get_if<ConvAttributes>(&attributes)) {
    to->mutable_kernel()->Add(conv->kernel.begin(), conv->kernel.end());
    to->mutable_stride()->Add(conv->stride.begin(), conv->stride.end());
    to->set_groups(conv->groups);
  } else if (const auto* pool = std::get_if<PoolAttributes>(&attributes)) {
    to->mutable_kernel()->Add(pool->kernel.begin(), pool->kernel.end());
    to->mutable_stride()->Add(pool->stride.begin(), pool->stride.end());
  }
}

FallbackWarnings::Entry& FallbackWarnings::Find(v1::WarningCode code, absl::string_view unit_type,
                                                const UnitTypeModels& models) {
  for (Entry& entry : entries_) {
    if (entry.code == code && entry.models == &models && entry.unit_type == unit_type) return entry;
  }
  entries_.push_back({code, unit_type, &models, result_->add_warnings()});
  entries_.back().warning->set_code(code);
  return entries_.back();
}

void FallbackWarnings::AddType(absl::string_view unit_type, const UnitTypeModels& models, absl::string_view layer) {
  Entry& entry = Find(v1::WARNING_CODE_LAYER_TYPE_FALLBACK, unit_type, models);
  if (entry.warning->message().empty()) {
    entry.warning->set_message(absl::StrCat("the platform has no model for ", unit_type, " layers; its model for ",
                                            models.unit_type, " layers answered"));
  }
  AddLayer(layer, entry.warning);
}

void FallbackWarnings::AddKind(const UnitTypeModels& models, ModelKind answering, absl::string_view layer) {
  Entry& entry = Find(v1::WARNING_CODE_MODEL_KIND_FALLBACK, models.unit_type, models);
  if (entry.warning->message().empty()) {
    entry.warning->set_message(absl::StrCat("the platform has no ", ModelKindName(wanted_), " model for ",
                                            models.unit_type, " layers; its ", ModelKindName(answering),
                                            " model answered"));
  }
  AddLayer(layer, entry.warning);
}

void FallbackWarnings::AddOutside(const UnitTypeModels& models, absl::string_view layer) {
  Entry& entry = Find(v1::WARNING_CODE_OUTSIDE_BENCHMARKED_SPACE, models.unit_type, models);
  if (entry.warning->message().empty()) {
    entry.warning->set_message(absl::StrCat("the platform has no measurements of ", models.unit_type,
                                            " layers of such sizes; its analytical model carries the estimate"));
  }
  AddLayer(layer, entry.warning);
}

void WriteHead(const PlatformModel& platform, const EstimateSettings& settings, absl::string_view network,
               v1::NetworkEstimate* result) {
  result->set_platform(absl::StrCat("platforms/", platform.id()));
  result->set_model_version(platform.version());
  result->set_network(network.data(), network.size());
  result->set_confidence(settings.confidence);
  result->set_interval_source(platform.definition().calibrated_intervals() ? v1::INTERVAL_SOURCE_CALIBRATED
                                                                           : v1::INTERVAL_SOURCE_PUBLISHED_ERROR);
  result->set_simulated(platform.definition().simulated());
}

void WriteTotals(const PlatformModel& platform, const EstimateSettings& settings, const EstimateTotals& totals,
                 v1::NetworkEstimate* result) {
  // Published network errors are those of a kind with the roofline as fallback, so the most refined kind decides.
  auto most_refined = ModelKind::kRoofline;
  for (size_t kind = 0; kind < totals.used.size(); ++kind) {
    if (totals.used[kind]) most_refined = static_cast<ModelKind>(kind);
  }
  WriteLatency(
      totals.seconds,
      NetworkFactor(platform, settings.model_kind, most_refined, settings.confidence, totals.errors, totals.seconds),
      result->mutable_latency());
  result->set_operations(totals.operations);
  if (const double pass_ns = platform.definition().pass_ns(); pass_ns > 0 && totals.unit_seconds > 0) {
    result->set_pass_ns(pass_ns);
    result->set_pace_exponent(totals.paced_seconds / totals.unit_seconds);
  }
  ModelKind reported = settings.model_kind == ModelKind::kUnspecified ? ModelKind::kAuto : settings.model_kind;
  if (reported == ModelKind::kAuto && totals.used.count() == 1) reported = most_refined;
  result->set_model_kind(static_cast<v1::ModelKind>(reported));
}

}  // namespace latimer
