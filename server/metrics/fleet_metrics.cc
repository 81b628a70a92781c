#include "server/metrics/fleet_metrics.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"

namespace latimer::server {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{1};
// Reading takes at most this share of the executor's time.
constexpr int kShare = 20;
constexpr std::chrono::milliseconds kLeastAge{500};
constexpr v1::CampaignState kCampaignStates[] = {v1::CAMPAIGN_STATE_RUNNING, v1::CAMPAIGN_STATE_FITTING,
                                                 v1::CAMPAIGN_STATE_SUCCEEDED, v1::CAMPAIGN_STATE_FAILED,
                                                 v1::CAMPAIGN_STATE_CANCELLED};

double Seconds(int64_t milliseconds) { return static_cast<double>(milliseconds) / 1000; }

absl::string_view Id(absl::string_view name) {
  const size_t slash = name.rfind('/');
  return slash == absl::string_view::npos ? name : name.substr(slash + 1);
}

void AddAgents(const FleetState& state, metrics::Families* families) {
  metrics::Gauge info(families, "latimer_agent_info", "What an agent is; always 1");
  metrics::Gauge up(families, "latimer_agent_up", "Whether the agent is connected and was heard of lately");
  metrics::Gauge seen(families, "latimer_agent_last_heartbeat_timestamp_seconds",
                      "When the agent was last heard of, in seconds since 1970");
  metrics::Gauge jobs(families, "latimer_agent_jobs", "Jobs the agent holds");
  metrics::Gauge held(families, "latimer_agent_held", "Whether the agent gets no work because its board has changed");
  metrics::Gauge troubled(families, "latimer_agent_troubled", "Whether the agent says that something is wrong");
  metrics::Gauge throttled(families, "latimer_agent_throttled", "Whether something holds the board's clocks back");
  metrics::Gauge spooled(families, "latimer_agent_spooled_measurements", "Results the agent holds on its disk");
  metrics::Counter results(families, "latimer_agent_measurements_total", "Results of the agent that are stored");
  metrics::Gauge temperature(families, "latimer_agent_temperature_celsius", "Hottest zone of the board");
  metrics::Gauge clock(families, "latimer_agent_clock_hertz", "Mean clock of the processors in use");
  metrics::Gauge load(families, "latimer_agent_load_average", "Load average of the board over one minute");
  metrics::Gauge reference(families, "latimer_agent_reference_seconds", "Newest time of the reference network");
  metrics::Gauge drift(families, "latimer_agent_reference_drift_ratio",
                       "Newest time of the reference network over its first one, less 1");
  for (const FleetState::AgentState& at : state.agents) {
    const v1::Agent& agent = at.agent;
    const metrics::Labels labels = {{"agent", Id(agent.name())}, {"platform", Id(agent.platform())}};
    metrics::Labels facts = labels;
    facts.insert(facts.end(), {{"board", agent.display_name()},
                               {"backend", agent.backend()},
                               {"version", agent.agent_version()},
                               {"simulated", agent.fingerprint().simulated() ? "true" : "false"}});
    info.Add(facts, 1);
    up.Add(labels, at.up);
    if (agent.last_seen_unix_ms() > 0) seen.Add(labels, Seconds(agent.last_seen_unix_ms()));
    jobs.Add(labels, static_cast<double>(at.jobs));
    held.Add(labels, agent.has_changed_fingerprint());
    troubled.Add(labels, !agent.trouble().empty());
    throttled.Add(labels, !agent.conditions().throttling().empty());
    spooled.Add(labels, static_cast<double>(agent.spooled_measurements()));
    for (const bool failed : {false, true}) {
      metrics::Labels outcome = labels;
      outcome.emplace_back("outcome", failed ? "failed" : "measured");
      results.Add(outcome, static_cast<double>(failed ? agent.failure_count()
                                                      : agent.measurement_count() - agent.failure_count()));
    }
    const v1::BoardConditions& conditions = agent.conditions();
    if (conditions.has_temperature_celsius()) temperature.Add(labels, conditions.temperature_celsius());
    if (conditions.has_clock_mhz()) clock.Add(labels, conditions.clock_mhz() * 1e6);
    if (conditions.has_load_average()) load.Add(labels, conditions.load_average());
    if (agent.last_reference_ms() > 0 && agent.first_reference_ms() > 0) {
      reference.Add(labels, agent.last_reference_ms() / 1000);
      drift.Add(labels, agent.last_reference_ms() / agent.first_reference_ms() - 1);
    }
  }
}

void AddCampaigns(const FleetState& state, metrics::Families* families) {
  metrics::Gauge tasks(families, "latimer_queue_tasks", "Measurements that wait for an agent, or are with one");
  metrics::Gauge campaigns(families, "latimer_campaigns", "Campaigns by state, ended ones included");
  for (const FleetState::PlatformState& platform : state.platforms) {
    tasks.Add({{"platform", platform.id}, {"state", "waiting"}}, static_cast<double>(platform.queue.waiting));
    tasks.Add({{"platform", platform.id}, {"state", "leased"}}, static_cast<double>(platform.queue.leased));
    for (const v1::CampaignState wanted : kCampaignStates) {
      int64_t count = 0;
      for (const CampaignCount& at : state.campaigns) {
        if (at.platform == platform.id && at.state == wanted) count = at.count;
      }
      const std::string name =
          absl::AsciiStrToLower(absl::StripPrefix(v1::CampaignState_Name(wanted), "CAMPAIGN_STATE_"));
      campaigns.Add({{"platform", platform.id}, {"state", name}}, static_cast<double>(count));
    }
  }
  metrics::Gauge planned(families, "latimer_campaign_planned_measurements", "Measurements the open campaign plans");
  metrics::Gauge done(families, "latimer_campaign_done_measurements",
                      "Measurements of the open campaign that are done");
  metrics::Gauge failed(families, "latimer_campaign_failed_measurements", "Those of them that failed");
  for (const v1::Campaign& campaign : state.open_campaigns) {
    const metrics::Labels labels = {{"platform", Id(campaign.platform())}};
    int64_t sum = 0;
    for (const v1::CampaignStage& stage : campaign.stages()) sum += stage.planned();
    planned.Add(labels, static_cast<double>(sum));
    done.Add(labels, static_cast<double>(campaign.done()));
    failed.Add(labels, static_cast<double>(campaign.failed()));
  }
}

}  // namespace

std::shared_ptr<const FleetState> FleetMetrics::Read() const {
  {
    MutexLock lock(&shared_->mutex);
    if (Clock::now() < shared_->next) return shared_->state;
    if (!shared_->asked) {
      shared_->asked = true;
    } else {
      return shared_->state;  // the executor still works on an earlier scrape
    }
  }
  executor_->Post([shared = shared_, read = read_] {
    const Clock::time_point begin = Clock::now();
    absl::StatusOr<FleetState> state = read();
    const Clock::time_point end = Clock::now();
    MutexLock lock(&shared->mutex);
    if (state.ok()) shared->state = std::make_shared<const FleetState>(*std::move(state));
    shared->next = end + std::max<Clock::duration>(kLeastAge, (end - begin) * kShare);
    shared->asked = false;
    shared->changed.SignalAll();
  });
  const Clock::time_point deadline = Clock::now() + kPatience;
  MutexLock lock(&shared_->mutex);
  while (shared_->asked && Clock::now() < deadline) shared_->changed.WaitFor(&shared_->mutex, deadline - Clock::now());
  return shared_->state;
}

metrics::Families FleetMetrics::Collect() const {
  metrics::Families families;
  const std::shared_ptr<const FleetState> state = Read();
  if (state == nullptr) return families;
  metrics::Gauge(&families, "latimer_fleet_state_timestamp_seconds",
                 "When the state of agents, queues and campaigns was read, in seconds since 1970")
      .Add({}, Seconds(state->time_ms));
  AddAgents(*state, &families);
  AddCampaigns(*state, &families);
  return families;
}

}  // namespace latimer::server
