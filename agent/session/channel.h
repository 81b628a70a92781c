// The channel of an agent to its server.
#ifndef LATIMER_AGENT_SESSION_CHANNEL_H_
#define LATIMER_AGENT_SESSION_CHANNEL_H_

#include <grpcpp/channel.h>

#include <chrono>
#include <memory>

#include "absl/status/statusor.h"
#include "cli/client/connection.h"

namespace latimer::agent {

// Pings the server, so that a network that was cut, which sends no goodbye, is noticed within half a minute; sooner
// where a short `heartbeat` (0: none) was chosen. Dials anew at once when asked: the pauses between attempts are the
// session's.
absl::StatusOr<std::shared_ptr<grpc::Channel>> DialServer(const cli::ConnectionOptions& options,
                                                          std::chrono::milliseconds heartbeat);

// Whether the server can be dialled: UNAVAILABLE with what was tried, if not within ten seconds.
absl::Status ReachServer(const cli::ConnectionOptions& options);

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_SESSION_CHANNEL_H_
