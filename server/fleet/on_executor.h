// Answers a unary call on an executor.
#ifndef LATIMER_SERVER_FLEET_ON_EXECUTOR_H_
#define LATIMER_SERVER_FLEET_ON_EXECUTOR_H_

#include <grpcpp/grpcpp.h>

#include <utility>

#include "absl/status/statusor.h"
#include "server/fleet/serial_executor.h"
#include "server/status_mapping.h"

namespace latimer::server {

// `work` returns absl::StatusOr<Response>; what it reads must live until the call ends, as requests do.
template <typename Response, typename Work>
grpc::ServerUnaryReactor* OnExecutor(SerialExecutor* executor, grpc::CallbackServerContext* context, Response* response,
                                     Work work) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  executor->Post([reactor, response, work = std::move(work)] {
    reactor->Finish(ToGrpcStatus(RunGuarded([&]() -> absl::Status {
      absl::StatusOr<Response> answer = work();
      if (!answer.ok()) return answer.status();
      *response = *std::move(answer);
      return absl::OkStatus();
    })));
  });
  return reactor;
}

}  // namespace latimer::server

#endif  // LATIMER_SERVER_FLEET_ON_EXECUTOR_H_
