// Clients and their roles.
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/store/store.h"

namespace latimer::server {

absl::Status Store::AddClient(const ClientRecord& client) {
  MutexLock lock(&mutex_);
  LATIMER_RETURN_IF_ERROR(
      database_
          ->Prepare("INSERT INTO clients(id, token_hash, role, create_ms, expire_ms) VALUES(?,?,?,?,?) "
                    "ON CONFLICT(id) DO UPDATE SET token_hash=excluded.token_hash, role=excluded.role, "
                    "create_ms=excluded.create_ms, expire_ms=excluded.expire_ms, revoked=0 WHERE revoked=1")
          .Bind(client.id)
          .Bind(client.token_hash)
          .Bind(static_cast<int>(client.role))
          .Bind(client.create_ms)
          .Bind(client.expire_ms)
          .Run());
  if (database_->changes() == 1) return absl::OkStatus();
  return Error(absl::StatusCode::kAlreadyExists, "CLIENT_EXISTS",
               absl::StrCat("there is a client '", client.id, "'; revoke it first, or choose another name"))
      .Field("name");
}

absl::StatusOr<std::vector<Store::ClientRecord>> Store::ListClients() {
  MutexLock lock(&mutex_);
  std::vector<ClientRecord> clients;
  Statement row =
      database_->Prepare("SELECT id, token_hash, role, create_ms, expire_ms, revoked FROM clients ORDER BY id");
  while (true) {
    LATIMER_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return clients;
    clients.push_back({row.Text(0), row.Text(1), static_cast<v1::Role>(row.Integer(2)), row.Integer(3), row.Integer(4),
                       row.Integer(5) != 0});
  }
}

absl::Status Store::RevokeClient(absl::string_view id) {
  MutexLock lock(&mutex_);
  return database_->Prepare("UPDATE clients SET revoked=1 WHERE id=?").Bind(id).Run();
}

}  // namespace latimer::server
