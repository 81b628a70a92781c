// The agent of one board: enrols once, then serves the server until it is told to stop.
#ifndef LATIMER_AGENT_AGENT_H_
#define LATIMER_AGENT_AGENT_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "agent/base/log.h"
#include "agent/session/activity.h"
#include "agent/session/session.h"
#include "agent/session/signal.h"
#include "agent/session/worker.h"
#include "agent/session/workload.h"
#include "agent/storage/state_dir.h"
#include "cli/client/connection.h"

namespace latimer::agent {

struct AgentOptions {
  cli::ConnectionOptions connection;
  std::string token;         // empty: the state folder must hold a credential
  std::string platform;      // empty: as the token says
  std::string display_name;  // empty: the host's name
  std::string backend;
  std::string state_dir;
  std::string version;
  std::string metrics_address;  // "host:port" where Prometheus scrapes /metrics; empty: nowhere
  WorkerOptions worker;         // runner.command.output_path is filled in
  BackoffOptions backoff;
  std::chrono::milliseconds heartbeat{0};  // 0: as the server says
};

class Agent {
 public:
  Agent(AgentOptions options, Log* log)
      : options_(std::move(options)), log_(log), workload_([this] { signal_.Raise(); }) {}

  // Until Drain(), or an error no waiting heals: the engine does not start, the state folder is in use, the server
  // refuses token or credential. Call once.
  absl::Status Run();

  // Finishes the current task, sends what there is and makes Run() return. From any thread.
  void Drain() { workload_.Drain(); }

 private:
  absl::StatusOr<Identity> FindIdentity(const StateDir& state, const v1::Hello& hello,
                                        const std::shared_ptr<grpc::Channel>& channel);

  const AgentOptions options_;
  Log* const log_;
  Activity activity_;
  Signal signal_;
  Workload workload_;
};

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_AGENT_H_
