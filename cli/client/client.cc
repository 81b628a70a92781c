#include "cli/client/client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "grpcpp/client_context.h"

namespace latimer::cli {

Client::Client(std::shared_ptr<grpc::Channel> channel, const ConnectionOptions& options)
    : channel_(std::move(channel)),
      target_{options.server, options.uses_tls(), options.timeout},
      estimation_(v1::EstimationService::NewStub(channel_)),
      network_(v1::NetworkService::NewStub(channel_)),
      platform_(v1::PlatformService::NewStub(channel_)) {}

std::unique_ptr<grpc::ClientContext> Client::NewContext() const {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(absl::ToChronoTime(absl::Now() + target_.timeout));
  return context;
}

absl::StatusOr<std::vector<v1::NetworkEstimate>> Client::Estimate(const std::vector<std::string>& platforms,
                                                                  const v1::NetworkSource& network,
                                                                  const v1::EstimateOptions& options) {
  v1::EstimatePlatformsRequest request;
  for (const std::string& platform : platforms) request.add_platforms(platform);
  *request.mutable_network() = network;
  *request.mutable_options() = options;
  v1::EstimatePlatformsResponse response;
  const absl::Status status = ToStatus(estimation_->EstimatePlatforms(NewContext().get(), request, &response), target_);
  if (!status.ok()) return status;
  if (response.estimates_size() != request.platforms_size()) {
    return Error(absl::StatusCode::kInternal, "WRONG_ANSWER",
                 absl::StrCat("the server answered ", response.estimates_size(), " estimates for ",
                              request.platforms_size(), " platforms"));
  }
  return std::vector<v1::NetworkEstimate>(std::make_move_iterator(response.mutable_estimates()->begin()),
                                          std::make_move_iterator(response.mutable_estimates()->end()));
}

absl::StatusOr<v1::DescribeNetworkResponse> Client::DescribeNetwork(const v1::NetworkSource& network) {
  v1::DescribeNetworkRequest request;
  *request.mutable_network() = network;
  v1::DescribeNetworkResponse response;
  const absl::Status status = ToStatus(network_->DescribeNetwork(NewContext().get(), request, &response), target_);
  if (!status.ok()) return status;
  return response;
}

absl::StatusOr<std::vector<v1::Platform>> Client::ListPlatforms() {
  std::vector<v1::Platform> platforms;
  v1::ListPlatformsRequest request;
  do {
    v1::ListPlatformsResponse response;
    const absl::Status status = ToStatus(platform_->ListPlatforms(NewContext().get(), request, &response), target_);
    if (!status.ok()) return status;
    for (v1::Platform& platform : *response.mutable_platforms()) platforms.push_back(std::move(platform));
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return platforms;
}

absl::StatusOr<v1::Platform> Client::GetPlatform(const std::string& name) {
  v1::GetPlatformRequest request;
  request.set_name(name);
  v1::Platform platform;
  const absl::Status status = ToStatus(platform_->GetPlatform(NewContext().get(), request, &platform), target_);
  if (!status.ok()) return status;
  return platform;
}

absl::StatusOr<std::vector<v1::Sweep>> Client::ListSweeps(const std::string& platform) {
  std::vector<v1::Sweep> sweeps;
  v1::ListSweepsRequest request;
  request.set_name(platform);
  do {
    v1::ListSweepsResponse response;
    const absl::Status status = ToStatus(platform_->ListSweeps(NewContext().get(), request, &response), target_);
    if (!status.ok()) return status;
    for (v1::Sweep& sweep : *response.mutable_sweeps()) sweeps.push_back(std::move(sweep));
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return sweeps;
}

absl::StatusOr<std::vector<v1::NetworkEvaluation>> Client::ListEvaluations(const std::string& platform,
                                                                           double confidence) {
  std::vector<v1::NetworkEvaluation> evaluations;
  v1::ListEvaluationsRequest request;
  request.set_name(platform);
  request.set_confidence(confidence);
  do {
    v1::ListEvaluationsResponse response;
    const absl::Status status = ToStatus(platform_->ListEvaluations(NewContext().get(), request, &response), target_);
    if (!status.ok()) return status;
    for (v1::NetworkEvaluation& evaluation : *response.mutable_evaluations()) {
      evaluations.push_back(std::move(evaluation));
    }
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  std::stable_sort(
      evaluations.begin(), evaluations.end(),
      [](const v1::NetworkEvaluation& a, const v1::NetworkEvaluation& b) { return a.network() < b.network(); });
  return evaluations;
}

}  // namespace latimer::cli
