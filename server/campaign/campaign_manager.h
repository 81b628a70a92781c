// CampaignManager: plans campaigns, follows them to their end, and tells those who watch.
//
// Everything here runs on the fleet's SerialExecutor.
#ifndef LATIMER_SERVER_CAMPAIGN_CAMPAIGN_MANAGER_H_
#define LATIMER_SERVER_CAMPAIGN_CAMPAIGN_MANAGER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "latimer/v1/campaign_service.pb.h"
#include "server/campaign/plan_campaign.h"
#include "server/campaign/refitter.h"
#include "server/fleet/fleet.h"
#include "server/fleet/serial_executor.h"

namespace latimer::server {

class CampaignManager {
 public:
  CampaignManager(Store* store, Fleet* fleet, Refitter* refitter, SerialExecutor* executor, const FleetOptions& options,
                  Logger* logger)
      : store_(store), fleet_(fleet), refitter_(refitter), executor_(executor), options_(options), logger_(logger) {}

  // Takes up the campaigns that had not ended when the server stopped.
  absl::Status Resume();

  // A campaign begins in three steps, so that boards do not wait while it is planned: Check(), PlanCampaign() on any
  // thread, Begin(), which refuses where another has begun meanwhile.
  absl::StatusOr<CampaignOrder> Check(const v1::CreateCampaignRequest& request);
  absl::StatusOr<v1::Campaign> Begin(const PlannedCampaign& planned);
  absl::StatusOr<v1::Campaign> Get(absl::string_view name);
  absl::StatusOr<v1::ListCampaignsResponse> List(const v1::ListCampaignsRequest& request);
  absl::StatusOr<v1::Campaign> Cancel(absl::string_view name);
  // Campaigns that have not ended, as last refreshed.
  std::vector<v1::Campaign> Open() const;

  // Gets the campaign after every change; `ended`: nothing more will come.
  using Watcher = std::function<void(const v1::Campaign& campaign, bool ended)>;
  // Calls `watcher` at once, then from time to time until it is removed under `key`. NOT_FOUND.
  absl::Status Watch(absl::string_view name, const void* key, Watcher watcher);
  void Unwatch(const void* key);

  void OnResult(const TaskRecord& task);
  // Brings campaigns forward: budgets, stages, fits, watchers.
  void Tick();

 private:
  struct Live {
    int64_t id = 0;
    v1::Campaign record;
    bool changed = true;
    bool fitting = false;        // a fit is ordered or runs
    double stop_at_seconds = 0;  // of board time, once trimmed
    bool trimmed = false;        // only the validation stage is left
    int fitted_stage = -1;       // last stage whose end was fitted
    bool choosing = false;       // the fit that is ordered chooses what to measure next
    bool chosen = false;         // the stage of refinement is no longer held back
    int64_t new_results = 0;     // since the last fit was ordered
    int64_t last_told_ms = 0;
  };

  absl::Status Advance(Live& live);
  absl::Status CheckBudget(Live& live);
  absl::Status BeginLastFit(Live& live);
  void OrderFit(Live& live, bool last);
  // What the stage of refinement has left, for the fit that is ordered to choose; nullopt: nothing.
  std::optional<refinement::RefineOptions> WhatToRefine(const Live& live);
  // Puts what a fit chose in the place of what waits.
  absl::Status Refine(Live& live, const std::vector<benchmark::PlannedMeasurement>& chosen);
  void FitDone(int64_t id, bool last, const absl::StatusOr<RefitResult>& result);
  absl::Status End(Live& live, v1::CampaignState state, absl::string_view message);
  void Tell(Live& live);
  // Puts counts and state of the boards into the record.
  absl::Status Refresh(Live& live);
  absl::StatusOr<v1::Campaign> Find(absl::string_view name, int64_t* id);

  Store* const store_;
  Fleet* const fleet_;
  Refitter* const refitter_;
  SerialExecutor* const executor_;
  const FleetOptions options_;
  Logger* const logger_;
  std::map<int64_t, Live> live_;
  struct Watching {
    int64_t campaign;
    Watcher watcher;
  };
  std::map<const void*, Watching> watchers_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_CAMPAIGN_CAMPAIGN_MANAGER_H_
