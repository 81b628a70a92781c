// Answers a unary call on an executor; runs a part of the work on another.
#ifndef LATIMER_SERVER_FLEET_ON_EXECUTOR_H_
#define LATIMER_SERVER_FLEET_ON_EXECUTOR_H_

#include <grpcpp/grpcpp.h>

#include <utility>

#include "absl/status/statusor.h"
#include "server/fleet/serial_executor.h"
#include "server/rpc_support.h"
#include "server/status_mapping.h"

namespace latimer::server {

// `work` returns absl::StatusOr<Response>; what it reads must live until the call ends, as requests do. Where too many
// calls wait already, this one is refused.
template <typename Response, typename Work>
grpc::ServerUnaryReactor* OnExecutor(SerialExecutor* executor, grpc::CallbackServerContext* context, Response* response,
                                     Work work) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const bool queued = executor->TryPost([reactor, response, work = std::move(work)] {
    reactor->Finish(ToGrpcStatus(RunGuarded([&]() -> absl::Status {
      absl::StatusOr<Response> answer = work();
      if (!answer.ok()) return answer.status();
      *response = *std::move(answer);
      return absl::OkStatus();
    })));
  });
  if (!queued) reactor->Finish(ToGrpcStatus(Overloaded()));
  return reactor;
}

// What `work`, which returns absl::StatusOr<T>, gives on the executor; waits for it. Not to be called from its tasks.
template <typename T, typename Work>
absl::StatusOr<T> RunOn(SerialExecutor* executor, Work work) {
  absl::StatusOr<T> result = absl::InternalError("not run");
  absl::Status status;
  executor->RunAndWait([&] {
    status = RunGuarded([&]() -> absl::Status {
      result = work();
      return result.status();
    });
  });
  if (!status.ok()) return status;
  return result;
}

}  // namespace latimer::server

#endif  // LATIMER_SERVER_FLEET_ON_EXECUTOR_H_
