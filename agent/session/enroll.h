// Trades the one-time token for the agent's own credential.
#ifndef LATIMER_AGENT_SESSION_ENROLL_H_
#define LATIMER_AGENT_SESSION_ENROLL_H_

#include <grpcpp/channel.h>

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "agent/base/log.h"
#include "agent/session/backoff.h"
#include "agent/storage/state_dir.h"
#include "latimer/v1/agent_service.pb.h"

namespace latimer::agent {

// Tries until the server answers. `pause` waits between attempts and returns false to give up (CANCELLED).
// Errors: those of AgentService.Enroll.
absl::StatusOr<Identity> Enroll(const std::shared_ptr<grpc::Channel>& channel, const v1::EnrollRequest& request,
                                const BackoffOptions& backoff,
                                const std::function<bool(std::chrono::milliseconds)>& pause, Log* log);

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_SESSION_ENROLL_H_
