// AdminService: clients and backups.
#ifndef LATIMER_SERVER_ACCESS_ADMIN_SERVICE_H_
#define LATIMER_SERVER_ACCESS_ADMIN_SERVICE_H_

#include <atomic>
#include <set>
#include <string>

#include "core/base/mutex.h"
#include "latimer/v1/admin_service.grpc.pb.h"
#include "server/access/access_control.h"
#include "server/fleet/serial_executor.h"
#include "server/log.h"
#include "server/store/store.h"

namespace latimer::server {

class BackupReactor;

class AdminServiceImpl final : public v1::AdminService::CallbackService {
 public:
  // Copies for backups are made in `folder` and removed when they are sent; those a killed server left are removed now.
  AdminServiceImpl(AccessControl* access, Store* store, SerialExecutor* executor, std::string folder, Logger* logger);

  grpc::ServerUnaryReactor* CreateClient(grpc::CallbackServerContext* context, const v1::CreateClientRequest* request,
                                         v1::CreateClientResponse* response) override;
  grpc::ServerUnaryReactor* ListClients(grpc::CallbackServerContext* context, const v1::ListClientsRequest* request,
                                        v1::ListClientsResponse* response) override;
  grpc::ServerUnaryReactor* RevokeClient(grpc::CallbackServerContext* context, const v1::RevokeClientRequest* request,
                                         v1::Client* response) override;
  grpc::ServerWriteReactor<v1::BackupResponse>* Backup(grpc::CallbackServerContext* context,
                                                       const v1::BackupRequest* request) override;

  // Ends a backup that is under way: the server stops.
  void Drain() { draining_ = true; }

 private:
  friend class BackupReactor;

  AccessControl* const access_;
  Store* const store_;
  SerialExecutor* const executor_;
  const std::string folder_;
  Logger* const logger_;
  std::atomic<bool> draining_{false};
  std::atomic<bool> busy_{false};  // one backup at a time
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_ACCESS_ADMIN_SERVICE_H_
