// The calls of administrators: clients and backups.
//
// Safe for concurrent use. Every call blocks until the answer is there or the timeout has passed.
#ifndef LATIMER_CLI_CLIENT_ADMIN_CLIENT_H_
#define LATIMER_CLI_CLIENT_ADMIN_CLIENT_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/client/connection.h"
#include "cli/client/rpc_error.h"
#include "grpcpp/channel.h"
#include "latimer/v1/admin_service.grpc.pb.h"

namespace latimer::cli {

class AdminClient {
 public:
  // `options` only say how long calls may take and how to speak of the server.
  AdminClient(const std::shared_ptr<grpc::Channel>& channel, const ConnectionOptions& options);

  absl::StatusOr<v1::CreateClientResponse> CreateClient(const v1::CreateClientRequest& request);
  // All clients, from all pages.
  absl::StatusOr<std::vector<v1::Client>> ListClients();
  absl::StatusOr<v1::Client> RevokeClient(const std::string& name);

  // Hands the bytes of a backup to `take` in order; its error ends the call. `total` of `take`: of the whole file. The
  // timeout is that of each part. Errors: those of the call and of `take`; DATA_LOSS (not all came, or not as it was).
  absl::Status Backup(const std::function<absl::Status(absl::string_view bytes, int64_t total)>& take);

 private:
  std::unique_ptr<grpc::ClientContext> NewContext() const;

  const CallTarget target_;
  const std::unique_ptr<v1::AdminService::Stub> admin_;
};

}  // namespace latimer::cli

#endif  // LATIMER_CLI_CLIENT_ADMIN_CLIENT_H_
