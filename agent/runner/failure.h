// Why a task failed, in the codes measurement.proto knows.
#ifndef LATIMER_AGENT_RUNNER_FAILURE_H_
#define LATIMER_AGENT_RUNNER_FAILURE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/rpc/status.pb.h"

namespace latimer::agent {

// INVALID_ARGUMENT where the network is at fault, RESOURCE_EXHAUSTED where memory is, DEADLINE_EXCEEDED, else ABORTED.
// Keeps the message (cut at 1024 bytes, made valid UTF-8) and the details of core/base/error.h as a
// google.rpc.ErrorInfo.
google::rpc::Status ToFailure(const absl::Status& status);

// Messages must be UTF-8, engines write what they like: malformed bytes become "?".
std::string CleanUtf8(absl::string_view text);

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_RUNNER_FAILURE_H_
