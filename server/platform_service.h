// latimer.v1.PlatformService.
#ifndef LATIMER_SERVER_PLATFORM_SERVICE_H_
#define LATIMER_SERVER_PLATFORM_SERVICE_H_

#include "latimer/v1/platform_service.grpc.pb.h"
#include "server/boards.h"
#include "server/platform_sweeps.h"
#include "server/rpc_support.h"

namespace latimer::server {

class PlatformServiceImpl final : public v1::PlatformService::CallbackService {
 public:
  explicit PlatformServiceImpl(const ServiceParts& parts) : parts_(parts) {}

  // Null: the server leads no boards. Before the server starts.
  void SetBoards(Boards* boards) { boards_ = boards; }

  grpc::ServerUnaryReactor* ListPlatforms(grpc::CallbackServerContext* context, const v1::ListPlatformsRequest* request,
                                          v1::ListPlatformsResponse* response) override;
  grpc::ServerUnaryReactor* GetPlatform(grpc::CallbackServerContext* context, const v1::GetPlatformRequest* request,
                                        v1::Platform* response) override;
  grpc::ServerUnaryReactor* ListPlatformVersions(grpc::CallbackServerContext* context,
                                                 const v1::ListPlatformVersionsRequest* request,
                                                 v1::ListPlatformVersionsResponse* response) override;
  grpc::ServerUnaryReactor* RollbackPlatform(grpc::CallbackServerContext* context,
                                             const v1::RollbackPlatformRequest* request,
                                             v1::Platform* response) override;
  grpc::ServerUnaryReactor* ListSweeps(grpc::CallbackServerContext* context, const v1::ListSweepsRequest* request,
                                       v1::ListSweepsResponse* response) override;
  grpc::ServerUnaryReactor* ListEvaluations(grpc::CallbackServerContext* context,
                                            const v1::ListEvaluationsRequest* request,
                                            v1::ListEvaluationsResponse* response) override;

 private:
  Store* store() const { return boards_ == nullptr ? nullptr : boards_->store(); }

  const ServiceParts parts_;
  Boards* boards_ = nullptr;
  SweepLister sweeps_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_PLATFORM_SERVICE_H_
