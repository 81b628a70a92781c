// absl::Status -> what travels: one place decides what a client sees of an error.
//
// Every error carries exactly one google.rpc.ErrorInfo (domain "latimer.dev"), a BadRequest where a field of the
// request is at fault, and a RetryInfo where waiting helps.
#ifndef LATIMER_SERVER_STATUS_MAPPING_H_
#define LATIMER_SERVER_STATUS_MAPPING_H_

#include <grpcpp/support/status.h>

#include <chrono>
#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/rpc/status.pb.h"

namespace latimer::server {

inline constexpr absl::string_view kErrorDomain = "latimer.dev";

// Marks an error as one that may go away after `delay`.
absl::Status WithRetryDelay(absl::Status status, std::chrono::milliseconds delay);

// The same error with its field put under `prefix` ("onnx_model" -> "network.onnx_model"); one without a field gets
// `prefix` itself if it is INVALID_ARGUMENT.
absl::Status PrefixField(const absl::Status& status, absl::string_view prefix);

// OK gives an empty message. Codes are kept; the message is cut at 1024 bytes.
google::rpc::Status ToRpcStatus(const absl::Status& status);

// The same, with the google.rpc.Status in the binary details.
grpc::Status ToGrpcStatus(const absl::Status& status);

// Runs `work` and turns what it throws into a status: no exception reaches gRPC.
absl::Status RunGuarded(const std::function<absl::Status()>& work);

}  // namespace latimer::server

#endif  // LATIMER_SERVER_STATUS_MAPPING_H_
