// MeasurementService over a MeasurementDesk and an ImportDesk.
#ifndef LATIMER_SERVER_CAMPAIGN_MEASUREMENT_SERVICE_H_
#define LATIMER_SERVER_CAMPAIGN_MEASUREMENT_SERVICE_H_

#include "latimer/v1/measurement_service.grpc.pb.h"
#include "server/access/access_control.h"
#include "server/campaign/import_desk.h"
#include "server/campaign/measurement_desk.h"
#include "server/fleet/serial_executor.h"

namespace latimer::server {

class MeasurementServiceImpl final : public v1::MeasurementService::CallbackService {
 public:
  MeasurementServiceImpl(MeasurementDesk* desk, ImportDesk* imports, SerialExecutor* executor)
      : desk_(desk), imports_(imports), executor_(executor) {}

  // Before the first call.
  void UseAccess(AccessControl* access) { access_ = access; }

  grpc::ServerUnaryReactor* MeasureNetwork(grpc::CallbackServerContext* context,
                                           const v1::MeasureNetworkRequest* request,
                                           v1::MeasureNetworkResponse* response) override;

  grpc::ServerUnaryReactor* ImportReports(grpc::CallbackServerContext* context, const v1::ImportReportsRequest* request,
                                          v1::ImportReportsResponse* response) override;

 private:
  MeasurementDesk* const desk_;
  ImportDesk* const imports_;
  SerialExecutor* const executor_;
  AccessControl* access_ = nullptr;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_CAMPAIGN_MEASUREMENT_SERVICE_H_
