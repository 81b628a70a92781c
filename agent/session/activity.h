// What an agent has done and how it stands, for metrics. Atomic: written by worker and session, read by scrapes.
#ifndef LATIMER_AGENT_SESSION_ACTIVITY_H_
#define LATIMER_AGENT_SESSION_ACTIVITY_H_

#include <atomic>
#include <cstdint>

#include "metrics/families.h"

namespace latimer::agent {

struct Activity {
  std::atomic<bool> session_open{false};
  std::atomic<uint64_t> sessions{0};
  std::atomic<uint64_t> lost_sessions{0};  // and those that could not be opened
  std::atomic<int64_t> last_heartbeat_ms{0};
  std::atomic<uint64_t> tasks_measured{0};
  std::atomic<uint64_t> tasks_failed{0};
  std::atomic<double> reference_ms{0};
  metrics::Histogram task_seconds{metrics::WorkSeconds()};
};

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_SESSION_ACTIVITY_H_
