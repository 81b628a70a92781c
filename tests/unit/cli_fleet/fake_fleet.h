// A server with boards that exist on paper, so that the commands can be tested without any.
#ifndef LATIMER_TESTS_UNIT_CLI_FLEET_FAKE_FLEET_H_
#define LATIMER_TESTS_UNIT_CLI_FLEET_FAKE_FLEET_H_

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cli/app.h"
#include "grpcpp/server.h"
#include "latimer/v1/campaign_service.grpc.pb.h"
#include "latimer/v1/estimation_service.grpc.pb.h"
#include "latimer/v1/fleet_service.grpc.pb.h"
#include "latimer/v1/measurement_service.grpc.pb.h"
#include "latimer/v1/platform_service.grpc.pb.h"

namespace latimer::cli {

// A status with an ErrorInfo, as the real server sends them.
grpc::Status ErrorWithReason(grpc::StatusCode code, const std::string& reason, const std::string& message);

// Answers from the fields below, which tests fill before they call.
class FakeFleet final : public v1::FleetService::Service,
                        public v1::CampaignService::Service,
                        public v1::MeasurementService::Service,
                        public v1::EstimationService::Service,
                        public v1::PlatformService::Service {
 public:
  FakeFleet();
  ~FakeFleet() override;

  const std::string& address() const { return address_; }

  // Last requests.
  v1::CreateTokenRequest token_request;
  v1::CreateCampaignRequest create_request;
  std::vector<v1::MeasureNetworkRequest> measure_requests;
  v1::RollbackPlatformRequest rollback_request;

  std::vector<v1::Agent> agents;
  std::vector<v1::Campaign> campaigns;
  // What WatchCampaign sends, stream after stream: the messages of one, then the status that ends it.
  struct Stream {
    std::vector<v1::Campaign> messages;
    grpc::Status status;
    bool hold = false;  // keep the stream open until the caller goes away
  };
  std::vector<Stream> streams;
  std::atomic<int> streams_opened{0};
  // By display name of the network.
  std::map<std::string, std::function<grpc::Status(v1::MeasureNetworkResponse*)>> measurements;
  std::map<std::string, v1::Latency> estimates;
  std::vector<v1::PlatformVersion> versions;

 private:
  using Context = grpc::ServerContext;
  grpc::Status CreateToken(Context*, const v1::CreateTokenRequest*, v1::CreateTokenResponse*) override;
  grpc::Status ListAgents(Context*, const v1::ListAgentsRequest*, v1::ListAgentsResponse*) override;
  grpc::Status RevokeAgent(Context*, const v1::RevokeAgentRequest*, v1::Agent*) override;
  grpc::Status AcceptFingerprint(Context*, const v1::AcceptFingerprintRequest*, v1::Agent*) override;
  grpc::Status CreateCampaign(Context*, const v1::CreateCampaignRequest*, v1::Campaign*) override;
  grpc::Status GetCampaign(Context*, const v1::GetCampaignRequest*, v1::Campaign*) override;
  grpc::Status ListCampaigns(Context*, const v1::ListCampaignsRequest*, v1::ListCampaignsResponse*) override;
  grpc::Status WatchCampaign(Context*, const v1::WatchCampaignRequest*,
                             grpc::ServerWriter<v1::WatchCampaignResponse>*) override;
  grpc::Status CancelCampaign(Context*, const v1::CancelCampaignRequest*, v1::Campaign*) override;
  grpc::Status MeasureNetwork(Context*, const v1::MeasureNetworkRequest*, v1::MeasureNetworkResponse*) override;
  grpc::Status EstimatePlatforms(Context*, const v1::EstimatePlatformsRequest*,
                                 v1::EstimatePlatformsResponse*) override;
  grpc::Status ListPlatformVersions(Context*, const v1::ListPlatformVersionsRequest*,
                                    v1::ListPlatformVersionsResponse*) override;
  grpc::Status RollbackPlatform(Context*, const v1::RollbackPlatformRequest*, v1::Platform*) override;

  std::mutex mutex_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

// What a run of the tool left behind.
struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

// Runs the tool; with `fleet`, --server is appended.
Outcome RunTool(
    std::vector<std::string> arguments, const FakeFleet* fleet = nullptr,
    Interrupted interrupted = [] { return false; });

v1::Measurement TimedMeasurement(double median_ms, double board_seconds = 1);

}  // namespace latimer::cli

#endif  // LATIMER_TESTS_UNIT_CLI_FLEET_FAKE_FLEET_H_
