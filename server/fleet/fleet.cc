// Calls of people, and the work that is handed out; sessions are in fleet_sessions.cc.
#include "server/fleet/fleet.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/benchmark/excerpt_cuts.h"
#include "core/benchmark/plan.h"
#include "server/fleet/secrets.h"

namespace latimer::server {
namespace {

constexpr int kDefaultPageSize = 50;
constexpr int kMostPageSize = 1000;
constexpr absl::string_view kTokenPrefix = "after:";
constexpr double kDay = 86400;
constexpr size_t kLongestLogged = 64;
constexpr double kLongestTokenLife = 366 * kDay;

std::string AgentId(absl::string_view name) { return std::string(absl::StripPrefix(name, "agents/")); }

}  // namespace

absl::StatusOr<v1::EnrollResponse> Fleet::Enroll(const v1::EnrollRequest& request) {
  absl::StatusOr<v1::EnrollResponse> enrolled = EnrollAgent(*store_, request, NowMs(), is_shipped_);
  if (!enrolled.ok()) {
    LogTo(logger_, LogLevel::kWarning, "enrolment refused",
          {{"board", request.display_name().substr(0, kLongestLogged)}, {"error", enrolled.status().message()}});
    return enrolled.status();
  }
  const v1::EnrollResponse& response = *enrolled;
  LogTo(logger_, LogLevel::kInfo, "agent enrolled",
        {{"agent", response.agent()}, {"platform", response.platform()}, {"backend", request.backend()}});
  return response;
}

absl::StatusOr<v1::CreateTokenResponse> Fleet::CreateToken(const v1::CreateTokenRequest& request) {
  const std::string platform(absl::StripPrefix(request.platform(), "platforms/"));
  if (!platform.empty() && !IsPlatformId(platform)) {
    return InvalidArgument("BAD_PLATFORM", absl::StrCat("'", platform,
                                                        "' is no platform id; use lower-case letters, digits and "
                                                        "dashes, for example 'imx93-tflite'"))
        .Field("platform");
  }
  if (!platform.empty() && is_shipped_(platform)) {
    return Error(absl::StatusCode::kFailedPrecondition, "PLATFORM_IS_PUBLISHED",
                 absl::StrCat("platform '", platform, "' has published models; boards need another id"))
        .Field("platform");
  }
  if (!(request.lifetime_seconds() >= 0 && request.lifetime_seconds() <= kLongestTokenLife)) {
    return InvalidArgument("BAD_LIFETIME", "lifetime_seconds lies between 0 and one year").Field("lifetime_seconds");
  }
  const double seconds = request.lifetime_seconds() == 0 ? kDay : request.lifetime_seconds();
  v1::CreateTokenResponse response;
  response.set_token(NewSecret(kEnrolmentPrefix));
  response.set_expire_time_unix_ms(NowMs() + static_cast<int64_t>(seconds * 1000));
  LATIMER_RETURN_IF_ERROR(store_->AddToken(HashSecret(response.token()), platform, response.expire_time_unix_ms()));
  return response;
}

absl::StatusOr<v1::ListAgentsResponse> Fleet::ListAgents(const v1::ListAgentsRequest& request) {
  if (request.page_size() < 0) {
    return InvalidArgument("BAD_PAGE_SIZE", absl::StrCat("page_size is ", request.page_size(), "; it is not negative"))
        .Field("page_size");
  }
  absl::string_view after = request.page_token();
  if (!after.empty() && !absl::ConsumePrefix(&after, kTokenPrefix)) {
    return InvalidArgument("BAD_PAGE_TOKEN", "page_token is not one this call returned").Field("page_token");
  }
  const int size = request.page_size() == 0 ? kDefaultPageSize : std::min(request.page_size(), kMostPageSize);
  LATIMER_ASSIGN_OR_RETURN(std::vector<v1::Agent> agents,
                           store_->ListAgents(absl::StripPrefix(request.platform(), "platforms/"), after, size + 1));
  v1::ListAgentsResponse response;
  const bool more = static_cast<int>(agents.size()) > size;
  if (more) agents.pop_back();
  for (v1::Agent& agent : agents) {
    LATIMER_RETURN_IF_ERROR(Complete(&agent));
    *response.add_agents() = std::move(agent);
  }
  if (more) {
    response.set_next_page_token(absl::StrCat(kTokenPrefix, AgentId(response.agents().rbegin()->name())));
  }
  return response;
}

absl::StatusOr<v1::Agent> Fleet::FindAgent(absl::string_view name) {
  const std::string id = AgentId(name);
  LATIMER_ASSIGN_OR_RETURN(std::optional<v1::Agent> agent, store_->FindAgent(id));
  if (agent.has_value()) return *std::move(agent);
  return NotFound("UNKNOWN_AGENT", absl::StrCat("there is no agent '", id, "'; see: latimer agents")).Field("name");
}

absl::StatusOr<v1::Agent> Fleet::RevokeAgent(const std::string& name) {
  LATIMER_RETURN_IF_ERROR(FindAgent(name).status());
  LATIMER_RETURN_IF_ERROR(store_->RevokeAgent(AgentId(name)));
  if (AgentSession* session = SessionOf(AgentId(name))) {
    EndSession(session, CredentialRevoked());
  }
  // What it held goes to others now.
  LATIMER_RETURN_IF_ERROR(store_->ReleaseJobsExcept(AgentId(name), {}));
  LATIMER_ASSIGN_OR_RETURN(v1::Agent agent, FindAgent(name));
  LogTo(logger_, LogLevel::kInfo, "agent revoked", {{"agent", agent.name()}});
  LATIMER_RETURN_IF_ERROR(Complete(&agent));
  Dispatch(absl::StripPrefix(agent.platform(), "platforms/"));
  return agent;
}

absl::StatusOr<v1::Agent> Fleet::AcceptFingerprint(const std::string& name) {
  LATIMER_ASSIGN_OR_RETURN(v1::Agent agent, FindAgent(name));
  if (!agent.has_changed_fingerprint()) {
    return Error(absl::StatusCode::kFailedPrecondition, "NOTHING_TO_ACCEPT",
                 absl::StrCat(agent.name(), " is what it was when it enrolled"))
        .Field("name");
  }
  if (agent.changed_fingerprint().simulated() != agent.fingerprint().simulated()) {
    return Error(absl::StatusCode::kFailedPrecondition, "SIMULATED_AND_REAL",
                 absl::StrCat(agent.name(), " was ", agent.fingerprint().simulated() ? "simulated" : "real", " and is ",
                              agent.changed_fingerprint().simulated() ? "simulated" : "real",
                              " now; the two never mix: revoke it and enrol the board under another platform"))
        .Field("name");
  }
  *agent.mutable_fingerprint() = agent.changed_fingerprint();
  agent.clear_changed_fingerprint();
  LATIMER_RETURN_IF_ERROR(store_->UpdateAgent(agent));
  if (AgentSession* session = SessionOf(AgentId(name))) {
    session->state.held = false;
    LATIMER_RETURN_IF_ERROR(GiveWork(session));
  }
  LATIMER_RETURN_IF_ERROR(Complete(&agent));
  return agent;
}

absl::Status Fleet::Complete(v1::Agent* agent) {
  const std::string id = AgentId(agent->name());
  LATIMER_ASSIGN_OR_RETURN(const AgentCounters counters, store_->CountersOf(id));
  agent->set_measurement_count(counters.measurements);
  agent->set_failure_count(counters.failures);
  agent->set_first_reference_ms(counters.first_reference_ms);
  agent->set_last_reference_ms(counters.last_reference_ms);
  if (agent->state() == v1::AGENT_STATE_REVOKED) return absl::OkStatus();
  agent->set_state(v1::AGENT_STATE_OFFLINE);
  if (const AgentSession* session = SessionOf(id)) {
    const SessionState& state = session->state;
    agent->set_state(state.held           ? v1::AGENT_STATE_HELD
                     : Silent(*session)   ? v1::AGENT_STATE_OFFLINE
                     : state.jobs.empty() ? v1::AGENT_STATE_IDLE
                                          : v1::AGENT_STATE_BUSY);
    agent->set_last_seen_unix_ms(state.last_seen_ms);
    *agent->mutable_conditions() = state.conditions;
    agent->set_spooled_measurements(state.spooled);
    agent->set_trouble(state.trouble);
  }
  return absl::OkStatus();
}

AgentSession* Fleet::SessionOf(absl::string_view agent) const {
  for (AgentSession* session : sessions_) {
    if (session->state.open && session->state.agent == agent) return session;
  }
  return nullptr;
}

bool Fleet::Silent(const AgentSession& session) const {
  return static_cast<double>(NowMs() - session.state.last_seen_ms) > options_.lease_seconds * 1000;
}

Fleet::Presence Fleet::PresenceOf(absl::string_view agent) const {
  const AgentSession* session = SessionOf(AgentId(agent));
  if (session == nullptr) return {};
  return {!Silent(*session), static_cast<int64_t>(session->state.jobs.size())};
}

bool Fleet::HasLiveAgent(absl::string_view platform) const {
  return std::any_of(sessions_.begin(), sessions_.end(), [&](const AgentSession* session) {
    const SessionState& state = session->state;
    return state.open && !state.held && state.platform == platform && !Silent(*session);
  });
}

std::string Fleet::WhyNoAgentWorks(absl::string_view platform) const {
  std::string reason = "waits for an agent of the platform to connect";
  for (const AgentSession* session : sessions_) {
    const SessionState& state = session->state;
    if (!state.open || state.platform != platform) continue;
    if (state.held) {
      reason = absl::StrCat("waits: the board of agent ", state.agent,
                            " has changed and is held; see: latimer agents, latimer agents accept ", state.agent);
    } else if (Silent(*session)) {
      reason = absl::StrCat("waits: nothing was heard of agent ", state.agent, " for ",
                            (NowMs() - state.last_seen_ms) / 1000, " s");
    } else if (!state.trouble.empty()) {
      reason = absl::StrCat("agent ", state.agent, ": ", state.trouble);
    } else {
      return "";
    }
  }
  return reason;
}

std::optional<double> Fleet::Temperature(absl::string_view platform) const {
  std::optional<double> hottest;
  for (const AgentSession* session : sessions_) {
    const SessionState& state = session->state;
    if (!state.open || state.platform != platform || !state.conditions.has_temperature_celsius()) continue;
    hottest = std::max(hottest.value_or(-273.15), state.conditions.temperature_celsius());
  }
  return hottest;
}

void Fleet::Dispatch(absl::string_view platform) {
  const std::vector<AgentSession*> sessions(sessions_.begin(), sessions_.end());
  for (AgentSession* session : sessions) {
    if (!session->state.open || session->state.platform != platform) continue;
    const absl::Status status = GiveWork(session);
    if (!status.ok()) LogTo(logger_, LogLevel::kError, "no work handed out", {{"error", status.message()}});
  }
}

absl::Status Fleet::GiveWork(AgentSession* session) {
  SessionState& state = session->state;
  while (!draining_ && !state.held && !Silent(*session) && static_cast<int32_t>(state.jobs.size()) < state.capacity) {
    const std::string job_id = NewId();
    const int64_t now = NowMs();
    LATIMER_ASSIGN_OR_RETURN(const std::vector<TaskRecord> tasks,
                             store_->Lease(state.platform, state.agent, job_id, options_.tasks_per_job,
                                           now + static_cast<int64_t>(options_.lease_seconds * 1000)));
    if (tasks.empty()) return absl::OkStatus();
    v1::SessionResponse message;
    v1::Job* job = message.mutable_job();
    job->set_job_id(job_id);
    job->set_task_timeout_seconds(options_.task_timeout_seconds);
    job->set_lease_seconds(options_.lease_seconds);
    for (const TaskRecord& task : tasks) {
      v1::BenchmarkTask* out = job->add_tasks();
      out->set_measurement_id(task.measurement_id);
      out->mutable_network()->ParseFromString(task.network);
      out->set_layer_report(task.layer_report);
      out->set_flush_bytes(task.flush_bytes);
      if (task.kind == static_cast<int>(benchmark::MeasurementKind::kExcerptCut)) {
        job->mutable_timing()->set_target_spread(benchmark::kSpreadOfCuts);
        job->mutable_timing()->set_budget_ms(1e3 * benchmark::kSecondsOfCuts);
      }
    }
    state.jobs[job_id] = now;
    session->Send(std::move(message));
  }
  return absl::OkStatus();
}

void Fleet::CancelJobs(const std::vector<std::string>& jobs) {
  for (AgentSession* session : sessions_) {
    for (const std::string& job : jobs) {
      if (session->state.jobs.count(job) == 0) continue;
      v1::SessionResponse message;
      message.mutable_cancel_job()->set_job_id(job);
      session->Send(std::move(message));
    }
  }
}

void Fleet::Forgive(int64_t late_ms, int64_t now_ms) {
  if (const absl::Status status = store_->PostponeLeases(late_ms); !status.ok()) {
    LogTo(logger_, LogLevel::kError, "leases not postponed", {{"error", status.message()}});
  }
  for (AgentSession* session : sessions_) {
    auto forgive = [&](int64_t& seen_ms) { seen_ms = std::min(seen_ms + late_ms, now_ms); };
    forgive(session->state.last_seen_ms);
    for (auto& [job, named_ms] : session->state.jobs) forgive(named_ms);
  }
}

void Fleet::Tick() {
  const int64_t now = NowMs();
  const int64_t late_ms = now - last_tick_ms_ - kTickMs;
  last_tick_ms_ = now;
  if (late_ms > kTickMs) Forgive(late_ms, now);
  if (now - last_expiry_ms_ < 1000) return;
  last_expiry_ms_ = now;
  const absl::StatusOr<int64_t> released = store_->ExpireLeases(now, options_.most_leases);
  if (!released.ok()) {
    LogTo(logger_, LogLevel::kError, "leases not checked", {{"error", released.status().message()}});
    return;
  }
  if (*released > 0) LogTo(logger_, LogLevel::kWarning, "leases were lost", {{"tasks", *released}});
  if (*released > 0 && on_leases_lost_ != nullptr) on_leases_lost_(*released);
  std::set<std::string> platforms;
  for (const AgentSession* session : sessions_) {
    if (session->state.open) platforms.insert(session->state.platform);
  }
  for (const std::string& platform : platforms) Dispatch(platform);
}

}  // namespace latimer::server
