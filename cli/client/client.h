// The calls the tool makes, with deadlines and readable errors.
//
// Safe for concurrent use. Every call blocks until the answer is there or the timeout has passed.
#ifndef LATIMER_CLI_CLIENT_CLIENT_H_
#define LATIMER_CLI_CLIENT_CLIENT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/client/connection.h"
#include "cli/client/rpc_error.h"
#include "grpcpp/channel.h"
#include "latimer/v1/estimation_service.grpc.pb.h"
#include "latimer/v1/network_service.grpc.pb.h"
#include "latimer/v1/platform_service.grpc.pb.h"

namespace latimer::cli {

class Client {
 public:
  // `options` only say how long calls may take and how to speak of the server.
  Client(std::shared_ptr<grpc::Channel> channel, const ConnectionOptions& options);

  // One estimate per platform, in their order. The network travels once.
  absl::StatusOr<std::vector<v1::NetworkEstimate>> Estimate(const std::vector<std::string>& platforms,
                                                            const v1::NetworkSource& network,
                                                            const v1::EstimateOptions& options);

  absl::StatusOr<v1::DescribeNetworkResponse> DescribeNetwork(const v1::NetworkSource& network);

  // All platforms, from all pages.
  absl::StatusOr<std::vector<v1::Platform>> ListPlatforms();

  absl::StatusOr<v1::Platform> GetPlatform(const std::string& name);

  // All sweeps of a platform, from all pages.
  absl::StatusOr<std::vector<v1::Sweep>> ListSweeps(const std::string& platform);

  // All measured networks of a platform by name, from all pages, with intervals of that level.
  absl::StatusOr<std::vector<v1::NetworkEvaluation>> ListEvaluations(const std::string& platform, double confidence);

 private:
  std::unique_ptr<grpc::ClientContext> NewContext() const;

  const std::shared_ptr<grpc::Channel> channel_;
  const CallTarget target_;
  const std::unique_ptr<v1::EstimationService::Stub> estimation_;
  const std::unique_ptr<v1::NetworkService::Stub> network_;
  const std::unique_ptr<v1::PlatformService::Stub> platform_;
};

}  // namespace latimer::cli

#endif  // LATIMER_CLI_CLIENT_CLIENT_H_
