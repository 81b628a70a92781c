#include "server/network_service.h"

#include <google/protobuf/arena.h>

#include "core/base/status_macros.h"
#include "server/status_mapping.h"

namespace latimer::server {

using google::protobuf::Arena;

grpc::ServerUnaryReactor* NetworkServiceImpl::DescribeNetwork(grpc::CallbackServerContext* context,
                                                              const grpc::ByteBuffer* request,
                                                              grpc::ByteBuffer* response) {
  if (auto* refused = parts_.access->Refuse(context, Role::kEstimate, request->Length())) return refused;
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  RunRequest(
      parts_, context, request->Length(),
      [this, request, response]() -> absl::Status {
        Arena arena(RequestArenaOptions());
        auto* message = Arena::CreateMessage<v1::DescribeNetworkRequest>(&arena);
        grpc::Slice bytes;
        LATIMER_RETURN_IF_ERROR(ParseRequest(Contiguous(*request, &bytes), message));
        auto* answer = Arena::CreateMessage<v1::DescribeNetworkResponse>(&arena);
        LATIMER_RETURN_IF_ERROR(parts_.engine->DescribeNetwork(*message, answer));
        grpc::Slice slice = Serialize(*answer);
        *response = grpc::ByteBuffer(&slice, 1);
        return absl::OkStatus();
      },
      [reactor](const absl::Status& status) { reactor->Finish(ToGrpcStatus(status)); });
  return reactor;
}

}  // namespace latimer::server
