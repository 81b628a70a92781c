// State of agents, queues and campaigns.
//
// It lives on the fleet's executor and in the store. A scrape asks for it there and waits for a moment at most: while
// the executor is busy the last state is told again, with the time it is from.
#ifndef LATIMER_SERVER_METRICS_FLEET_METRICS_H_
#define LATIMER_SERVER_METRICS_FLEET_METRICS_H_

#include <prometheus/collectable.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/mutex.h"
#include "latimer/v1/campaign_service.pb.h"
#include "latimer/v1/fleet_service.pb.h"
#include "metrics/families.h"
#include "server/fleet/serial_executor.h"
#include "server/store/store.h"

namespace latimer::server {

struct FleetState {
  struct AgentState {
    v1::Agent agent;
    bool up = false;  // connected, and heard of within its lease
    int64_t jobs = 0;
  };
  struct PlatformState {
    std::string id;
    QueueCount queue;
  };
  std::vector<AgentState> agents;  // without revoked ones
  std::vector<PlatformState> platforms;
  std::vector<CampaignCount> campaigns;
  std::vector<v1::Campaign> open_campaigns;
  int64_t time_ms = 0;
};

// Safe for concurrent use.
class FleetMetrics final : public prometheus::Collectable {
 public:
  // `read` runs on the executor. Both outlive the last Collect().
  FleetMetrics(SerialExecutor* executor, std::function<absl::StatusOr<FleetState>()> read)
      : executor_(executor), read_(std::move(read)) {}

  metrics::Families Collect() const override;

 private:
  // Shared with the task on the executor, which may end after the scrape gave up.
  struct Shared {
    Mutex mutex;
    CondVar changed;
    bool asked ABSL_GUARDED_BY(mutex) = false;
    std::shared_ptr<const FleetState> state ABSL_GUARDED_BY(mutex);
    std::chrono::steady_clock::time_point next ABSL_GUARDED_BY(mutex);  // not before is it read again
  };
  std::shared_ptr<const FleetState> Read() const;

  SerialExecutor* const executor_;
  const std::function<absl::StatusOr<FleetState>()> read_;
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_METRICS_FLEET_METRICS_H_
