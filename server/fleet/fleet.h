// Fleet: the agents that are connected, the work they get and the results they send.
//
// Everything here runs on one SerialExecutor, so that a slow disk or a large plan never delays an estimate.
#ifndef LATIMER_SERVER_FLEET_FLEET_H_
#define LATIMER_SERVER_FLEET_FLEET_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "latimer/v1/agent_service.pb.h"
#include "latimer/v1/fleet_service.pb.h"
#include "server/clock.h"
#include "server/fleet/agent_session.h"
#include "server/fleet/enrollment.h"
#include "server/log.h"
#include "server/server_options.h"
#include "server/store/store.h"

namespace latimer::server {

class Fleet {
 public:
  Fleet(Store* store, const FleetOptions& options, IsShippedPlatform is_shipped, Logger* logger)
      : store_(store), options_(options), is_shipped_(std::move(is_shipped)), logger_(logger) {}

  // Called after a result is stored.
  using ResultListener = std::function<void(const TaskRecord&, const v1::Measurement&)>;
  void SetResultListener(ResultListener listener) { on_result_ = std::move(listener); }

  // --- Calls of people ---
  absl::StatusOr<v1::EnrollResponse> Enroll(const v1::EnrollRequest& request);
  absl::StatusOr<v1::CreateTokenResponse> CreateToken(const v1::CreateTokenRequest& request);
  absl::StatusOr<v1::ListAgentsResponse> ListAgents(const v1::ListAgentsRequest& request);
  absl::StatusOr<v1::Agent> RevokeAgent(const std::string& name);
  absl::StatusOr<v1::Agent> AcceptFingerprint(const std::string& name);

  // --- Sessions ---
  void Opened(AgentSession* session);
  void Handle(AgentSession* session, const v1::SessionRequest& message);
  void Closed(AgentSession* session);
  // Ends all sessions and takes no more: the server stops.
  void Drain();

  // --- Work ---
  // Gives waiting tasks of the platform to agents that have room.
  void Dispatch(absl::string_view platform);
  // Tells agents to give jobs up.
  void CancelJobs(const std::vector<std::string>& jobs);
  // Whether an agent that gets work is connected.
  bool HasLiveAgent(absl::string_view platform) const;
  // Why no agent of the platform works as it should, for people; empty: one does.
  std::string WhyNoAgentWorks(absl::string_view platform) const;
  // Hottest board at work for the platform; empty: none says.
  std::optional<double> Temperature(absl::string_view platform) const;
  // Gives lost leases back and hands out work; every kTickMs milliseconds. What it comes late by does not count against
  // agents: a server that was busy, or asleep with its machine, heard nobody meanwhile.
  static constexpr int64_t kTickMs = 100;
  void Tick();

  // Told of every task that was given back; before the first Tick().
  void SetLeaseListener(std::function<void(int64_t tasks)> listener) { on_leases_lost_ = std::move(listener); }
  // Whether an agent is connected and not silent, and the jobs it holds.
  struct Presence {
    bool up = false;
    int64_t jobs = 0;
  };
  Presence PresenceOf(absl::string_view agent) const;

 private:
  static absl::Status CredentialRevoked();
  absl::Status HandleHello(AgentSession* session, const v1::Hello& hello);
  absl::Status HandleHeartbeat(AgentSession* session, const v1::Heartbeat& heartbeat);
  absl::Status HandleMeasurement(AgentSession* session, const v1::Measurement& measurement);
  void EndSession(AgentSession* session, const absl::Status& status);
  absl::Status GiveWork(AgentSession* session);
  void Forgive(int64_t late_ms, int64_t now_ms);
  absl::StatusOr<v1::Agent> FindAgent(absl::string_view name);
  AgentSession* SessionOf(absl::string_view agent) const;
  // Whether nothing was heard for so long that its leases are lost: the line is dead, and nobody said goodbye.
  bool Silent(const AgentSession& session) const;
  // Adds state and counters.
  absl::Status Complete(v1::Agent* agent);

  Store* const store_;
  const FleetOptions options_;
  const IsShippedPlatform is_shipped_;
  Logger* const logger_;
  ResultListener on_result_;
  std::function<void(int64_t)> on_leases_lost_;
  std::set<AgentSession*> sessions_;
  bool draining_ = false;
  int64_t last_tick_ms_ = NowMs();  // the first one may come late, too
  int64_t last_expiry_ms_ = 0;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_FLEET_FLEET_H_
