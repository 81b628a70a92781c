// Counts for metrics.
#include "core/base/status_macros.h"
#include "server/store/store.h"

namespace latimer::server {

absl::StatusOr<QueueCount> Store::CountQueue(absl::string_view platform) {
  MutexLock lock(&mutex_);
  QueueCount count;
  for (const TaskState state : {TaskState::kWaiting, TaskState::kLeased}) {
    Statement row = database_->Prepare("SELECT count(*) FROM tasks WHERE platform=? AND state=?");
    LATIMER_ASSIGN_OR_RETURN(const bool found, row.Bind(platform).Bind(static_cast<int64_t>(state)).Step());
    if (found) (state == TaskState::kWaiting ? count.waiting : count.leased) = row.Integer(0);
  }
  return count;
}

absl::StatusOr<std::vector<CampaignCount>> Store::CountCampaigns() {
  MutexLock lock(&mutex_);
  std::vector<CampaignCount> counts;
  Statement row = database_->Prepare("SELECT platform, state, count(*) FROM campaigns GROUP BY platform, state");
  while (true) {
    LATIMER_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return counts;
    counts.push_back({row.Text(0), static_cast<v1::CampaignState>(row.Integer(1)), row.Integer(2)});
  }
}

absl::StatusOr<int64_t> Store::NewestMeasurementMs(absl::string_view platform) {
  MutexLock lock(&mutex_);
  Statement row = database_->Prepare("SELECT max(receive_ms) FROM measurements WHERE platform=?");
  LATIMER_ASSIGN_OR_RETURN(const bool found, row.Bind(platform).Step());
  return found ? row.Integer(0) : 0;
}

}  // namespace latimer::server
