// AgentService and FleetService over a Fleet.
#ifndef LATIMER_SERVER_FLEET_FLEET_SERVICES_H_
#define LATIMER_SERVER_FLEET_FLEET_SERVICES_H_

#include "latimer/v1/agent_service.grpc.pb.h"
#include "latimer/v1/fleet_service.grpc.pb.h"
#include "server/access/access_control.h"
#include "server/fleet/fleet.h"
#include "server/fleet/serial_executor.h"

namespace latimer::server {

class AgentServiceImpl final : public v1::AgentService::CallbackService {
 public:
  AgentServiceImpl(AccessControl* access, Fleet* fleet, SerialExecutor* executor)
      : access_(access), fleet_(fleet), executor_(executor) {}

  grpc::ServerUnaryReactor* Enroll(grpc::CallbackServerContext* context, const v1::EnrollRequest* request,
                                   v1::EnrollResponse* response) override;
  grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse>* Session(
      grpc::CallbackServerContext* context) override;

 private:
  AccessControl* const access_;
  Fleet* const fleet_;
  SerialExecutor* const executor_;
};

class FleetServiceImpl final : public v1::FleetService::CallbackService {
 public:
  FleetServiceImpl(AccessControl* access, Fleet* fleet, SerialExecutor* executor)
      : access_(access), fleet_(fleet), executor_(executor) {}

  grpc::ServerUnaryReactor* CreateToken(grpc::CallbackServerContext* context, const v1::CreateTokenRequest* request,
                                        v1::CreateTokenResponse* response) override;
  grpc::ServerUnaryReactor* ListAgents(grpc::CallbackServerContext* context, const v1::ListAgentsRequest* request,
                                       v1::ListAgentsResponse* response) override;
  grpc::ServerUnaryReactor* RevokeAgent(grpc::CallbackServerContext* context, const v1::RevokeAgentRequest* request,
                                        v1::Agent* response) override;
  grpc::ServerUnaryReactor* AcceptFingerprint(grpc::CallbackServerContext* context,
                                              const v1::AcceptFingerprintRequest* request,
                                              v1::Agent* response) override;

 private:
  AccessControl* const access_;
  Fleet* const fleet_;
  SerialExecutor* const executor_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_FLEET_FLEET_SERVICES_H_
