// From a plan to the tasks of a campaign.
#ifndef LATIMER_SERVER_CAMPAIGN_PLAN_TASKS_H_
#define LATIMER_SERVER_CAMPAIGN_PLAN_TASKS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/benchmark/plan.h"
#include "server/store/store.h"

namespace latimer::server {

// Tasks in the order of the plan, each with an id no other task has; fills `stages` with names and counts.
std::vector<TaskRecord> PlanTasks(const std::vector<benchmark::PlanStage>& plan, const std::string& platform,
                                  v1::Campaign* campaign);

}  // namespace latimer::server

#endif  // LATIMER_SERVER_CAMPAIGN_PLAN_TASKS_H_
