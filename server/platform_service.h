// latimer.v1.PlatformService.
#ifndef LATIMER_SERVER_PLATFORM_SERVICE_H_
#define LATIMER_SERVER_PLATFORM_SERVICE_H_

#include "latimer/v1/platform_service.grpc.pb.h"
#include "server/rpc_support.h"

namespace latimer::server {

class PlatformServiceImpl final : public v1::PlatformService::CallbackService {
 public:
  explicit PlatformServiceImpl(const ServiceParts& parts) : parts_(parts) {}

  grpc::ServerUnaryReactor* ListPlatforms(grpc::CallbackServerContext* context, const v1::ListPlatformsRequest* request,
                                          v1::ListPlatformsResponse* response) override;
  grpc::ServerUnaryReactor* GetPlatform(grpc::CallbackServerContext* context, const v1::GetPlatformRequest* request,
                                        v1::Platform* response) override;

 private:
  const ServiceParts parts_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_PLATFORM_SERVICE_H_
