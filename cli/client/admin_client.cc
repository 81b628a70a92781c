#include "cli/client/admin_client.h"

#include <openssl/evp.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "grpcpp/client_context.h"

namespace latimer::cli {
namespace {

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

absl::Status Incomplete(absl::string_view what) {
  return Error(absl::StatusCode::kDataLoss, "BACKUP_INCOMPLETE", absl::StrCat("the backup is not whole: ", what));
}

}  // namespace

AdminClient::AdminClient(const std::shared_ptr<grpc::Channel>& channel, const ConnectionOptions& options)
    : target_{options.server, options.uses_tls(), options.timeout}, admin_(v1::AdminService::NewStub(channel)) {}

std::unique_ptr<grpc::ClientContext> AdminClient::NewContext() const {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(absl::ToChronoTime(absl::Now() + target_.timeout));
  return context;
}

absl::StatusOr<v1::CreateClientResponse> AdminClient::CreateClient(const v1::CreateClientRequest& request) {
  v1::CreateClientResponse response;
  LATIMER_RETURN_IF_ERROR(ToStatus(admin_->CreateClient(NewContext().get(), request, &response), target_));
  return response;
}

absl::StatusOr<std::vector<v1::Client>> AdminClient::ListClients() {
  std::vector<v1::Client> clients;
  v1::ListClientsRequest request;
  do {
    v1::ListClientsResponse response;
    LATIMER_RETURN_IF_ERROR(ToStatus(admin_->ListClients(NewContext().get(), request, &response), target_));
    for (v1::Client& client : *response.mutable_clients()) clients.push_back(std::move(client));
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return clients;
}

absl::StatusOr<v1::Client> AdminClient::RevokeClient(const std::string& name) {
  v1::RevokeClientRequest request;
  request.set_name(name);
  v1::Client client;
  LATIMER_RETURN_IF_ERROR(ToStatus(admin_->RevokeClient(NewContext().get(), request, &client), target_));
  return client;
}

absl::Status AdminClient::Backup(const std::function<absl::Status(absl::string_view bytes, int64_t total)>& take) {
  // A large one takes long: no deadline. A server that is gone is noticed by the connection's pings.
  grpc::ClientContext context;
  const std::unique_ptr<grpc::ClientReader<v1::BackupResponse>> reader = admin_->Backup(&context, {});
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> digest(EVP_MD_CTX_new());
  EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr);
  v1::BackupResponse part;
  int64_t total = -1;
  int64_t received = 0;
  std::string sent_hash;
  absl::Status taken;
  while (taken.ok() && reader->Read(&part)) {
    if (part.has_total_bytes()) total = part.total_bytes();
    if (part.has_sha256()) sent_hash = part.sha256();
    if (!part.has_data()) continue;
    received += static_cast<int64_t>(part.data().size());
    EVP_DigestUpdate(digest.get(), part.data().data(), part.data().size());
    taken = take(part.data(), total);
  }
  if (!taken.ok()) context.TryCancel();
  const grpc::Status status = reader->Finish();
  LATIMER_RETURN_IF_ERROR(taken);
  LATIMER_RETURN_IF_ERROR(ToStatus(status, target_));
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(digest.get(), hash, &size);
  if (received != total) return Incomplete(absl::StrCat(received, " of ", total, " bytes came"));
  if (absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(hash), size)) != sent_hash) {
    return Incomplete("its checksum is another than the server's");
  }
  return absl::OkStatus();
}

}  // namespace latimer::cli
