// latimer.v1.EstimationService over gRPC's callback interface. Requests arrive as bytes, so that answers can come from
// the cache without parsing and messages live on arenas.
#ifndef LATIMER_SERVER_ESTIMATION_SERVICE_H_
#define LATIMER_SERVER_ESTIMATION_SERVICE_H_

#include "latimer/v1/estimation_service.grpc.pb.h"
#include "server/estimate_stream.h"
#include "server/rpc_support.h"

namespace latimer::server {

class EstimationServiceImpl final
    : public v1::EstimationService::WithRawCallbackMethod_Estimate<
          v1::EstimationService::WithRawCallbackMethod_EstimateStream<
              v1::EstimationService::WithRawCallbackMethod_EstimatePlatforms<v1::EstimationService::Service>>> {
 public:
  EstimationServiceImpl(const ServiceParts& parts, StreamRegistry* streams) : parts_(parts), streams_(streams) {}

  grpc::ServerUnaryReactor* Estimate(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* EstimateStream(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* EstimatePlatforms(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                              grpc::ByteBuffer* response) override;

 private:
  const ServiceParts parts_;
  StreamRegistry* const streams_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_ESTIMATION_SERVICE_H_
