// One connected agent, as gRPC sees it.
#ifndef LATIMER_SERVER_FLEET_AGENT_SESSION_H_
#define LATIMER_SERVER_FLEET_AGENT_SESSION_H_

#include <grpcpp/grpcpp.h>

#include <deque>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "core/base/mutex.h"
#include "latimer/v1/agent_service.pb.h"
#include "latimer/v1/fleet_service.pb.h"
#include "server/access/access_control.h"
#include "server/fleet/serial_executor.h"

namespace latimer::server {

class Fleet;

// What the fleet knows of a session; touched on the executor only.
struct SessionState {
  bool open = false;                    // Hello was accepted
  bool ended = false;                   // no more messages are handled
  std::string agent;                    // id
  std::string platform;                 // id
  bool held = false;                    // gets no work
  bool heard = false;                   // a heartbeat came
  int32_t capacity = 0;                 // jobs it would hold; 0 until its first heartbeat
  std::map<std::string, int64_t> jobs;  // sent or named; when last, in ms
  v1::BoardConditions conditions;       // at the last heartbeat
  int64_t spooled = 0;
  std::string trouble;
  int64_t last_seen_ms = 0;
};

// Deletes itself when gRPC is done with it. Reads one message at a time: the next is read when the last is handled, and
// when the agent has read most of what it was sent, so that one that only writes fills its own memory and not ours.
class AgentSession final : public grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse> {
 public:
  AgentSession(const AccessControl* access, Fleet* fleet, SerialExecutor* executor,
               grpc::CallbackServerContext* context);

  // The agent's credential, without "Bearer "; empty: it sent none.
  const std::string& credential() const { return credential_; }

  SessionState state;

  // Safe from any thread.
  void Send(v1::SessionResponse message);
  // Sends what is queued, then ends the call. Later calls do nothing.
  void End(const absl::Status& status);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  void ContinueLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // On the executor.
  void ReadNext();

  const AccessControl* const access_;
  Fleet* const fleet_;
  SerialExecutor* const executor_;
  std::string credential_;
  v1::SessionRequest incoming_;

  Mutex mutex_;
  std::deque<v1::SessionResponse> queue_ ABSL_GUARDED_BY(mutex_);  // its front is gRPC's while writing_
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool paused_ ABSL_GUARDED_BY(mutex_) = false;  // nothing is read until the queue is shorter
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status end_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_FLEET_AGENT_SESSION_H_
