#include "agent/session/enroll.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/error.h"
#include "latimer/v1/agent_service.grpc.pb.h"

namespace latimer::agent {

absl::StatusOr<Identity> Enroll(const std::shared_ptr<grpc::Channel>& channel, const v1::EnrollRequest& request,
                                const BackoffOptions& backoff_options,
                                const std::function<bool(std::chrono::milliseconds)>& pause, Log* log) {
  const std::unique_ptr<v1::AgentService::Stub> stub = v1::AgentService::NewStub(channel);
  Backoff backoff(backoff_options);
  while (true) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    v1::EnrollResponse response;
    const grpc::Status status = stub->Enroll(&context, request, &response);
    if (status.ok()) return Identity{response.agent(), response.platform(), response.credential()};
    if (status.error_code() != grpc::StatusCode::UNAVAILABLE &&
        status.error_code() != grpc::StatusCode::DEADLINE_EXCEEDED) {
      return Error(static_cast<absl::StatusCode>(status.error_code()), "ENROLMENT_REFUSED",
                   absl::StrCat("the server refuses to enrol this board: ", status.error_message()));
    }
    const std::chrono::milliseconds time = backoff.Next();
    log->Warning(absl::StrFormat("cannot reach the server to enrol (%s); next try in %.1f s", status.error_message(),
                                 static_cast<double>(time.count()) / 1e3));
    if (!pause(time)) return absl::CancelledError("stopped before the board was enrolled");
  }
}

}  // namespace latimer::agent
