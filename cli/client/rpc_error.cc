#include "cli/client/rpc_error.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace latimer::cli {
namespace {

struct Details {
  std::string reason;
  std::string field;
  google::rpc::ErrorInfo info;
};

Details ReadDetails(const grpc::Status& status) {
  Details details;
  google::rpc::Status rich;
  if (!rich.ParseFromString(status.error_details())) return details;
  for (const auto& any : rich.details()) {
    google::rpc::BadRequest bad_request;
    if (any.UnpackTo(&details.info)) details.reason = details.info.reason();
    if (any.UnpackTo(&bad_request) && bad_request.field_violations_size() > 0) {
      details.field = bad_request.field_violations(0).field();
    }
  }
  return details;
}

// Our own words where gRPC itself made the status; empty where the server did.
std::string OwnMessage(const grpc::Status& status, const CallTarget& target) {
  const std::string where = target.address.empty() ? "the estimator" : absl::StrCat("the server at ", target.address);
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      if (target.address.empty()) return absl::StrCat("the estimator stopped: ", status.error_message());
      return absl::StrCat("cannot reach a server at ", target.address, target.tls ? " with TLS" : "", " (",
                          status.error_message(), "). Start one there with 'latimer-server --listen ", target.address,
                          "', or leave --server out to estimate in this process",
                          target.tls ? "" : "; if the server uses TLS, add --tls or --tls-ca");
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return absl::StrCat("no answer from ", where, " within ", absl::FormatDuration(target.timeout),
                          "; allow more with --timeout");
    case grpc::StatusCode::UNIMPLEMENTED:
      return absl::StrCat(where, " does not offer this call; it is older than this tool or no Latimer server");
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      if (!absl::StrContains(status.error_message(), "message larger than max")) return "";
      return absl::StrCat("the network is larger than ", where,
                          " accepts, even without weights; raise the server's message limit (", status.error_message(),
                          ")");
    case grpc::StatusCode::CANCELLED:
      return absl::StrCat("the call to ", where, " was cancelled");
    default:
      return "";
  }
}

}  // namespace

absl::Status ToStatus(const grpc::Status& status, const CallTarget& target) {
  if (status.ok()) return absl::OkStatus();
  const Details details = ReadDetails(status);
  std::string message;
  if (details.reason.empty()) message = OwnMessage(status, target);
  if (message.empty()) message = status.error_message();
  if (message.empty()) message = absl::StrCat("the server failed without saying why (code ", status.error_code(), ")");
  Error error(static_cast<absl::StatusCode>(status.error_code()),
              details.reason.empty() ? absl::StatusCodeToString(static_cast<absl::StatusCode>(status.error_code()))
                                     : details.reason,
              message);
  error.Field(details.field);
  for (const auto& [key, value] : details.info.metadata()) error.With(key, value);
  return error;
}

}  // namespace latimer::cli
