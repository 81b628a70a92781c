#include "server/estimation_service.h"

#include <google/protobuf/arena.h>

#include <functional>
#include <utility>

#include "core/base/status_macros.h"
#include "server/estimate_answer.h"
#include "server/status_mapping.h"

namespace latimer::server {
namespace {

using google::protobuf::Arena;

absl::Status AnswerOne(const ServiceParts& parts, const Catalog& catalog, absl::string_view bytes,
                       grpc::ByteBuffer* response) {
  LATIMER_ASSIGN_OR_RETURN(grpc::Slice slice, AnswerEstimate(parts, catalog, bytes));
  *response = grpc::ByteBuffer(&slice, 1);
  return absl::OkStatus();
}

absl::Status AnswerPlatforms(const ServiceParts& parts, const Catalog& catalog, absl::string_view bytes,
                             grpc::ByteBuffer* response) {
  Arena arena(RequestArenaOptions());
  auto* request = Arena::CreateMessage<v1::EstimatePlatformsRequest>(&arena);
  LATIMER_RETURN_IF_ERROR(ParseRequest(bytes, request));
  auto* answer = Arena::CreateMessage<v1::EstimatePlatformsResponse>(&arena);
  LATIMER_RETURN_IF_ERROR(parts.engine->EstimatePlatforms(catalog, *request, answer));
  for (const v1::NetworkEstimate& estimate : answer->estimates()) {
    parts.estimate_metrics->Tally(estimate).CountComputed();
  }
  grpc::Slice slice = Serialize(*answer);
  *response = grpc::ByteBuffer(&slice, 1);
  return absl::OkStatus();
}

using Answer = absl::Status (*)(const ServiceParts&, const Catalog&, absl::string_view, grpc::ByteBuffer*);

grpc::ServerUnaryReactor* Unary(const ServiceParts& parts, grpc::CallbackServerContext* context,
                                const grpc::ByteBuffer* request, grpc::ByteBuffer* response, Answer answer) {
  const RpcMetrics::Call call =
      answer == AnswerOne ? parts.rpc_metrics->BeginEstimate() : parts.rpc_metrics->BeginEstimatePlatforms();
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (const absl::Status refused = parts.access->Admit(*context, Role::kEstimate, request->Length()); !refused.ok()) {
    call.Done(refused);
    reactor->Finish(ToGrpcStatus(refused));
    return reactor;
  }
  std::shared_ptr<const Catalog> catalog = parts.catalog->Get();
  // What RunRequest() does with small requests, without its allocations.
  if (request->Length() <= parts.options->inline_request_bytes) {
    const auto work = [&] {
      grpc::Slice slice;
      return answer(parts, *catalog, Contiguous(*request, &slice), response);
    };
    const absl::Status status = RunGuarded(std::cref(work));
    call.Done(status);
    reactor->Finish(ToGrpcStatus(status));
    return reactor;
  }
  RunRequest(
      parts, context, request->Length(),
      [&parts, catalog = std::move(catalog), request, response, answer] {
        grpc::Slice slice;
        return answer(parts, *catalog, Contiguous(*request, &slice), response);
      },
      [reactor, call](const absl::Status& status) {
        call.Done(status);
        reactor->Finish(ToGrpcStatus(status));
      });
  return reactor;
}

}  // namespace

grpc::ServerUnaryReactor* EstimationServiceImpl::Estimate(grpc::CallbackServerContext* context,
                                                          const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return Unary(parts_, context, request, response, AnswerOne);
}

grpc::ServerUnaryReactor* EstimationServiceImpl::EstimatePlatforms(grpc::CallbackServerContext* context,
                                                                   const grpc::ByteBuffer* request,
                                                                   grpc::ByteBuffer* response) {
  return Unary(parts_, context, request, response, AnswerPlatforms);
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* EstimationServiceImpl::EstimateStream(
    grpc::CallbackServerContext* context) {
  return StartEstimateStream(parts_, streams_, context);
}

}  // namespace latimer::server
