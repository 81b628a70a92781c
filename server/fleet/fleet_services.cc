#include "server/fleet/fleet_services.h"

#include "server/fleet/on_executor.h"

namespace latimer::server {

grpc::ServerUnaryReactor* AgentServiceImpl::Enroll(grpc::CallbackServerContext* context,
                                                   const v1::EnrollRequest* request, v1::EnrollResponse* response) {
  // Its token is its permission.
  if (auto* refused = access_->Refuse(context, Role::kNone, *request)) return refused;
  return OnExecutor(executor_, context, response, [this, request] { return fleet_->Enroll(*request); });
}

grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse>* AgentServiceImpl::Session(
    grpc::CallbackServerContext* context) {
  return new AgentSession(access_, fleet_, executor_, context);  // deletes itself
}

grpc::ServerUnaryReactor* FleetServiceImpl::CreateToken(grpc::CallbackServerContext* context,
                                                        const v1::CreateTokenRequest* request,
                                                        v1::CreateTokenResponse* response) {
  if (auto* refused = access_->Refuse(context, Role::kAdmin, *request)) return refused;
  return OnExecutor(executor_, context, response, [this, request] { return fleet_->CreateToken(*request); });
}

grpc::ServerUnaryReactor* FleetServiceImpl::ListAgents(grpc::CallbackServerContext* context,
                                                       const v1::ListAgentsRequest* request,
                                                       v1::ListAgentsResponse* response) {
  if (auto* refused = access_->Refuse(context, Role::kOperate, *request)) return refused;
  return OnExecutor(executor_, context, response, [this, request] { return fleet_->ListAgents(*request); });
}

grpc::ServerUnaryReactor* FleetServiceImpl::RevokeAgent(grpc::CallbackServerContext* context,
                                                        const v1::RevokeAgentRequest* request, v1::Agent* response) {
  if (auto* refused = access_->Refuse(context, Role::kAdmin, *request)) return refused;
  return OnExecutor(executor_, context, response, [this, request] { return fleet_->RevokeAgent(request->name()); });
}

grpc::ServerUnaryReactor* FleetServiceImpl::AcceptFingerprint(grpc::CallbackServerContext* context,
                                                              const v1::AcceptFingerprintRequest* request,
                                                              v1::Agent* response) {
  if (auto* refused = access_->Refuse(context, Role::kOperate, *request)) return refused;
  return OnExecutor(executor_, context, response,
                    [this, request] { return fleet_->AcceptFingerprint(request->name()); });
}

}  // namespace latimer::server
