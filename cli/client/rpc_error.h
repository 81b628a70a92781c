// What went wrong with a call, in words for the person at the terminal.
#ifndef LATIMER_CLI_CLIENT_RPC_ERROR_H_
#define LATIMER_CLI_CLIENT_RPC_ERROR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/support/status.h"

namespace latimer::cli {

// Where a call went; used to give advice.
struct CallTarget {
  std::string address;  // empty: in process
  bool tls = false;
  absl::Duration timeout = absl::ZeroDuration();
};

// The status as an absl::Status with the payload of core/base/error.h: reason and metadata from the server's
// ErrorInfo, field from its BadRequest. Messages of the server are passed on; failures of the connection, the deadline
// and versions that do not match get messages of our own that say what to do.
absl::Status ToStatus(const grpc::Status& status, const CallTarget& target);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_CLIENT_RPC_ERROR_H_
