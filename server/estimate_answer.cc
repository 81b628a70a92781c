#include "server/estimate_answer.h"

#include <google/protobuf/arena.h>
#include <google/protobuf/io/coded_stream.h>

#include <cstring>

#include "core/base/status_macros.h"

namespace latimer::server {
namespace {

using google::protobuf::Arena;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;

// Tags: number << 3 | wire type.
constexpr uint32_t kIdTag = v1::EstimateStreamRequest::kIdFieldNumber << 3 | 0;
constexpr uint32_t kRequestTag = v1::EstimateStreamRequest::kRequestFieldNumber << 3 | 2;
constexpr uint8_t kStreamIdTag = v1::EstimateStreamResponse::kIdFieldNumber << 3 | 0;
constexpr uint8_t kStreamEstimateTag = v1::EstimateStreamResponse::kEstimateFieldNumber << 3 | 2;

}  // namespace

absl::StatusOr<grpc::Slice> AnswerEstimate(const ServiceParts& parts, const Catalog& catalog, absl::string_view bytes) {
  if (std::optional<grpc::Slice> known = parts.cache->Find(bytes, catalog.generation)) return *std::move(known);
  Arena arena(RequestArenaOptions());
  auto* request = Arena::CreateMessage<v1::EstimateRequest>(&arena);
  LATIMER_RETURN_IF_ERROR(ParseRequest(bytes, request));
  auto* answer = Arena::CreateMessage<v1::EstimateResponse>(&arena);
  LATIMER_RETURN_IF_ERROR(parts.engine->Estimate(catalog, *request, answer->mutable_estimate()));
  grpc::Slice slice = Serialize(*answer);
  parts.cache->Insert(bytes, catalog.generation, slice);
  return slice;
}

std::optional<StreamedRequest> SplitStreamedRequest(absl::string_view bytes) {
  StreamedRequest split;
  CodedInputStream stream(reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
  uint32_t tag = stream.ReadTag();
  if (tag == kIdTag) {
    if (!stream.ReadVarint64(&split.id)) return std::nullopt;
    tag = stream.ReadTag();
  }
  uint32_t length = 0;
  if (tag != kRequestTag || !stream.ReadVarint32(&length)) return std::nullopt;
  const auto start = static_cast<size_t>(stream.CurrentPosition());
  if (length != bytes.size() - start) return std::nullopt;
  split.request = bytes.substr(start);
  return split;
}

grpc::Slice JoinStreamedResponse(uint64_t id, const grpc::Slice& response) {
  // An EstimateResponse is its one field: with the tag of the streamed field in front, the rest stays as it is.
  uint8_t head[16];
  uint8_t* end = head;
  if (id != 0) {
    *end++ = kStreamIdTag;
    end = CodedOutputStream::WriteVarint64ToArray(id, end);
  }
  *end++ = kStreamEstimateTag;
  const auto head_size = static_cast<size_t>(end - head);
  grpc::Slice joined(head_size + response.size() - 1);
  auto* to = const_cast<uint8_t*>(joined.begin());
  std::memcpy(to, head, head_size);
  std::memcpy(to + head_size, response.begin() + 1, response.size() - 1);
  return joined;
}

}  // namespace latimer::server
