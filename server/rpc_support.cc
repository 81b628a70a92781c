#include "server/rpc_support.h"

#include <climits>
#include <utility>

#include "core/base/error.h"
#include "server/status_mapping.h"

namespace latimer::server {

absl::string_view Contiguous(const grpc::ByteBuffer& buffer, grpc::Slice* slice) {
  if (!buffer.TrySingleSlice(slice).ok() && !buffer.DumpToSingleSlice(slice).ok()) return {};
  return {reinterpret_cast<const char*>(slice->begin()), slice->size()};
}

absl::Status ParseRequest(absl::string_view bytes, google::protobuf::MessageLite* message) {
  if (bytes.size() <= static_cast<size_t>(INT_MAX) &&
      message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::OkStatus();
  }
  return InvalidArgument("MALFORMED_REQUEST",
                         "the request is not a message of this call; are client and server of one version?");
}

grpc::Slice Serialize(const google::protobuf::MessageLite& message) {
  grpc::Slice slice(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(const_cast<uint8_t*>(slice.begin()));
  return slice;
}

google::protobuf::ArenaOptions RequestArenaOptions() {
  google::protobuf::ArenaOptions options;
  options.start_block_size = 8 << 10;
  options.max_block_size = 256 << 10;
  return options;
}

std::chrono::system_clock::time_point DeadlineOf(const grpc::CallbackServerContext& context,
                                                 const ServerOptions& options) {
  const std::chrono::system_clock::time_point own = context.deadline();
  if (own != std::chrono::system_clock::time_point::max() || options.default_deadline.count() == 0) return own;
  return std::chrono::system_clock::now() + options.default_deadline;
}

absl::Status CheckStillWanted(const grpc::CallbackServerContext& context,
                              std::chrono::system_clock::time_point deadline) {
  if (context.IsCancelled()) return absl::CancelledError("the caller went away");
  if (std::chrono::system_clock::now() >= deadline) {
    return Error(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                 "the deadline passed before the request's turn came");
  }
  return absl::OkStatus();
}

absl::Status Overloaded() {
  return WithRetryDelay(
      ResourceExhausted("OVERLOADED", "the server has more requests than it can queue; try again later"),
      std::chrono::milliseconds(100));
}

void RunRequest(const ServiceParts& parts, grpc::CallbackServerContext* context, size_t request_bytes,
                std::function<absl::Status()> answer, std::function<void(const absl::Status&)> finish) {
  if (request_bytes <= parts.options->inline_request_bytes) {
    finish(RunGuarded(answer));
    return;
  }
  const auto deadline = DeadlineOf(*context, *parts.options);
  auto work = [context, deadline, answer = std::move(answer), finish] {
    absl::Status status = CheckStillWanted(*context, deadline);
    if (status.ok()) status = RunGuarded(answer);
    finish(status);
  };
  if (!parts.workers->TryRun(std::move(work))) finish(Overloaded());
}

}  // namespace latimer::server
