#include "server/estimation_service.h"

#include <google/protobuf/arena.h>

#include <utility>

#include "core/base/status_macros.h"
#include "server/status_mapping.h"

namespace latimer::server {
namespace {

using google::protobuf::Arena;

absl::Status AnswerEstimate(const ServiceParts& parts, const Catalog& catalog, absl::string_view bytes,
                            grpc::ByteBuffer* response) {
  if (std::optional<grpc::Slice> known = parts.cache->Find(bytes, catalog.generation)) {
    *response = grpc::ByteBuffer(&*known, 1);
    return absl::OkStatus();
  }
  Arena arena(RequestArenaOptions());
  auto* request = Arena::CreateMessage<v1::EstimateRequest>(&arena);
  LATIMER_RETURN_IF_ERROR(ParseRequest(bytes, request));
  auto* answer = Arena::CreateMessage<v1::EstimateResponse>(&arena);
  LATIMER_RETURN_IF_ERROR(parts.engine->Estimate(catalog, *request, answer->mutable_estimate()));
  grpc::Slice slice = Serialize(*answer);
  parts.cache->Insert(bytes, catalog.generation, slice);
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
  grpc::Slice slice = Serialize(*answer);
  *response = grpc::ByteBuffer(&slice, 1);
  return absl::OkStatus();
}

using Answer = absl::Status (*)(const ServiceParts&, const Catalog&, absl::string_view, grpc::ByteBuffer*);

grpc::ServerUnaryReactor* Unary(const ServiceParts& parts, grpc::CallbackServerContext* context,
                                const grpc::ByteBuffer* request, grpc::ByteBuffer* response, Answer answer) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  std::shared_ptr<const Catalog> catalog = parts.catalog->Get();
  RunRequest(
      parts, context, request->Length(),
      [&parts, catalog = std::move(catalog), request, response, answer] {
        grpc::Slice slice;
        return answer(parts, *catalog, Contiguous(*request, &slice), response);
      },
      [reactor](const absl::Status& status) { reactor->Finish(ToGrpcStatus(status)); });
  return reactor;
}

}  // namespace

grpc::ServerUnaryReactor* EstimationServiceImpl::Estimate(grpc::CallbackServerContext* context,
                                                          const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return Unary(parts_, context, request, response, AnswerEstimate);
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
