#include "agent/metrics/agent_metrics.h"

#include "absl/strings/strip.h"
#include "agent/engine/conditions.h"

namespace latimer::agent {
namespace {

void AddConditions(metrics::Families* families) {
  const v1::BoardConditions conditions = ReadConditions();
  if (conditions.has_temperature_celsius()) {
    metrics::Gauge(families, "latimer_board_temperature_celsius", "Hottest zone of the board")
        .Add({}, conditions.temperature_celsius());
  }
  if (conditions.has_clock_mhz()) {
    metrics::Gauge(families, "latimer_board_clock_hertz", "Mean clock of the processors in use")
        .Add({}, conditions.clock_mhz() * 1e6);
  }
  if (conditions.has_load_average()) {
    metrics::Gauge(families, "latimer_board_load_average", "Load average over one minute")
        .Add({}, conditions.load_average());
  }
}

}  // namespace

void AgentMetrics::SetIdentity(const std::string& agent, const std::string& platform, bool simulated) {
  MutexLock lock(&mutex_);
  agent_ = std::string(absl::StripPrefix(agent, "agents/"));
  platform_ = std::string(absl::StripPrefix(platform, "platforms/"));
  simulated_ = simulated;
}

metrics::Families AgentMetrics::Collect() const {
  metrics::Families families;
  bool simulated = true;
  {
    MutexLock lock(&mutex_);
    simulated = simulated_ || agent_.empty();
    if (!agent_.empty()) {
      metrics::Gauge(&families, "latimer_board_info", "Which agent this is; always 1")
          .Add({{"agent", agent_},
                {"platform", platform_},
                {"backend", backend_},
                {"simulated", simulated_ ? "true" : "false"}},
               1);
    }
  }
  const Activity& activity = *activity_;
  metrics::Gauge(&families, "latimer_board_session_open", "Whether the agent has a session with its server")
      .Add({}, activity.session_open);
  metrics::Counter(&families, "latimer_board_sessions_total", "Sessions that were opened")
      .Add({}, static_cast<double>(activity.sessions));
  metrics::Counter(&families, "latimer_board_lost_sessions_total", "Sessions that were lost or could not be opened")
      .Add({}, static_cast<double>(activity.lost_sessions));
  if (activity.last_heartbeat_ms > 0) {
    metrics::Gauge(&families, "latimer_board_last_heartbeat_timestamp_seconds",
                   "When the agent last sent a heartbeat, in seconds since 1970")
        .Add({}, static_cast<double>(activity.last_heartbeat_ms) / 1000);
  }
  metrics::Gauge(&families, "latimer_board_jobs", "Jobs the agent holds")
      .Add({}, static_cast<double>(workload_->HeldJobs().size()));
  metrics::Gauge(&families, "latimer_board_troubled", "Whether something keeps the agent from working as it should")
      .Add({}, !workload_->trouble().empty());
  {
    metrics::Counter tasks(&families, "latimer_board_tasks_total", "Measurements made");
    tasks.Add({{"outcome", "measured"}}, static_cast<double>(activity.tasks_measured));
    tasks.Add({{"outcome", "failed"}}, static_cast<double>(activity.tasks_failed));
  }
  {
    metrics::HistogramFamily seconds(&families, "latimer_board_task_duration_seconds",
                                     "Time one measurement took, preparation included");
    activity.task_seconds.AddTo(&seconds, {});
  }
  if (activity.reference_ms > 0) {
    metrics::Gauge(&families, "latimer_board_reference_seconds", "Newest time of the reference network")
        .Add({}, activity.reference_ms / 1000);
  }
  metrics::Gauge(&families, "latimer_board_spooled_measurements", "Results the server has not acknowledged")
      .Add({}, static_cast<double>(spool_->size()));
  metrics::Gauge(&families, "latimer_board_unsaved_measurements", "Those of them that could not be written to disk")
      .Add({}, static_cast<double>(spool_->unsaved()));
  metrics::Gauge(&families, "latimer_board_spool_size_bytes", "File of results")
      .Add({}, static_cast<double>(spool_->file_bytes()));
  if (!simulated) AddConditions(&families);
  return families;
}

}  // namespace latimer::agent
