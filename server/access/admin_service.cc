#include "server/access/admin_service.h"

#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "server/access/backup_stream.h"
#include "server/fleet/on_executor.h"
#include "server/fleet/secrets.h"

namespace latimer::server {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kCopyPrefix = "backup-";

}  // namespace

AdminServiceImpl::AdminServiceImpl(AccessControl* access, Store* store, SerialExecutor* executor, std::string folder,
                                   Logger* logger)
    : access_(access), store_(store), executor_(executor), folder_(std::move(folder)), logger_(logger) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, ignored)) {
    if (absl::StartsWith(entry.path().filename().string(), kCopyPrefix)) fs::remove(entry.path(), ignored);
  }
}

grpc::ServerUnaryReactor* AdminServiceImpl::CreateClient(grpc::CallbackServerContext* context,
                                                         const v1::CreateClientRequest* request,
                                                         v1::CreateClientResponse* response) {
  if (auto* refused = access_->Refuse(context, Role::kAdmin, *request)) return refused;
  return OnExecutor(executor_, context, response, [this, request] { return access_->CreateClient(*request); });
}

grpc::ServerUnaryReactor* AdminServiceImpl::ListClients(grpc::CallbackServerContext* context,
                                                        const v1::ListClientsRequest* request,
                                                        v1::ListClientsResponse* response) {
  if (auto* refused = access_->Refuse(context, Role::kAdmin, *request)) return refused;
  return OnExecutor(executor_, context, response, [this, request] { return access_->ListClients(*request); });
}

grpc::ServerUnaryReactor* AdminServiceImpl::RevokeClient(grpc::CallbackServerContext* context,
                                                         const v1::RevokeClientRequest* request, v1::Client* response) {
  if (auto* refused = access_->Refuse(context, Role::kAdmin, *request)) return refused;
  return OnExecutor(executor_, context, response, [this, request] { return access_->RevokeClient(*request); });
}

grpc::ServerWriteReactor<v1::BackupResponse>* AdminServiceImpl::Backup(grpc::CallbackServerContext* context,
                                                                       const v1::BackupRequest*) {
  absl::StatusOr<StreamPass> pass = access_->AdmitStream(*context, Role::kAdmin);
  BackupOrder order;
  order.store = store_;
  order.file = (fs::path(folder_) / (std::string(kCopyPrefix) + NewId())).string();
  order.busy = &busy_;
  order.draining = &draining_;
  order.logger = logger_;
  if (pass.ok()) order.pass = *std::move(pass);
  return StartBackup(std::move(order), pass.status());  // deletes itself
}

}  // namespace latimer::server
