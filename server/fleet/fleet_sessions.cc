// What agents say in their sessions.
#include <cmath>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/network/read_network.h"
#include "core/network/structural_hash.h"
#include "server/fleet/fleet.h"
#include "server/fleet/secrets.h"
#include "server/status_mapping.h"

namespace latimer::server {
namespace {

constexpr size_t kLongestTrouble = 500;

absl::Status Protocol(absl::string_view message) { return InvalidArgument("PROTOCOL_VIOLATION", message); }

absl::Status BadCredential() {
  return Error(absl::StatusCode::kUnauthenticated, "BAD_CREDENTIAL",
               "the agent's credential is unknown to this server; enrol again with a new token");
}

// Agents may send anything; what is stored makes sense.
absl::Status CheckMeasurement(const v1::Measurement& measurement) {
  auto bad = [&](absl::string_view what) {
    return InvalidArgument("BAD_MEASUREMENT", absl::StrCat("measurement '", measurement.measurement_id(), "': ", what))
        .Field("measurement")
        .ToStatus();
  };
  if (measurement.outcome_case() == v1::Measurement::OUTCOME_NOT_SET) return bad("it has neither times nor an error");
  if (!(measurement.board_seconds() >= 0 && measurement.board_seconds() < 1e7)) return bad("board_seconds is no time");
  if (measurement.has_failure()) {
    return measurement.failure().code() == 0 ? bad("its error has the code OK") : absl::OkStatus();
  }
  const v1::Timing& timing = measurement.timing();
  for (const double ms :
       {timing.median_ms(), timing.min_ms(), timing.lower_quartile_ms(), timing.upper_quartile_ms()}) {
    if (!(ms > 0 && ms < 1e9)) return bad("its times are not positive numbers of milliseconds");
  }
  if (timing.runs() < 1) return bad("it counts no runs");
  for (const double pace : {timing.pass_ns(), measurement.layers_pass_ns()}) {
    if (!(pace >= 0 && pace < 1e12)) return bad("its pace is no number of nanoseconds");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Fleet::CredentialRevoked() {
  return Error(absl::StatusCode::kUnauthenticated, "REVOKED",
               "the agent's credential was taken away; a new token enrols the board again");
}

void Fleet::Opened(AgentSession* session) {
  sessions_.insert(session);
  if (draining_) {
    EndSession(session, absl::UnavailableError("the server is shutting down"));
    return;
  }
  const absl::StatusOr<std::optional<v1::Agent>> agent =
      store_->FindAgentByCredential(HashSecret(session->credential()));
  if (!agent.ok()) {
    EndSession(session, agent.status());
  } else if (!agent->has_value()) {
    EndSession(session, BadCredential());
  } else if ((*agent)->state() == v1::AGENT_STATE_REVOKED) {
    EndSession(session, CredentialRevoked());
  } else {
    session->state.agent = std::string(absl::StripPrefix((*agent)->name(), "agents/"));
    session->state.platform = std::string(absl::StripPrefix((*agent)->platform(), "platforms/"));
  }
}

void Fleet::Closed(AgentSession* session) {
  session->state.ended = true;
  if (sessions_.erase(session) == 0 || !session->state.open) return;
  LogTo(logger_, LogLevel::kInfo, "agent disconnected", {{"agent", session->state.agent}});
  absl::StatusOr<std::optional<v1::Agent>> agent = store_->FindAgent(session->state.agent);
  if (!agent.ok() || !agent->has_value()) return;
  (*agent)->set_last_seen_unix_ms(session->state.last_seen_ms);
  *(*agent)->mutable_conditions() = session->state.conditions;
  store_->UpdateAgent(**agent).IgnoreError();
}

void Fleet::EndSession(AgentSession* session, const absl::Status& status) {
  session->End(status);
  Closed(session);
}

void Fleet::Drain() {
  draining_ = true;
  const std::vector<AgentSession*> sessions(sessions_.begin(), sessions_.end());
  for (AgentSession* session : sessions) {
    EndSession(session, absl::UnavailableError("the server is shutting down"));
  }
}

void Fleet::Handle(AgentSession* session, const v1::SessionRequest& message) {
  session->state.last_seen_ms = NowMs();
  const absl::Status status = RunGuarded([&]() -> absl::Status {
    if (!session->state.open && !message.has_hello()) return Protocol("the first message of a session is Hello");
    switch (message.message_case()) {
      case v1::SessionRequest::kHello:
        return HandleHello(session, message.hello());
      case v1::SessionRequest::kHeartbeat:
        return HandleHeartbeat(session, message.heartbeat());
      case v1::SessionRequest::kMeasurement:
        return HandleMeasurement(session, message.measurement());
      case v1::SessionRequest::kJobDone:
        session->state.jobs.erase(message.job_done().job_id());
        return GiveWork(session);
      case v1::SessionRequest::MESSAGE_NOT_SET:
        return Protocol("the message is empty");
    }
    return Protocol("the message is of no known kind");
  });
  if (status.ok()) return;
  LogTo(logger_, LogLevel::kWarning, "session ended", {{"agent", session->state.agent}, {"error", status.message()}});
  EndSession(session, status);
}

absl::Status Fleet::HandleHello(AgentSession* session, const v1::Hello& hello) {
  SessionState& state = session->state;
  if (state.open) return Protocol("Hello comes once");
  // A board that lost its connection comes back before the old one is noticed to be dead.
  if (AgentSession* old = SessionOf(state.agent)) {
    EndSession(old, absl::AbortedError("another session of this agent began"));
  }
  LATIMER_ASSIGN_OR_RETURN(v1::Agent agent, FindAgent(state.agent));
  const v1::Fingerprint& now = hello.fingerprint();
  if (SameFacts(now, agent.fingerprint())) {
    agent.clear_changed_fingerprint();
    // A new release of the agent may compute it differently; its results carry the new one.
    agent.mutable_fingerprint()->set_digest(now.digest());
  } else {
    *agent.mutable_changed_fingerprint() = now;
    state.held = true;
  }
  agent.set_agent_version(hello.agent_version().substr(0, 64));
  agent.set_has_layer_report(hello.has_layer_report());
  agent.set_last_seen_unix_ms(state.last_seen_ms);
  LATIMER_RETURN_IF_ERROR(store_->UpdateAgent(agent));
  state.open = true;
  v1::SessionResponse message;
  v1::Welcome* welcome = message.mutable_welcome();
  welcome->set_agent(agent.name());
  welcome->set_platform(agent.platform());
  welcome->set_heartbeat_seconds(options_.heartbeat_seconds);
  if (state.held) {
    welcome->set_held_reason(absl::StrCat("the board changed since it enrolled (",
                                          FingerprintDifference(now, agent.fingerprint()),
                                          "); accept it with: latimer agents accept ", state.agent));
  }
  session->Send(std::move(message));
  LogTo(logger_, state.held ? LogLevel::kWarning : LogLevel::kInfo, "agent connected",
        {{"agent", agent.name()}, {"platform", agent.platform()}, {"held", state.held}});
  return absl::OkStatus();
}

absl::Status Fleet::HandleHeartbeat(AgentSession* session, const v1::Heartbeat& heartbeat) {
  SessionState& state = session->state;
  const std::vector<std::string> named(heartbeat.job_ids().begin(), heartbeat.job_ids().end());
  const int64_t lease_ms = static_cast<int64_t>(options_.lease_seconds * 1000);
  // The first heartbeat of a session says what the agent still works on; the rest of what it held is lost.
  if (!state.heard) LATIMER_RETURN_IF_ERROR(store_->ReleaseJobsExcept(state.agent, named));
  state.heard = true;
  LATIMER_RETURN_IF_ERROR(store_->RenewLeases(state.agent, named, state.last_seen_ms + lease_ms));
  for (const std::string& job : named) state.jobs[job] = state.last_seen_ms;
  for (auto job = state.jobs.begin(); job != state.jobs.end();) {
    job = state.last_seen_ms - job->second > lease_ms ? state.jobs.erase(job) : std::next(job);
  }
  state.capacity = std::clamp(heartbeat.free_slots(), 0, 16) + static_cast<int32_t>(std::min<size_t>(named.size(), 16));
  state.conditions = heartbeat.conditions();
  state.spooled = heartbeat.spooled_measurements();
  state.trouble = heartbeat.trouble().size() <= kLongestTrouble ? heartbeat.trouble() : "something it tells at length";
  return GiveWork(session);
}

absl::Status Fleet::HandleMeasurement(AgentSession* session, const v1::Measurement& measurement) {
  LATIMER_RETURN_IF_ERROR(CheckMeasurement(measurement));
  LATIMER_ASSIGN_OR_RETURN(const std::optional<TaskRecord> task, store_->FindTask(measurement.measurement_id()));
  Stored stored = Stored::kUnknownTask;
  if (task.has_value()) {
    if (task->platform != session->state.platform) {
      return Error(absl::StatusCode::kPermissionDenied, "TASK_OF_OTHER_PLATFORM",
                   absl::StrCat("measurement '", measurement.measurement_id(), "' is no task of this platform"));
    }
    v1::NetworkSource source;
    source.ParseFromString(task->network);
    const absl::StatusOr<Network> network = ReadNetwork(source);
    const std::string hash = network.ok() ? StructuralHashText(*network) : std::string();
    LATIMER_ASSIGN_OR_RETURN(
        stored, store_->AddMeasurement(session->state.agent, measurement, hash, session->state.last_seen_ms));
  } else {
    LogTo(logger_, LogLevel::kWarning, "result of no task of ours",
          {{"agent", session->state.agent}, {"measurement", measurement.measurement_id()}});
  }
  // Also for duplicates and strangers: the agent need not keep them.
  v1::SessionResponse message;
  message.mutable_acknowledge()->add_measurement_ids(measurement.measurement_id());
  session->Send(std::move(message));
  if (stored == Stored::kDuplicate) {
    LogTo(logger_, LogLevel::kDebug, "result came again",
          {{"agent", session->state.agent}, {"measurement", measurement.measurement_id()}});
  }
  if (stored == Stored::kNew && on_result_ != nullptr) on_result_(*task, measurement);
  return absl::OkStatus();
}

}  // namespace latimer::server
