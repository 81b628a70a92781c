// What an agent tells Prometheus on its own port: as it sees itself, also while it has no way to the server.
#ifndef LATIMER_AGENT_METRICS_AGENT_METRICS_H_
#define LATIMER_AGENT_METRICS_AGENT_METRICS_H_

#include <prometheus/collectable.h>

#include <string>

#include "agent/session/activity.h"
#include "agent/session/workload.h"
#include "agent/storage/spool.h"
#include "core/base/mutex.h"

namespace latimer::agent {

// Safe for concurrent use.
class AgentMetrics final : public prometheus::Collectable {
 public:
  // All outlive the last Collect().
  AgentMetrics(const Activity* activity, const Workload* workload, const Spool* spool, std::string backend)
      : activity_(activity), workload_(workload), spool_(spool), backend_(std::move(backend)) {}

  // Resource names of agent and platform. The conditions of a simulated board are not those of this machine.
  void SetIdentity(const std::string& agent, const std::string& platform, bool simulated);

  metrics::Families Collect() const override;

 private:
  const Activity* const activity_;
  const Workload* const workload_;
  const Spool* const spool_;
  const std::string backend_;
  mutable Mutex mutex_;
  std::string agent_ ABSL_GUARDED_BY(mutex_);  // empty: not enrolled yet
  std::string platform_ ABSL_GUARDED_BY(mutex_);
  bool simulated_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_METRICS_AGENT_METRICS_H_
