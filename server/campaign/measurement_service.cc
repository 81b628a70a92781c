#include "server/campaign/measurement_service.h"

#include <utility>

#include "server/status_mapping.h"

namespace latimer::server {

grpc::ServerUnaryReactor* MeasurementServiceImpl::MeasureNetwork(grpc::CallbackServerContext* context,
                                                                 const v1::MeasureNetworkRequest* request,
                                                                 v1::MeasureNetworkResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  executor_->Post([this, context, request, response, reactor] {
    desk_->Measure(
        *request, [context] { return context->IsCancelled(); },
        [reactor, response](const absl::Status& status, v1::MeasureNetworkResponse answer) {
          *response = std::move(answer);
          reactor->Finish(ToGrpcStatus(status));
        });
  });
  return reactor;
}

}  // namespace latimer::server
