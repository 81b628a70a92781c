// Clients with tokens, as administrators see them.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/access/access_control.h"
#include "server/clock.h"
#include "server/fleet/enrollment.h"
#include "server/fleet/secrets.h"

namespace latimer::server {
namespace {

constexpr int kDefaultPageSize = 50;
constexpr int kMostPageSize = 1000;
constexpr absl::string_view kPagePrefix = "after:";
constexpr double kLongestLife = 10 * 366 * 86400.0;
constexpr size_t kMostClients = 10'000;

std::string ClientId(absl::string_view name) { return std::string(absl::StripPrefix(name, "clients/")); }

v1::Client ToClient(const Store::ClientRecord& record) {
  v1::Client client;
  client.set_name(absl::StrCat("clients/", record.id));
  client.set_role(record.role);
  client.set_create_time_unix_ms(record.create_ms);
  client.set_expire_time_unix_ms(record.expire_ms);
  client.set_revoked(record.revoked);
  return client;
}

}  // namespace

absl::StatusOr<v1::CreateClientResponse> AccessControl::CreateClient(const v1::CreateClientRequest& request) {
  Store::ClientRecord record;
  record.id = ClientId(request.name());
  if (!IsPlatformId(record.id)) {
    return InvalidArgument("BAD_NAME", absl::StrCat("'", record.id,
                                                    "' is no name of a client; use at most 63 lower-case letters, "
                                                    "digits and dashes, for example 'ci'"))
        .Field("name");
  }
  if (request.role() < v1::ROLE_ESTIMATE || request.role() > v1::ROLE_ADMIN) {
    return InvalidArgument("BAD_ROLE", "a client has the role estimate, operate or admin").Field("role");
  }
  if (!(request.lifetime_seconds() >= 0 && request.lifetime_seconds() <= kLongestLife)) {
    return InvalidArgument("BAD_LIFETIME", "lifetime_seconds lies between 0 and ten years").Field("lifetime_seconds");
  }
  record.role = request.role();
  record.create_ms = NowMs();
  if (request.lifetime_seconds() > 0) {
    record.expire_ms = record.create_ms + static_cast<int64_t>(request.lifetime_seconds() * 1000);
  }
  v1::CreateClientResponse response;
  response.set_token(NewSecret(kClientPrefix));
  record.token_hash = HashSecret(response.token());
  *response.mutable_client() = ToClient(record);
  {
    MutexLock lock(&mutex_);
    if (hashes_.size() >= kMostClients && hashes_.count(record.id) == 0) {
      return ResourceExhausted("TOO_MANY_CLIENTS", absl::StrCat("there are ", kMostClients, " clients already"));
    }
  }
  // Not under the lock: every call takes it.
  LATIMER_RETURN_IF_ERROR(store_->AddClient(record));
  MutexLock lock(&mutex_);
  AddLocked(record);
  LogTo(logger_, LogLevel::kInfo, "client added",
        {{"client", record.id}, {"role", RoleName(static_cast<Role>(record.role))}});
  return response;
}

absl::StatusOr<v1::ListClientsResponse> AccessControl::ListClients(const v1::ListClientsRequest& request) {
  if (request.page_size() < 0) {
    return InvalidArgument("BAD_PAGE_SIZE", absl::StrCat("page_size is ", request.page_size(), "; it is not negative"))
        .Field("page_size");
  }
  absl::string_view after = request.page_token();
  if (!after.empty() && !absl::ConsumePrefix(&after, kPagePrefix)) {
    return InvalidArgument("BAD_PAGE_TOKEN", "page_token is not one this call returned").Field("page_token");
  }
  const int size = request.page_size() == 0 ? kDefaultPageSize : std::min(request.page_size(), kMostPageSize);
  LATIMER_ASSIGN_OR_RETURN(const std::vector<Store::ClientRecord> clients, store_->ListClients());
  v1::ListClientsResponse response;
  for (const Store::ClientRecord& record : clients) {
    if (record.id <= after) continue;
    if (response.clients_size() == size) {
      response.set_next_page_token(absl::StrCat(kPagePrefix, ClientId(response.clients().rbegin()->name())));
      break;
    }
    *response.add_clients() = ToClient(record);
  }
  return response;
}

absl::StatusOr<v1::Client> AccessControl::RevokeClient(const v1::RevokeClientRequest& request) {
  const std::string id = ClientId(request.name());
  LATIMER_ASSIGN_OR_RETURN(const std::vector<Store::ClientRecord> clients, store_->ListClients());
  const auto found =
      std::find_if(clients.begin(), clients.end(), [&](const Store::ClientRecord& record) { return record.id == id; });
  if (found == clients.end()) {
    return NotFound("UNKNOWN_CLIENT", absl::StrCat("there is no client '", id, "'; see: latimer clients"))
        .Field("name");
  }
  LATIMER_RETURN_IF_ERROR(store_->RevokeClient(id));
  MutexLock lock(&mutex_);
  if (const auto hash = hashes_.find(id); hash != hashes_.end()) by_hash_[hash->second]->Revoke();
  LogTo(logger_, LogLevel::kInfo, "client revoked", {{"client", id}});
  Store::ClientRecord record = *found;
  record.revoked = true;
  return ToClient(record);
}

}  // namespace latimer::server
