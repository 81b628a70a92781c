// What agent and child process say to each other: frames over a socket pair.
//
// A frame is a kind, the length (4 bytes, little-endian) and that many bytes. Agent to child: kTask (a Job with one
// task). Child to agent: first kHello (a Hello) or kError (a google.rpc.Status: the engine does not start), then one
// kResult (a Measurement) per task.
#ifndef LATIMER_AGENT_RUNNER_WIRE_H_
#define LATIMER_AGENT_RUNNER_WIRE_H_

#include <chrono>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace latimer::agent {

enum class WireKind : char { kHello = 'H', kError = 'E', kTask = 'T', kResult = 'R' };

struct WireFrame {
  WireKind kind = WireKind::kHello;
  std::string payload;
};

using WireDeadline = std::chrono::steady_clock::time_point;

// Largest payload accepted: what is larger is garbage, or would take the agent's memory.
inline constexpr size_t kMaxWireBytes = size_t{1} << 30;

// The socket may be blocking or not. Errors: DEADLINE_EXCEEDED, UNAVAILABLE (the other side is gone), INVALID_ARGUMENT
// (what came is no frame), INTERNAL.
absl::Status SendFrame(int socket, WireKind kind, absl::string_view payload, WireDeadline deadline);
// `death`: a descriptor that becomes readable when the other process ends (a pidfd), for the case that a process it
// started keeps its socket open; -1: none.
absl::StatusOr<WireFrame> ReceiveFrame(int socket, WireDeadline deadline, size_t max_bytes = kMaxWireBytes,
                                       int death = -1);

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_RUNNER_WIRE_H_
