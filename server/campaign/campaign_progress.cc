// How campaigns advance: budgets, stages, fits, the end.
#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/campaign/campaign_manager.h"
#include "server/campaign/plan_campaign.h"

namespace latimer::server {
namespace {

// Share of the board time after which only the validation networks are measured: without them a model is not judged.
constexpr double kTrimAt = 0.85;
constexpr int64_t kTellEveryMs = 250;

std::string PlatformId(const v1::Campaign& campaign) {
  return std::string(absl::StripPrefix(campaign.platform(), "platforms/"));
}

// Index of the stage whose measurements a fit chooses; negative: there is none.
int RefinementStage(const v1::Campaign& campaign) {
  for (int i = 0; i < campaign.stages_size(); ++i) {
    if (campaign.stages(i).name() == benchmark::kRefinementStage) return i;
  }
  return -1;
}

}  // namespace

void CampaignManager::OnResult(const TaskRecord& task) {
  const auto live = live_.find(task.campaign);
  if (live == live_.end()) return;
  live->second.changed = true;
  ++live->second.new_results;
}

void CampaignManager::Tick() {
  std::vector<int64_t> ids;
  for (const auto& [id, live] : live_) ids.push_back(id);
  for (const int64_t id : ids) {
    Live& live = live_.at(id);
    const absl::Status status = Advance(live);
    if (!status.ok()) {
      LogTo(logger_, LogLevel::kError, "campaign not advanced",
            {{"campaign", absl::StrCat("campaigns/", id)}, {"error", status.message()}});
    }
  }
}

absl::Status CampaignManager::Refresh(Live& live) {
  LATIMER_ASSIGN_OR_RETURN(const CampaignProgress progress, store_->ProgressOf(live.id));
  v1::Campaign& record = live.record;
  int64_t done = 0, failed = 0;
  int current = record.stages_size() - 1;
  for (int i = record.stages_size() - 1; i >= 0; --i) {
    v1::CampaignStage* stage = record.mutable_stages(i);
    const StageCount count =
        static_cast<size_t>(i) < progress.stages.size() ? progress.stages[static_cast<size_t>(i)] : StageCount();
    stage->set_planned(count.planned);
    stage->set_done(count.done);
    stage->set_failed(count.failed);
    done += count.done;
    failed += count.failed;
    if (count.done < count.planned) current = i;
  }
  record.set_done(done);
  record.set_failed(failed);
  record.set_current_stage(std::max(0, current));
  record.set_board_seconds(progress.board_seconds);
  record.set_active_agents(progress.active_agents);
  const std::string platform = PlatformId(record);
  record.clear_temperature_celsius();
  if (const std::optional<double> hottest = fleet_->Temperature(platform)) {
    record.set_temperature_celsius(*hottest);
  }
  if (record.state() == v1::CAMPAIGN_STATE_RUNNING) record.set_message(fleet_->WhyNoAgentWorks(platform));
  return absl::OkStatus();
}

absl::Status CampaignManager::Advance(Live& live) {
  const int64_t now = NowMs();
  // Also without results once a second: the state of agents and boards shows.
  if (!live.changed && now - live.last_told_ms < 1000) return absl::OkStatus();
  if (now - live.last_told_ms < kTellEveryMs) return absl::OkStatus();
  live.changed = false;
  live.last_told_ms = now;
  LATIMER_RETURN_IF_ERROR(Refresh(live));
  Tell(live);
  if (live.record.state() != v1::CAMPAIGN_STATE_RUNNING) return absl::OkStatus();
  LATIMER_RETURN_IF_ERROR(CheckBudget(live));
  int64_t planned = 0;
  for (const v1::CampaignStage& stage : live.record.stages()) planned += stage.planned();
  if (live.record.done() >= planned) return BeginLastFit(live);
  const int ended_stage = live.record.current_stage() - 1;
  const bool stage_ended = ended_stage > live.fitted_stage;
  // What the stage of refinement holds back waits for the fit to all before it.
  const bool choose = !live.chosen && live.record.current_stage() == RefinementStage(live.record);
  if (!live.fitting &&
      (choose || (live.new_results > 0 && (stage_ended || live.new_results >= options_.refit_after)))) {
    live.fitted_stage = ended_stage;
    OrderFit(live, false);
  }
  return absl::OkStatus();
}

absl::Status CampaignManager::CheckBudget(Live& live) {
  const double limit = live.record.max_board_seconds();
  const double used = live.record.board_seconds();
  if (limit <= 0 || used < (live.trimmed ? live.stop_at_seconds : limit * kTrimAt)) return absl::OkStatus();
  const int keep = live.trimmed ? -1 : live.record.stages_size() - 1;
  // Results that came all at once may have gone past the limit already; validation gets its share all the same.
  if (!live.trimmed) live.stop_at_seconds = std::max(limit, used + limit * (1 - kTrimAt));
  live.trimmed = true;
  LATIMER_ASSIGN_OR_RETURN(const std::vector<std::string> jobs, store_->DropTasks(live.id, keep));
  fleet_->CancelJobs(jobs);
  return Refresh(live);
}

absl::Status CampaignManager::BeginLastFit(Live& live) {
  live.record.set_state(v1::CAMPAIGN_STATE_FITTING);
  LATIMER_RETURN_IF_ERROR(store_->UpdateCampaign(live.record));
  if (!live.fitting) OrderFit(live, true);  // else when the one that runs is done
  return absl::OkStatus();
}

void CampaignManager::OrderFit(Live& live, bool last) {
  live.fitting = true;
  live.new_results = 0;
  const int64_t id = live.id;
  std::optional<refinement::RefineOptions> refine;
  if (!last) refine = WhatToRefine(live);
  live.choosing = refine.has_value();
  // There is nothing to choose, now or later.
  if (!last && !live.choosing && live.record.current_stage() == RefinementStage(live.record)) live.chosen = true;
  refitter_->Request(
      PlatformId(live.record), id,
      [this, id, last](absl::StatusOr<RefitResult> result) {
        // A plan cannot be copied, a function has to be.
        auto shared = std::make_shared<absl::StatusOr<RefitResult>>(std::move(result));
        executor_->Post([this, id, last, shared] { FitDone(id, last, *shared); });
      },
      std::move(refine));
}

std::optional<refinement::RefineOptions> CampaignManager::WhatToRefine(const Live& live) {
  const int stage = RefinementStage(live.record);
  // The model that chooses knows all stages before.
  if (stage < 0 || live.trimmed || live.record.current_stage() < stage) return std::nullopt;
  const absl::StatusOr<std::vector<std::string>> known = store_->MeasuredNames(live.id);
  const absl::StatusOr<int64_t> waiting = store_->CountWaiting(live.id, stage);
  if (!known.ok() || !waiting.ok() || *waiting == 0) return std::nullopt;
  refinement::RefineOptions options;
  options.method = static_cast<benchmark::Method>(live.record.method());
  options.measurements = *waiting;
  // Another draw each time, and the same for the same campaign.
  options.seed = live.record.seed() + static_cast<uint64_t>(live.record.done());
  options.known.insert(known->begin(), known->end());
  return options;
}

absl::Status CampaignManager::Refine(Live& live, const std::vector<benchmark::PlannedMeasurement>& chosen) {
  const int stage = RefinementStage(live.record);
  if (stage < 0 || live.record.state() != v1::CAMPAIGN_STATE_RUNNING) return absl::OkStatus();
  const std::string platform = PlatformId(live.record);
  std::vector<TaskRecord> tasks = MakeTasks(chosen, stage, platform);
  LATIMER_ASSIGN_OR_RETURN(const int64_t replaced, store_->ReplaceWaiting(live.id, stage, tasks));
  // Where nothing better was found, what was planned is measured.
  LATIMER_RETURN_IF_ERROR(store_->Release(live.id));
  live.chosen = true;
  live.changed = true;
  LogTo(logger_, LogLevel::kInfo, "measurements chosen",
        {{"campaign", live.record.name()}, {"measurements", replaced}});
  fleet_->Dispatch(platform);
  return absl::OkStatus();
}

void CampaignManager::FitDone(int64_t id, bool last, const absl::StatusOr<RefitResult>& result) {
  const auto found = live_.find(id);
  if (found == live_.end()) return;  // cancelled meanwhile
  Live& live = found->second;
  live.fitting = false;
  live.changed = true;
  if (result.ok()) {
    live.record.set_model_version(result->version.version);
    live.record.clear_accuracy();
    for (const v1::Accuracy& accuracy : result->accuracy) *live.record.add_accuracy() = accuracy;
  }
  if (live.choosing) {
    live.choosing = false;
    const std::vector<benchmark::PlannedMeasurement> none;
    if (const absl::Status refined = Refine(live, result.ok() ? result->refined : none); !refined.ok()) {
      LogTo(logger_, LogLevel::kError, "chosen measurements not stored", {{"error", refined.message()}});
    }
  }
  if (!last) {
    if (live.record.state() == v1::CAMPAIGN_STATE_FITTING) OrderFit(live, true);
    return;
  }
  std::vector<std::string> remarks;
  if (!result.ok()) {
    remarks.push_back(absl::StrCat("no model was fitted: ", result.status().message()));
  } else if (!result->version.active) {
    remarks.push_back(absl::StrCat(result->version.version, " was not promoted: ", result->version.rejection));
  }
  if (const absl::StatusOr<std::vector<std::string>> failures = store_->FrequentFailures(id, 3);
      failures.ok() && !failures->empty()) {
    remarks.push_back(absl::StrCat("failures: ", absl::StrJoin(*failures, "; ")));
  }
  const absl::Status ended =
      End(live, result.ok() ? v1::CAMPAIGN_STATE_SUCCEEDED : v1::CAMPAIGN_STATE_FAILED, absl::StrJoin(remarks, "; "));
  if (!ended.ok()) LogTo(logger_, LogLevel::kError, "campaign's end not stored", {{"error", ended.message()}});
}

absl::Status CampaignManager::End(Live& live, v1::CampaignState state, absl::string_view message) {
  LATIMER_RETURN_IF_ERROR(Refresh(live));
  live.record.set_state(state);
  live.record.set_message(std::string(message));
  live.record.set_end_time_unix_ms(NowMs());
  live.record.set_active_agents(0);
  LATIMER_RETURN_IF_ERROR(store_->UpdateCampaign(live.record));
  LogTo(logger_, LogLevel::kInfo, "campaign ended",
        {{"campaign", live.record.name()},
         {"state", v1::CampaignState_Name(state)},
         {"measurements", live.record.done()},
         {"failed", live.record.failed()}});
  Tell(live);
  live_.erase(live.id);
  return absl::OkStatus();
}

std::vector<v1::Campaign> CampaignManager::Open() const {
  std::vector<v1::Campaign> open;
  for (const auto& [id, live] : live_) open.push_back(live.record);
  return open;
}

void CampaignManager::Tell(Live& live) {
  const bool ended = live.record.end_time_unix_ms() != 0;
  for (auto watching = watchers_.begin(); watching != watchers_.end();) {
    if (watching->second.campaign != live.id) {
      ++watching;
      continue;
    }
    watching->second.watcher(live.record, ended);
    watching = ended ? watchers_.erase(watching) : std::next(watching);
  }
}

}  // namespace latimer::server
