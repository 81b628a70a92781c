#include "server/metrics/board_metrics.h"

#include <algorithm>
#include <cmath>

#include "core/benchmark/plan.h"
#include "core/estimation/estimator.h"
#include "core/evaluation/measured_pace.h"
#include "core/network/read_network.h"
#include "server/clock.h"
#include "server/status_mapping.h"

namespace latimer::server {
namespace {

constexpr std::array<const char*, 2> kRequestedBy = {"campaign", "person"};
constexpr std::array<const char*, 3> kRefitOutcomes = {"promoted", "rejected", "failed"};

absl::StatusOr<v1::NetworkEstimate> Predict(const PlatformModel& model, const std::string& network_source) {
  v1::NetworkSource source;
  if (!source.ParseFromString(network_source)) return absl::DataLossError("a stored network cannot be read");
  const absl::StatusOr<Network> network = ReadNetwork(source);
  if (!network.ok()) return network.status();
  EstimateSettings settings;
  settings.with_units = false;
  v1::NetworkEstimate estimate;
  const absl::Status status = EstimateNetwork(*network, model, settings, nullptr, &estimate);
  if (!status.ok()) return status;
  return estimate;
}

}  // namespace

void BoardMetrics::OnResult(const TaskRecord& task, const v1::Measurement& measurement) {
  {
    MutexLock lock(&mutex_);
    Platform& platform = platforms_[task.platform];
    ++(measurement.has_timing() ? platform.measured : platform.failed);
    platform.board_seconds += measurement.board_seconds();
    platform.newest_ms = NowMs();
  }
  const bool whole_network = task.kind == static_cast<int>(benchmark::MeasurementKind::kValidation);
  if (whole_network && measurement.has_timing()) Compare(task, measurement);
}

void BoardMetrics::Compare(const TaskRecord& task, const v1::Measurement& measurement) {
  const std::shared_ptr<const Catalog> catalog = catalog_->Get();
  const auto model = catalog->platforms.find(task.platform);
  if (model == catalog->platforms.end()) return;  // nothing was predicted yet
  absl::StatusOr<v1::NetworkEstimate> estimate = absl::InternalError("not predicted");
  const absl::Status status = RunGuarded([&] {
    estimate = Predict(*model->second, task.network);
    return estimate.status();
  });
  if (!status.ok()) return;
  const v1::Latency& predicted = estimate->latency();
  const double measured_ms = MedianMsAtPace(measurement.timing(), *estimate);
  MutexLock lock(&mutex_);
  Comparison& comparison = platforms_[task.platform].comparisons[task.campaign > 0 ? 0 : 1];
  comparison.error.Observe(std::abs(predicted.estimate_ms() - measured_ms) / measured_ms);
  ++(measured_ms < predicted.lower_ms()   ? comparison.below
     : measured_ms > predicted.upper_ms() ? comparison.above
                                          : comparison.inside);
}

void BoardMetrics::OnLeasesLost(int64_t tasks) {
  MutexLock lock(&mutex_);
  leases_lost_ += tasks;
}

void BoardMetrics::OnRefitOrdered() {
  MutexLock lock(&mutex_);
  ++refits_waiting_;
}

void BoardMetrics::OnRefitBegun() {
  MutexLock lock(&mutex_);
  --refits_waiting_;
  ++refits_running_;
}

void BoardMetrics::OnRefitDone(const std::string& platform, RefitOutcome outcome, double seconds) {
  MutexLock lock(&mutex_);
  --refits_running_;
  Platform& counters = platforms_[platform];
  ++counters.refits[static_cast<size_t>(outcome)];
  counters.refit_seconds.Observe(seconds);
  if (outcome != RefitOutcome::kFailed) counters.last_refit_ms = NowMs();
}

void BoardMetrics::SetNewestResult(const std::string& platform, int64_t receive_ms) {
  MutexLock lock(&mutex_);
  int64_t& newest = platforms_[platform].newest_ms;
  newest = std::max(newest, receive_ms);
}

metrics::Families BoardMetrics::Collect() const {
  metrics::Families families;
  metrics::Counter results(&families, "latimer_measurements_total", "Results of boards that were stored");
  metrics::Counter board_seconds(&families, "latimer_board_seconds_total", "Time boards spent on stored results");
  metrics::Gauge newest(&families, "latimer_newest_measurement_timestamp_seconds",
                        "When the newest result of the platform came, in seconds since 1970");
  metrics::HistogramFamily error(&families, "latimer_prediction_error_ratio",
                                 "Relative error of the prediction for every whole network that was measured");
  metrics::Counter interval(&families, "latimer_prediction_interval_total",
                            "Whole networks measured, by where the value lies from the predicted interval");
  metrics::Counter refits(&families, "latimer_refits_total", "Fits of platform models");
  metrics::HistogramFamily refit_seconds(&families, "latimer_refit_duration_seconds", "How long fits took");
  metrics::Gauge last_refit(&families, "latimer_last_refit_timestamp_seconds",
                            "When a fit last gave a model, promoted or not, in seconds since 1970");
  MutexLock lock(&mutex_);
  for (const auto& entry : platforms_) {
    // clang 14 captures no structured bindings.
    const std::string& id = entry.first;
    const auto& platform = entry.second;
    results.Add({{"platform", id}, {"outcome", "measured"}}, static_cast<double>(platform.measured));
    results.Add({{"platform", id}, {"outcome", "failed"}}, static_cast<double>(platform.failed));
    board_seconds.Add({{"platform", id}}, platform.board_seconds);
    if (platform.newest_ms > 0) newest.Add({{"platform", id}}, static_cast<double>(platform.newest_ms) / 1000);
    for (size_t i = 0; i < kRequestedBy.size(); ++i) {
      const Comparison& comparison = platform.comparisons[i];
      comparison.error.AddTo(&error, {{"platform", id}, {"requested_by", kRequestedBy[i]}});
      const auto add = [&](absl::string_view position, uint64_t count) {
        interval.Add({{"platform", id}, {"requested_by", kRequestedBy[i]}, {"position", position}},
                     static_cast<double>(count));
      };
      add("below", comparison.below);
      add("inside", comparison.inside);
      add("above", comparison.above);
    }
    for (size_t i = 0; i < kRefitOutcomes.size(); ++i) {
      refits.Add({{"platform", id}, {"outcome", kRefitOutcomes[i]}}, static_cast<double>(platform.refits[i]));
    }
    platform.refit_seconds.AddTo(&refit_seconds, {{"platform", id}});
    if (platform.last_refit_ms > 0) {
      last_refit.Add({{"platform", id}}, static_cast<double>(platform.last_refit_ms) / 1000);
    }
  }
  metrics::Counter(&families, "latimer_leases_lost_total", "Tasks given back because their agent fell silent")
      .Add({}, static_cast<double>(leases_lost_));
  metrics::Gauge(&families, "latimer_refits_waiting", "Fits that wait for the one that runs")
      .Add({}, static_cast<double>(refits_waiting_));
  metrics::Gauge(&families, "latimer_refits_running", "Fits that run").Add({}, static_cast<double>(refits_running_));
  return families;
}

}  // namespace latimer::server
