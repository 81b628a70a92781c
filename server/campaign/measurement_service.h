// MeasurementService over a MeasurementDesk.
#ifndef LATIMER_SERVER_CAMPAIGN_MEASUREMENT_SERVICE_H_
#define LATIMER_SERVER_CAMPAIGN_MEASUREMENT_SERVICE_H_

#include "latimer/v1/measurement_service.grpc.pb.h"
#include "server/campaign/measurement_desk.h"
#include "server/fleet/serial_executor.h"

namespace latimer::server {

class MeasurementServiceImpl final : public v1::MeasurementService::CallbackService {
 public:
  MeasurementServiceImpl(MeasurementDesk* desk, SerialExecutor* executor) : desk_(desk), executor_(executor) {}

  grpc::ServerUnaryReactor* MeasureNetwork(grpc::CallbackServerContext* context,
                                           const v1::MeasureNetworkRequest* request,
                                           v1::MeasureNetworkResponse* response) override;

 private:
  MeasurementDesk* const desk_;
  SerialExecutor* const executor_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_CAMPAIGN_MEASUREMENT_SERVICE_H_
