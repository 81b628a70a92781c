// Answers EstimateRequest bytes with EstimateResponse bytes, from the cache where they are known.
#ifndef LATIMER_SERVER_ESTIMATE_ANSWER_H_
#define LATIMER_SERVER_ESTIMATE_ANSWER_H_

#include <grpcpp/support/slice.h>

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/catalog.h"
#include "server/rpc_support.h"

namespace latimer::server {

// A serialised EstimateResponse. Safe for concurrent use.
absl::StatusOr<grpc::Slice> AnswerEstimate(const ServiceParts& parts, const Catalog& catalog, absl::string_view bytes);

// The two ways AnswerEstimate() goes, one after the other. The first takes some ten microseconds: from the cache, or a
// compact network from its bytes. Empty: the second has to answer, which may take milliseconds or find an error.
std::optional<grpc::Slice> AnswerQuickly(const ServiceParts& parts, const Catalog& catalog, absl::string_view bytes);
absl::StatusOr<grpc::Slice> AnswerGenerally(const ServiceParts& parts, const Catalog& catalog, absl::string_view bytes);

// The two fields of an EstimateStreamRequest, the request still as bytes.
struct StreamedRequest {
  uint64_t id = 0;
  absl::string_view request;
};

// Reads the bytes every serialiser writes: the id if it is not 0, then the request, nothing else. Empty for all other
// bytes, which may be an EstimateStreamRequest nevertheless.
std::optional<StreamedRequest> SplitStreamedRequest(absl::string_view bytes);

// A serialised EstimateStreamResponse with the estimate of a serialised EstimateResponse as AnswerEstimate() makes it.
grpc::Slice JoinStreamedResponse(uint64_t id, const grpc::Slice& response);

}  // namespace latimer::server

#endif  // LATIMER_SERVER_ESTIMATE_ANSWER_H_
