#include "server/campaign/refitter.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/estimation/estimator.h"
#include "core/evaluation/measured_pace.h"
#include "core/fitting/cut_excerpts.h"
#include "core/fitting/fit_platform.h"
#include "server/campaign/fit_input.h"
#include "server/campaign/promotion.h"
#include "server/fleet/fleet.h"
#include "server/status_mapping.h"

namespace latimer::server {
namespace {

struct Judgement {
  double mape = -1;  // negative: nothing to judge on
  std::vector<std::pair<double, double>> predicted_measured_ms;
  std::vector<double> errors;  // absolute, as fractions of what was measured
};

absl::StatusOr<Judgement> Judge(const PlatformModel& model, const std::vector<fitting::ValidationSample>& networks) {
  Judgement judgement;
  double sum = 0;
  for (const fitting::ValidationSample& sample : networks) {
    v1::NetworkEstimate estimate;
    EstimateSettings settings;
    settings.with_units = false;
    LATIMER_RETURN_IF_ERROR(EstimateNetwork(sample.network, model, settings, nullptr, &estimate));
    const double measured_ms =
        sample.seconds * PaceFactor(sample.pass_ns, estimate.pass_ns(), estimate.pace_exponent()) * 1000;
    judgement.predicted_measured_ms.emplace_back(estimate.latency().estimate_ms(), measured_ms);
    sum += judgement.errors.emplace_back(std::abs(estimate.latency().estimate_ms() - measured_ms) / measured_ms);
  }
  if (!networks.empty()) judgement.mape = sum / static_cast<double>(networks.size());
  return judgement;
}

// How good the models are that AUTO takes: on the networks, and per layer type.
std::vector<v1::Accuracy> WhatAutoTakes(const model::v1::PlatformModel& model, const Judgement& judgement) {
  std::vector<v1::Accuracy> all;
  if (judgement.mape >= 0) {
    v1::Accuracy& network = all.emplace_back();
    network.set_model_kind(v1::MODEL_KIND_AUTO);
    network.set_subject("network");
    network.set_mape(judgement.mape);
    network.set_samples(static_cast<int64_t>(judgement.predicted_measured_ms.size()));
    network.set_source("networks of the validation stage, never fitted");
  }
  for (const model::v1::LayerModel& layer : model.layer_models()) {
    for (const v1::Accuracy& accuracy : layer.accuracy()) {
      if (accuracy.model_kind() == layer.auto_kind()) all.push_back(accuracy);
    }
  }
  return all;
}

}  // namespace

Refitter::Refitter(Store* store, CatalogHolder* holder, CatalogSource* source, Logger* logger)
    : store_(store), holder_(holder), source_(source), logger_(logger), thread_([this] { Work(); }) {}

Refitter::~Refitter() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    work_.Signal();
  }
  thread_.join();
}

void Refitter::Request(std::string platform, int64_t campaign, std::function<void(absl::StatusOr<RefitResult>)> done,
                       std::optional<refinement::RefineOptions> refine) {
  MutexLock lock(&mutex_);
  if (metrics_ != nullptr) metrics_->OnRefitOrdered();
  queue_.push_back({std::move(platform), campaign, std::move(done), std::move(refine)});
  work_.Signal();
}

void Refitter::Work() {
  // Estimates come first. On Linux the priority is the thread's own.
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), 5);
  while (true) {
    Order order;
    {
      MutexLock lock(&mutex_);
      while (queue_.empty() && !stopping_) work_.Wait(&mutex_);
      if (stopping_) return;
      order = std::move(queue_.front());
      queue_.pop_front();
    }
    const auto begin = std::chrono::steady_clock::now();
    if (metrics_ != nullptr) metrics_->OnRefitBegun();
    absl::StatusOr<RefitResult> result = absl::InternalError("not fitted");
    const absl::Status status = RunGuarded([&]() -> absl::Status {
      result = Refit(order);
      return result.status();
    });
    if (!status.ok()) {
      result = status;
      LogTo(logger_, LogLevel::kError, "fit failed", {{"platform", order.platform}, {"error", status.message()}});
    }
    if (metrics_ != nullptr) {
      metrics_->OnRefitDone(order.platform,
                            !result.ok()             ? RefitOutcome::kFailed
                            : result->version.active ? RefitOutcome::kPromoted
                                                     : RefitOutcome::kRejected,
                            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    order.done(std::move(result));
  }
}

absl::StatusOr<RefitResult> Refitter::Refit(const Order& order) {
  LATIMER_ASSIGN_OR_RETURN(const std::optional<BoardRecord> board, store_->FindBoard(order.platform));
  if (!board.has_value()) return absl::InternalError("the platform has no board");
  LATIMER_ASSIGN_OR_RETURN(const std::set<std::string> fingerprints, CountedFingerprints(*store_, order.platform));
  LATIMER_ASSIGN_OR_RETURN(const std::vector<MeasuredTask> results, store_->ResultsOf(order.platform));
  CollectedResults collected = CollectResults(results, fingerprints);
  if (collected.samples.empty() && collected.excerpts.empty() && collected.cut_excerpts.empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, "NO_RESULTS", "no measurement of the campaign succeeded");
  }
  fitting::FitInput input;
  input.base = PlatformOfBoard(*board);
  input.base.set_pass_ns(collected.pass_ns);
  input.samples = std::move(collected.samples);
  input.paddings = std::move(collected.paddings);
  input.excerpts = std::move(collected.excerpts);
  for (fitting::ExcerptSample& one : fitting::SplitCutExcerpts(std::move(collected.cut_excerpts), input.base)) {
    input.excerpts.push_back(std::move(one));
  }
  input.validation = std::move(collected.validation);
  LATIMER_ASSIGN_OR_RETURN(fitting::FitResult fit, fitting::FitPlatform(input, {}));
  LATIMER_ASSIGN_OR_RETURN(const std::shared_ptr<const PlatformModel> candidate, PlatformModel::Create(fit.model));
  LATIMER_ASSIGN_OR_RETURN(const Judgement now, Judge(*candidate, input.validation));

  RefitResult result;
  result.version.create_ms = NowMs();
  result.version.campaign = order.campaign;
  result.version.measurements = collected.results;
  result.version.validation_mape = now.mape;
  result.version.active = true;
  const std::shared_ptr<const Catalog> catalog = holder_->Get();
  if (const auto active = catalog->platforms.find(order.platform);
      active != catalog->platforms.end() && now.mape >= 0) {
    LATIMER_ASSIGN_OR_RETURN(const Judgement before, Judge(*active->second, input.validation));
    if (ClearlyWorse(now.errors, before.errors)) {
      result.version.active = false;
      result.version.rejection = absl::StrFormat("mean error on the validation networks %.1f %%, that of %s is %.1f %%",
                                                 100 * now.mape, active->second->version(), 100 * before.mape);
    }
  }
  LATIMER_ASSIGN_OR_RETURN(result.version, store_->AddModelVersion(order.platform, result.version, fit.model));
  for (size_t i = 0; i < now.predicted_measured_ms.size(); ++i) {
    const auto& [predicted, measured] = now.predicted_measured_ms[i];
    LATIMER_RETURN_IF_ERROR(
        store_->AddEvaluation(order.platform, result.version.version, input.validation[i].name, predicted, measured));
  }
  fit.model.set_version(result.version.version);
  LATIMER_ASSIGN_OR_RETURN(std::shared_ptr<const PlatformModel> model, PlatformModel::Create(fit.model));
  result.accuracy = WhatAutoTakes(fit.model, now);
  if (order.refine.has_value()) {
    const std::vector<refinement::QueriedUnit> asked =
        queried_ == nullptr ? std::vector<refinement::QueriedUnit>() : queried_->Of(order.platform);
    absl::StatusOr<std::vector<benchmark::PlannedMeasurement>> refined =
        refinement::RefinePlan(*model, asked, *order.refine);
    if (refined.ok()) {
      result.refined = *std::move(refined);
    } else {
      LogTo(logger_, LogLevel::kWarning, "nothing chosen to measure",
            {{"platform", order.platform}, {"error", refined.status().message()}});
    }
  }
  if (result.version.active) source_->SetFitted(std::move(model));
  LogTo(logger_, LogLevel::kInfo, "model fitted",
        {{"platform", order.platform},
         {"version", result.version.version},
         {"measurements", collected.results},
         {"validation_mape", now.mape},
         {"promoted", result.version.active}});
  return result;
}

}  // namespace latimer::server
