// From a campaign that was asked for to its tasks.
#ifndef LATIMER_SERVER_CAMPAIGN_PLAN_CAMPAIGN_H_
#define LATIMER_SERVER_CAMPAIGN_PLAN_CAMPAIGN_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/benchmark/plan.h"
#include "latimer/v1/campaign_service.pb.h"
#include "server/store/store.h"

namespace latimer::server {

// A checked request.
struct CampaignOrder {
  std::string platform;
  double max_board_seconds = 0;  // 0: no limit
  benchmark::PlanOptions plan;
};

struct PlannedCampaign {
  v1::Campaign record;            // without name and time
  std::vector<TaskRecord> tasks;  // in the order of the plan, each with an id no other task has
};

// Takes 0.1 ms per measurement. Safe on any thread. Errors: of benchmark::MakePlan.
absl::StatusOr<PlannedCampaign> PlanCampaign(const CampaignOrder& order);

// Tasks of one stage.
std::vector<TaskRecord> MakeTasks(const std::vector<benchmark::PlannedMeasurement>& measurements, int stage,
                                  const std::string& platform);

}  // namespace latimer::server

#endif  // LATIMER_SERVER_CAMPAIGN_PLAN_CAMPAIGN_H_
