// latimer.v1.NetworkService.
#ifndef LATIMER_SERVER_NETWORK_SERVICE_H_
#define LATIMER_SERVER_NETWORK_SERVICE_H_

#include "latimer/v1/network_service.grpc.pb.h"
#include "server/rpc_support.h"

namespace latimer::server {

class NetworkServiceImpl final
    : public v1::NetworkService::WithRawCallbackMethod_DescribeNetwork<v1::NetworkService::Service> {
 public:
  explicit NetworkServiceImpl(const ServiceParts& parts) : parts_(parts) {}

  grpc::ServerUnaryReactor* DescribeNetwork(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                            grpc::ByteBuffer* response) override;

 private:
  const ServiceParts parts_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_NETWORK_SERVICE_H_
