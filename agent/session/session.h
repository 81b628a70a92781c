// Keeps a session with the server open, for ever: says what the board is, takes work, sends results until they are
// acknowledged, and comes back after every loss.
#ifndef LATIMER_AGENT_SESSION_SESSION_H_
#define LATIMER_AGENT_SESSION_SESSION_H_

#include <grpcpp/channel.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "agent/base/log.h"
#include "agent/session/activity.h"
#include "agent/session/backoff.h"
#include "agent/session/signal.h"
#include "agent/session/stream.h"
#include "agent/session/workload.h"
#include "agent/storage/spool.h"
#include "latimer/v1/agent_service.grpc.pb.h"

namespace latimer::agent {

struct SessionOptions {
  std::string server;      // for messages
  std::string credential;  // secret
  v1::Hello hello;
  BackoffOptions backoff;
  std::chrono::milliseconds heartbeat{0};             // 0: as the server says
  std::chrono::milliseconds welcome_timeout{20'000};  // from dialling to Welcome
  std::chrono::milliseconds drain_timeout{10'000};    // for the last acknowledgements
  Activity* activity = nullptr;                       // null: nobody counts
};

class Session {
 public:
  // The pointers outlive the session. `signal` is raised by the workload.
  Session(SessionOptions options, std::shared_ptr<grpc::Channel> channel, Workload* workload, Spool* spool,
          Signal* signal, Log* log);

  // Until the workload drains and is idle: OK then, with what the server did not take kept in the spool.
  // UNAUTHENTICATED where the server no longer knows the credential.
  absl::Status Run();

 private:
  enum class Ending { kLost, kDrained };

  Ending RunOnce(grpc::Status* status);
  // Starts the next write, if there is anything to say. False: nothing.
  bool WriteNext(SessionStream& stream);
  void Handle(const v1::SessionResponse& message);
  void CountLost();
  bool NothingLeft() const;
  void TellWhatStays();

  const SessionOptions options_;
  const std::unique_ptr<v1::AgentService::Stub> stub_;
  Workload* const workload_;
  Spool* const spool_;
  Signal* const signal_;
  Log* const log_;
  Backoff backoff_;

  // Of the session that is open.
  bool welcomed_ = false;
  uint64_t last_sent_ = 0;  // number of the last measurement sent
  int announced_slots_ = -1;
  std::string announced_trouble_;
  std::chrono::steady_clock::time_point next_heartbeat_;
  std::chrono::milliseconds heartbeat_{0};
};

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_SESSION_SESSION_H_
