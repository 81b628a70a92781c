// The calls about boards, campaigns and measurements, with deadlines and readable errors.
//
// Safe for concurrent use. Every call blocks until the answer is there or the timeout has passed.
#ifndef LATIMER_CLI_CLIENT_FLEET_CLIENT_H_
#define LATIMER_CLI_CLIENT_FLEET_CLIENT_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/client/connection.h"
#include "cli/client/rpc_error.h"
#include "cli/terminal/interrupt.h"
#include "grpcpp/channel.h"
#include "latimer/v1/campaign_service.grpc.pb.h"
#include "latimer/v1/fleet_service.grpc.pb.h"
#include "latimer/v1/measurement_service.grpc.pb.h"
#include "latimer/v1/platform_service.grpc.pb.h"

namespace latimer::cli {

class FleetClient {
 public:
  // `options` only say how long calls may take and how to speak of the server.
  FleetClient(std::shared_ptr<grpc::Channel> channel, const ConnectionOptions& options);

  absl::StatusOr<v1::CreateTokenResponse> CreateToken(const v1::CreateTokenRequest& request);
  // All agents, from all pages. `platform` empty: of all platforms.
  absl::StatusOr<std::vector<v1::Agent>> ListAgents(const std::string& platform);
  absl::StatusOr<v1::Agent> RevokeAgent(const std::string& name);
  absl::StatusOr<v1::Agent> AcceptFingerprint(const std::string& name);

  absl::StatusOr<v1::Campaign> CreateCampaign(const v1::CreateCampaignRequest& request);
  absl::StatusOr<v1::Campaign> GetCampaign(const std::string& name);
  // All campaigns, newest first, from all pages.
  absl::StatusOr<std::vector<v1::Campaign>> ListCampaigns(const std::string& platform);
  absl::StatusOr<v1::Campaign> CancelCampaign(const std::string& name);

  // What happened while a campaign was watched.
  enum class WatchEvent {
    kChange,  // the campaign has changed
    kTick,    // nothing, for a moment: time to draw the clock again
    kLost,    // the connection broke; the next try follows
  };
  using OnWatch = std::function<void(WatchEvent event, const v1::Campaign& campaign)>;

  // Calls `on_event` on this thread after every change and several times a second between, until the campaign has
  // ended; returns it as it was then. A connection that breaks is made again, for as long as a call may take.
  // Errors: NOT_FOUND; CANCELLED with reason INTERRUPTED (`interrupted` turned true; the campaign goes on);
  // UNAVAILABLE.
  absl::StatusOr<v1::Campaign> WatchCampaign(const std::string& name, const Interrupted& interrupted,
                                             const OnWatch& on_event);

  // Errors: those of MeasureNetwork; CANCELLED with reason INTERRUPTED.
  absl::StatusOr<v1::MeasureNetworkResponse> MeasureNetwork(const v1::MeasureNetworkRequest& request,
                                                            const Interrupted& interrupted);

  // The same for ImportReports.
  absl::StatusOr<v1::ImportReportsResponse> ImportReports(const v1::ImportReportsRequest& request,
                                                          const Interrupted& interrupted);

  // All versions, newest first, from all pages.
  absl::StatusOr<std::vector<v1::PlatformVersion>> ListPlatformVersions(const std::string& platform);
  absl::StatusOr<v1::Platform> RollbackPlatform(const std::string& platform, const std::string& version);

 private:
  std::unique_ptr<grpc::ClientContext> NewContext() const;
  // One stream of WatchCampaign. `last` is kept up to date.
  absl::Status WatchOnce(const std::string& name, const Interrupted& interrupted, const OnWatch& on_event,
                         v1::Campaign* last);

  const std::shared_ptr<grpc::Channel> channel_;
  const CallTarget target_;
  const std::unique_ptr<v1::FleetService::Stub> fleet_;
  const std::unique_ptr<v1::CampaignService::Stub> campaign_;
  const std::unique_ptr<v1::MeasurementService::Stub> measurement_;
  const std::unique_ptr<v1::PlatformService::Stub> platform_;
};

// Whether a campaign in this state is over.
bool HasEnded(v1::CampaignState state);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_CLIENT_FLEET_CLIENT_H_
