// CampaignService over a CampaignManager.
#ifndef LATIMER_SERVER_CAMPAIGN_CAMPAIGN_SERVICE_H_
#define LATIMER_SERVER_CAMPAIGN_CAMPAIGN_SERVICE_H_

#include <set>

#include "core/base/mutex.h"
#include "latimer/v1/campaign_service.grpc.pb.h"
#include "server/access/access_control.h"
#include "server/campaign/campaign_manager.h"

namespace latimer::server {

class WatchReactor;

class CampaignServiceImpl final : public v1::CampaignService::CallbackService {
 public:
  // `planner` plans campaigns, and waits for `executor`.
  CampaignServiceImpl(AccessControl* access, CampaignManager* manager, SerialExecutor* executor,
                      SerialExecutor* planner)
      : access_(access), manager_(manager), executor_(executor), planner_(planner) {}

  grpc::ServerUnaryReactor* CreateCampaign(grpc::CallbackServerContext* context,
                                           const v1::CreateCampaignRequest* request, v1::Campaign* response) override;
  grpc::ServerUnaryReactor* GetCampaign(grpc::CallbackServerContext* context, const v1::GetCampaignRequest* request,
                                        v1::Campaign* response) override;
  grpc::ServerUnaryReactor* ListCampaigns(grpc::CallbackServerContext* context, const v1::ListCampaignsRequest* request,
                                          v1::ListCampaignsResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchCampaignResponse>* WatchCampaign(grpc::CallbackServerContext* context,
                                                                     const v1::WatchCampaignRequest* request) override;
  grpc::ServerUnaryReactor* CancelCampaign(grpc::CallbackServerContext* context,
                                           const v1::CancelCampaignRequest* request, v1::Campaign* response) override;

  // Ends all watches: the server stops.
  void Drain();

 private:
  friend class WatchReactor;
  bool Add(WatchReactor* watch);
  void Remove(WatchReactor* watch);

  AccessControl* const access_;
  CampaignManager* const manager_;
  SerialExecutor* const executor_;
  SerialExecutor* const planner_;
  Mutex mutex_;
  std::set<WatchReactor*> watches_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_CAMPAIGN_CAMPAIGN_SERVICE_H_
