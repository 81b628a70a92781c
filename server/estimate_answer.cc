#include "server/estimate_answer.h"

#include <google/protobuf/arena.h>
#include <google/protobuf/io/coded_stream.h>

#include <cstddef>
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

constexpr size_t kFirstBlockBytes = 4096;

// The answer's bytes, kept for whoever sends the same request.
grpc::Slice Finish(const ServiceParts& parts, const Catalog& catalog, const ResponseCache::Key& key,
                   const v1::EstimateResponse& answer, ResponseCache::Admission admission) {
  const EstimateTally tally = parts.estimate_metrics->Tally(answer.estimate());
  tally.CountComputed();
  grpc::Slice slice = Serialize(answer);
  parts.cache->Insert(key, catalog.generation, slice, tally, admission);
  return slice;
}

}  // namespace

std::optional<grpc::Slice> AnswerQuickly(const ServiceParts& parts, const Catalog& catalog, absl::string_view bytes) {
  const ResponseCache::Key key(bytes);
  if (std::optional<grpc::Slice> known = parts.cache->Find(key, catalog.generation)) return known;
  // Most answers are a few hundred bytes: they need no memory of their own.
  alignas(std::max_align_t) char first_block[kFirstBlockBytes];
  google::protobuf::ArenaOptions memory = RequestArenaOptions();
  memory.initial_block = first_block;
  memory.initial_block_size = sizeof first_block;
  Arena arena(memory);
  auto* answer = Arena::CreateMessage<v1::EstimateResponse>(&arena);
  if (!parts.engine->EstimateQuickly(catalog, bytes, answer->mutable_estimate())) return std::nullopt;
  return Finish(parts, catalog, key, *answer, ResponseCache::Admission::kSecondTime);
}

absl::StatusOr<grpc::Slice> AnswerGenerally(const ServiceParts& parts, const Catalog& catalog,
                                            absl::string_view bytes) {
  Arena arena(RequestArenaOptions());
  auto* request = Arena::CreateMessage<v1::EstimateRequest>(&arena);
  auto* answer = Arena::CreateMessage<v1::EstimateResponse>(&arena);
  LATIMER_RETURN_IF_ERROR(ParseRequest(bytes, request));
  LATIMER_RETURN_IF_ERROR(parts.engine->Estimate(catalog, *request, answer->mutable_estimate()));
  // Searches send compact networks by the million and hardly one of them twice.
  const bool compact = request->network().has_network();
  return Finish(parts, catalog, ResponseCache::Key(bytes), *answer,
                compact ? ResponseCache::Admission::kSecondTime : ResponseCache::Admission::kAtOnce);
}

absl::StatusOr<grpc::Slice> AnswerEstimate(const ServiceParts& parts, const Catalog& catalog, absl::string_view bytes) {
  if (std::optional<grpc::Slice> quick = AnswerQuickly(parts, catalog, bytes)) return *std::move(quick);
  return AnswerGenerally(parts, catalog, bytes);
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
