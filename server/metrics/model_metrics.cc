#include "server/metrics/model_metrics.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "server/platform_evaluations.h"
#include "server/status_mapping.h"

namespace latimer::server {
namespace {

constexpr std::chrono::seconds kPeriod{2};
constexpr int kPageSize = 200;
// More networks than that are judged in part: figures change little with more.
constexpr int kMostPages = 10;
constexpr std::array<const char*, 2> kSets = {"validation", "requested"};

ModelKind KindOf(v1::ModelKind kind) { return static_cast<ModelKind>(kind); }

const char* IntervalsLabel(const PlatformModel& model) {
  return model.definition().calibrated_intervals() ? "calibrated" : "published";
}

void AddLayers(const PlatformModel& model, metrics::Gauge* error, metrics::Gauge* samples) {
  for (const model::v1::LayerModel& layer : model.definition().layer_models()) {
    for (const v1::Accuracy& accuracy : layer.accuracy()) {
      if (accuracy.model_kind() != layer.auto_kind()) continue;
      const metrics::Labels labels = {{"platform", model.id()},
                                      {"version", model.version()},
                                      {"layer_type", layer.unit_type()},
                                      {"model_kind", ModelKindName(KindOf(accuracy.model_kind()))}};
      error->Add(labels, accuracy.mape());
      // Publications do not always say from how many.
      if (accuracy.samples() > 0) samples->Add(labels, static_cast<double>(accuracy.samples()));
      break;
    }
  }
}

}  // namespace

ModelMetrics::ModelMetrics(const CatalogHolder* catalog, Store* store, BoardMetrics* boards, const ImportLimits& limits)
    : catalog_(catalog), store_(store), boards_(boards), limits_(limits) {
  if (store_ != nullptr) thread_ = std::thread([this] { Work(); });
}

void ModelMetrics::Stop() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    wake_.SignalAll();
  }
  if (thread_.joinable()) thread_.join();
}

void ModelMetrics::Work() {
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), 10);
  while (true) {
    RunGuarded([this] {
      JudgeChanged();
      return absl::OkStatus();
    }).IgnoreError();
    MutexLock lock(&mutex_);
    if (!stopping_) wake_.WaitFor(&mutex_, kPeriod);
    if (stopping_) return;
  }
}

void ModelMetrics::JudgeChanged() {
  const std::shared_ptr<const Catalog> catalog = catalog_->Get();
  {
    MutexLock lock(&mutex_);
    for (auto at = judgements_.begin(); at != judgements_.end();) {
      at = catalog->platforms.count(at->first) == 0 ? judgements_.erase(at) : std::next(at);
    }
  }
  for (const auto& [id, measured] : catalog->measured) {
    const absl::StatusOr<int64_t> newest = store_->NewestMeasurementMs(id);
    if (newest.ok() && *newest > 0) boards_->SetNewestResult(id, *newest);
    const auto model = catalog->platforms.find(id);
    if (model == catalog->platforms.end()) continue;
    const Key key{model->second->instance(), measured.get()};
    {
      MutexLock lock(&mutex_);
      if (stopping_) return;
      const auto known = judgements_.find(id);
      if (known != judgements_.end() && known->second.key == key) continue;
    }
    Judgement judgement = Judge(*catalog, *model->second);
    judgement.key = key;
    judgement.measured = measured;
    MutexLock lock(&mutex_);
    judgements_[id] = std::move(judgement);
  }
}

ModelMetrics::Judgement ModelMetrics::Judge(const Catalog& catalog, const PlatformModel& model) const {
  Judgement judgement;
  std::array<std::vector<Prediction>, 2> predictions;
  v1::ListEvaluationsRequest request;
  request.set_name(model.id());
  request.set_page_size(kPageSize);
  for (int page = 0; page < kMostPages; ++page) {
    const absl::StatusOr<v1::ListEvaluationsResponse> response = ListEvaluations(catalog, store_, request, limits_);
    if (!response.ok()) break;
    judgement.level = response->confidence();
    for (const v1::NetworkEvaluation& evaluation : response->evaluations()) {
      const v1::Latency& estimate = evaluation.estimate();
      predictions[evaluation.validation() ? 0 : 1].push_back(
          {estimate.estimate_ms(), estimate.lower_ms(), estimate.upper_ms(), evaluation.measured().median_ms()});
    }
    if (response->next_page_token().empty()) break;
    request.set_page_token(response->next_page_token());
  }
  for (size_t i = 0; i < predictions.size(); ++i) {
    std::vector<double> predicted, measured;
    for (const Prediction& prediction : predictions[i]) {
      predicted.push_back(prediction.predicted);
      measured.push_back(prediction.measured);
    }
    Figures& figures = judgement.figures[i];
    figures.networks = static_cast<int64_t>(predictions[i].size());
    figures.mape = MeanAbsolutePercentageError(predictions[i]);
    figures.spearman = SpearmanCorrelation(predicted, measured);
    figures.coverage = Coverage(predictions[i]);
    figures.width = MeanRelativeWidth(predictions[i]);
  }
  if (const auto versions = store_->ListModelVersions(model.id()); versions.ok()) {
    for (const ModelVersionRecord& version : *versions) {
      if (version.version != model.version()) continue;
      judgement.create_ms = version.create_ms;
      judgement.measurements = version.measurements;
    }
  }
  return judgement;
}

metrics::Families ModelMetrics::Collect() const {
  metrics::Families families;
  metrics::Gauge info(&families, "latimer_model_info", "The model version that answers; always 1");
  metrics::Gauge stated(&families, "latimer_model_stated_mape_ratio",
                        "Mean relative error on networks as the model's own record states it, by kind of model");
  metrics::Gauge layer_error(&families, "latimer_model_layer_mape_ratio",
                             "Mean relative error per layer type, cross-validated or published");
  metrics::Gauge layer_samples(&families, "latimer_model_layer_samples", "Layers the error per layer type is from");
  metrics::Gauge networks(&families, "latimer_model_judged_networks", "Measured networks the model is judged on");
  metrics::Gauge mape(&families, "latimer_model_mape_ratio", "Mean relative error on the judged networks");
  metrics::Gauge spearman(&families, "latimer_model_spearman_correlation",
                          "Rank correlation of predicted and measured on the judged networks");
  metrics::Gauge coverage(&families, "latimer_model_interval_coverage_ratio",
                          "Share of the judged networks whose measured value lies in the predicted interval");
  metrics::Gauge level(&families, "latimer_model_interval_level_ratio", "Share that is meant to");
  metrics::Gauge width(&families, "latimer_model_interval_width_ratio",
                       "Mean width of the intervals over the measured value");
  metrics::Gauge created(&families, "latimer_model_create_timestamp_seconds",
                         "When the version was fitted, in seconds since 1970");
  metrics::Gauge measurements(&families, "latimer_model_measurements", "Measurements the version was fitted to");
  const std::shared_ptr<const Catalog> catalog = catalog_->Get();
  MutexLock lock(&mutex_);
  for (const auto& [id, model] : catalog->platforms) {
    const metrics::Labels labels = {{"platform", id}, {"version", model->version()}};
    metrics::Labels facts = labels;
    facts.emplace_back("intervals", IntervalsLabel(*model));
    facts.emplace_back("simulated", model->definition().simulated() ? "true" : "false");
    info.Add(facts, 1);
    // The first of each kind: publications judge on several sets.
    std::set<ModelKind> told;
    for (const v1::Accuracy& accuracy : model->definition().network_accuracy()) {
      if (!told.insert(KindOf(accuracy.model_kind())).second) continue;
      stated.Add({{"platform", id},
                  {"version", model->version()},
                  {"model_kind", ModelKindName(KindOf(accuracy.model_kind()))}},
                 accuracy.mape());
    }
    AddLayers(*model, &layer_error, &layer_samples);
    const auto found = judgements_.find(id);
    // The judgement of a version that answers no more says nothing about this one.
    if (found == judgements_.end() || found->second.key.model != model->instance()) continue;
    const Judgement& judgement = found->second;
    if (judgement.create_ms > 0) created.Add(labels, static_cast<double>(judgement.create_ms) / 1000);
    if (judgement.measurements > 0) measurements.Add(labels, static_cast<double>(judgement.measurements));
    level.Add(labels, judgement.level);
    for (size_t i = 0; i < kSets.size(); ++i) {
      const Figures& figures = judgement.figures[i];
      metrics::Labels of_set = labels;
      of_set.emplace_back("set", kSets[i]);
      networks.Add(of_set, static_cast<double>(figures.networks));
      if (figures.mape.has_value()) mape.Add(of_set, *figures.mape);
      if (figures.spearman.has_value()) spearman.Add(of_set, *figures.spearman);
      if (figures.coverage.has_value()) coverage.Add(of_set, *figures.coverage);
      if (figures.width.has_value()) width.Add(of_set, *figures.width);
    }
  }
  return families;
}

}  // namespace latimer::server
