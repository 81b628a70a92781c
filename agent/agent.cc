#include "agent/agent.h"

#include <unistd.h>

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/metrics/agent_metrics.h"
#include "agent/session/channel.h"
#include "agent/session/enroll.h"
#include "agent/storage/state_dir.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "metrics/endpoint.h"
#include "metrics/process_metrics.h"

namespace latimer::agent {
namespace {

std::string HostName() {
  char name[256] = "";
  if (gethostname(name, sizeof(name) - 1) != 0) return "board";
  return name;
}

std::string Describe(const v1::Hello& hello) {
  std::vector<std::string> facts;
  for (const char* key : {"hardware", "cpu", "toolchain", "precision", "threads", "pinned"}) {
    const auto found = hello.fingerprint().facts().find(key);
    if (found != hello.fingerprint().facts().end()) facts.push_back(absl::StrCat(key, " ", found->second));
  }
  return absl::StrCat(hello.fingerprint().simulated() ? "SIMULATED board, no real device: " : "",
                      absl::StrJoin(facts, ", "), "; fingerprint ", hello.fingerprint().digest(),
                      hello.has_layer_report() ? ", times per layer" : "");
}

}  // namespace

absl::StatusOr<Identity> Agent::FindIdentity(const StateDir& state, const v1::Hello& hello,
                                             const std::shared_ptr<grpc::Channel>& channel) {
  LATIMER_ASSIGN_OR_RETURN(std::optional<Identity> known, state.ReadIdentity());
  if (known.has_value()) {
    if (!options_.token.empty()) {
      log_->Info(absl::StrCat("already enrolled as ", known->agent, "; the token is not needed"));
    }
    return *std::move(known);
  }
  if (options_.token.empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, "NOT_ENROLLED",
                 absl::StrCat("the state folder ", options_.state_dir,
                              " holds no credential: give --token once (latimer token create makes one)"));
  }
  v1::EnrollRequest request;
  request.set_token(options_.token);
  request.set_platform(options_.platform);
  request.set_display_name(options_.display_name.empty() ? HostName() : options_.display_name);
  request.set_backend(options_.backend);
  *request.mutable_fingerprint() = hello.fingerprint();
  auto pause = [this](std::chrono::milliseconds time) {
    workload_.Pause(time);
    return !workload_.draining();
  };
  LATIMER_ASSIGN_OR_RETURN(Identity identity, Enroll(channel, request, options_.backoff, pause, log_));
  // A token works once: without the file the board is lost to a person with a new one.
  LATIMER_RETURN_IF_ERROR(state.WriteIdentity(identity));
  log_->Info(absl::StrCat("enrolled as ", identity.agent, " on ", identity.platform));
  return identity;
}

absl::Status Agent::Run() {
  LATIMER_ASSIGN_OR_RETURN(const StateDir state, StateDir::Open(options_.state_dir));
  LATIMER_ASSIGN_OR_RETURN(const std::unique_ptr<Spool> spool, Spool::Open(state.spool_path(), log_));
  if (spool->size() > 0) log_->Info(absl::StrCat(spool->size(), " results from earlier wait on disk"));
  LATIMER_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel,
                           DialServer(options_.connection, options_.heartbeat));

  const auto agent_metrics = std::make_shared<AgentMetrics>(&activity_, &workload_, spool.get(), options_.backend);
  std::unique_ptr<metrics::Endpoint> endpoint;
  if (!options_.metrics_address.empty()) {
    LATIMER_ASSIGN_OR_RETURN(
        endpoint, metrics::Endpoint::Start(
                      options_.metrics_address,
                      {std::make_shared<metrics::ProcessMetrics>("agent", options_.version), agent_metrics}));
    log_->Info(absl::StrCat("metrics on ", endpoint->address()));
  }

  WorkerOptions worker_options = options_.worker;
  worker_options.activity = &activity_;
  worker_options.runner.command.output_path = state.engine_log_path();
  Worker worker(std::move(worker_options), &workload_, spool.get(), log_);
  absl::StatusOr<v1::Hello> hello = worker.Describe();
  if (!hello.ok())
    return Annotate(hello.status(), absl::StrCat("the engine of '", options_.backend, "' does not work"));
  hello->set_agent_version(options_.version);
  log_->Info(absl::StrCat(options_.backend, ": ", Describe(*hello)));

  absl::StatusOr<Identity> identity = FindIdentity(state, *hello, channel);
  if (absl::IsCancelled(identity.status())) return absl::OkStatus();
  if (!identity.ok()) return identity.status();
  SessionOptions session_options;
  session_options.server = options_.connection.server;
  session_options.credential = identity->credential;
  agent_metrics->SetIdentity(identity->agent, identity->platform, hello->fingerprint().simulated());
  session_options.activity = &activity_;
  session_options.hello = *std::move(hello);
  session_options.backoff = options_.backoff;
  session_options.heartbeat = options_.heartbeat;
  Session session(std::move(session_options), channel, &workload_, spool.get(), &signal_, log_);
  return session.Run();
}

}  // namespace latimer::agent
