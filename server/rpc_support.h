// What all services share: buffers to messages and back, deadlines, where work runs.
#ifndef LATIMER_SERVER_RPC_SUPPORT_H_
#define LATIMER_SERVER_RPC_SUPPORT_H_

#include <google/protobuf/message_lite.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/byte_buffer.h>

#include <atomic>
#include <chrono>
#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/access/access_control.h"
#include "server/estimation_engine.h"
#include "server/log.h"
#include "server/metrics/estimate_metrics.h"
#include "server/metrics/rpc_metrics.h"
#include "server/response_cache.h"
#include "server/server_options.h"
#include "server/worker_pool.h"

namespace latimer::server {

// The parts services work with; all outlive them.
struct ServiceParts {
  const ServerOptions* options = nullptr;
  AccessControl* access = nullptr;
  CatalogHolder* catalog = nullptr;
  EstimationEngine* engine = nullptr;
  ResponseCache* cache = nullptr;
  WorkerPool* workers = nullptr;
  RpcMetrics* rpc_metrics = nullptr;
  EstimateMetrics* estimate_metrics = nullptr;
};

// The bytes of a buffer in one piece. `slice` keeps them alive.
absl::string_view Contiguous(const grpc::ByteBuffer& buffer, grpc::Slice* slice);

// Errors: INVALID_ARGUMENT if the bytes are no message of that type.
absl::Status ParseRequest(absl::string_view bytes, google::protobuf::MessageLite* message);

// A slice with the serialised message.
grpc::Slice Serialize(const google::protobuf::MessageLite& message);

// Messages an answer is put together in: one block of memory instead of one per message.
google::protobuf::ArenaOptions RequestArenaOptions();

// When a call has to be answered: its own deadline, or the server's default.
std::chrono::system_clock::time_point DeadlineOf(const grpc::CallbackServerContext& context,
                                                 const ServerOptions& options);

// DEADLINE_EXCEEDED or CANCELLED where nobody waits for the answer any more.
absl::Status CheckStillWanted(const grpc::CallbackServerContext& context,
                              std::chrono::system_clock::time_point deadline);

// RESOURCE_EXHAUSTED with RetryInfo: the queue is full.
absl::Status Overloaded();

// Runs `answer` here if the request is small, else on a worker; `finish` gets its status, or why it did not run.
void RunRequest(const ServiceParts& parts, grpc::CallbackServerContext* context, size_t request_bytes,
                std::function<absl::Status()> answer, std::function<void(const absl::Status&)> finish);

}  // namespace latimer::server

#endif  // LATIMER_SERVER_RPC_SUPPORT_H_
