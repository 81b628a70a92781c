#include "server/campaign/measurement_service.h"

#include <utility>

#include "server/rpc_support.h"
#include "server/status_mapping.h"

namespace latimer::server {

grpc::ServerUnaryReactor* MeasurementServiceImpl::MeasureNetwork(grpc::CallbackServerContext* context,
                                                                 const v1::MeasureNetworkRequest* request,
                                                                 v1::MeasureNetworkResponse* response) {
  if (auto* refused = access_->Refuse(context, Role::kOperate, *request)) return refused;
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const bool queued = executor_->TryPost([this, context, request, response, reactor] {
    desk_->Measure(
        *request, [context] { return context->IsCancelled(); },
        [reactor, response](const absl::Status& status, v1::MeasureNetworkResponse answer) {
          *response = std::move(answer);
          reactor->Finish(ToGrpcStatus(status));
        });
  });
  if (!queued) reactor->Finish(ToGrpcStatus(Overloaded()));
  return reactor;
}

grpc::ServerUnaryReactor* MeasurementServiceImpl::ImportReports(grpc::CallbackServerContext* context,
                                                                const v1::ImportReportsRequest* request,
                                                                v1::ImportReportsResponse* response) {
  if (auto* refused = access_->Refuse(context, Role::kOperate, *request)) return refused;
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  imports_->Import(request, [reactor, response](const absl::Status& status, v1::ImportReportsResponse answer) {
    *response = std::move(answer);
    reactor->Finish(ToGrpcStatus(status));
  });
  return reactor;
}

}  // namespace latimer::server
