#include "server/access/access_control.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/clock.h"
#include "server/fleet/secrets.h"
#include "server/status_mapping.h"

namespace latimer::server {
namespace {

// Callers without tokens that are told apart; beyond it they share one's quotas.
constexpr size_t kMostOthers = 4096;
constexpr int64_t kLogPauseMs = 1000;
constexpr absl::string_view kHowToGetIn =
    "send a token (latimer: --token-file or LATIMER_TOKEN); an administrator makes one with: latimer token create "
    "--role estimate";

Role AnonymousRole(const AccessOptions& options, bool loopback, bool has_data_folder) {
  if (options.anonymous.has_value()) return *options.anonymous;
  if (loopback) return Role::kAdmin;
  return has_data_folder ? Role::kNone : Role::kEstimate;
}

bool HasQuotas(const AccessOptions& options) {
  return options.requests_per_second > 0 || options.bytes_per_second > 0 || options.streams != AccessOptions().streams;
}

absl::Status Unauthenticated(absl::string_view reason, absl::string_view message) {
  return Error(absl::StatusCode::kUnauthenticated, reason, message);
}

// "ipv4:10.0.0.7:5000" -> "10.0.0.7": the port changes with every connection.
std::string HostOf(const std::string& peer) {
  absl::string_view host = peer;
  if (const size_t colon = host.rfind(':'); colon != absl::string_view::npos && colon > 5) host = host.substr(0, colon);
  absl::ConsumePrefix(&host, "ipv4:");
  absl::ConsumePrefix(&host, "ipv6:");
  return std::string(host);
}

}  // namespace

StreamPass& StreamPass::operator=(StreamPass&& other) noexcept {
  std::swap(access_, other.access_);
  std::swap(caller_, other.caller_);
  std::swap(needed_, other.needed_);
  return *this;
}

StreamPass::~StreamPass() {
  if (caller_ != nullptr) caller_->CloseStream();
}

absl::Status StreamPass::Next(size_t bytes) {
  if (access_ != nullptr) {
    LATIMER_RETURN_IF_ERROR(access_->CheckSize(bytes));
  }
  LATIMER_RETURN_IF_ERROR(Check());
  if (caller_ == nullptr) return absl::OkStatus();
  const absl::Status status = caller_->Spend(bytes);
  return status.ok() ? status : access_->Refused(status, caller_->description());
}

absl::Status StreamPass::Check() {
  if (caller_ == nullptr) return absl::OkStatus();
  const absl::Status status = caller_->Check(needed_, NowMs());
  return status.ok() ? status : access_->Refused(status, caller_->description());
}

AccessControl::AccessControl(AccessOptions options, bool loopback, bool has_data_folder, Logger* logger)
    : options_(std::move(options)),
      anonymous_(AnonymousRole(options_, loopback, has_data_folder)),
      everything_(anonymous_ == Role::kAdmin && !HasQuotas(options_)),
      logger_(logger) {}

absl::Status AccessControl::UseStore(Store* store) {
  LATIMER_ASSIGN_OR_RETURN(const std::vector<Store::ClientRecord> clients, store->ListClients());
  store_ = store;
  MutexLock lock(&mutex_);
  for (const Store::ClientRecord& client : clients) AddLocked(client);
  return absl::OkStatus();
}

void AccessControl::AddLocked(const Store::ClientRecord& record) {
  if (const auto old = hashes_.find(record.id); old != hashes_.end()) by_hash_.erase(old->second);
  auto caller = std::make_shared<Caller>(absl::StrCat("client '", record.id, "'"),
                                         static_cast<Role>(std::clamp(static_cast<int>(record.role), 0, 3)),
                                         record.expire_ms, options_);
  // Revoked ones stay, so that their owners learn why they are refused.
  if (record.revoked) caller->Revoke();
  by_hash_[record.token_hash] = std::move(caller);
  hashes_[record.id] = record.token_hash;
}

std::string AccessControl::Describe() const {
  if (everything_) return "everybody who reaches this server may do everything";
  std::string text = absl::StrCat("callers without a token may do: ",
                                  anonymous_ == Role::kAdmin ? "everything" : RoleName(anonymous_));
  for (const auto& [name, role] : options_.certificate_roles) {
    absl::StrAppend(&text, "; certificate ", name, ": ", RoleName(role));
  }
  return text;
}

bool AccessControl::HasAdmin() const {
  if (anonymous_ == Role::kAdmin) return true;
  for (const auto& [name, role] : options_.certificate_roles) {
    if (role == Role::kAdmin) return true;
  }
  MutexLock lock(&mutex_);
  return std::any_of(by_hash_.begin(), by_hash_.end(),
                     [](const auto& entry) { return entry.second->Check(Role::kAdmin, NowMs()).ok(); });
}

absl::Status AccessControl::Refused(const absl::Status& status, absl::string_view caller) {
  const std::optional<ErrorDetails> details = GetErrorDetails(status);
  const std::string reason = details.has_value() ? details->reason : absl::StatusCodeToString(status.code());
  {
    // Whoever is refused often does not fill the disk with it.
    MutexLock lock(&mutex_);
    int64_t& last = logged_ms_[reason];
    const int64_t now = NowMs();
    if (now - last < kLogPauseMs) return status;
    last = now;
  }
  LogTo(logger_, LogLevel::kWarning, "call refused", {{"reason", reason}, {"caller", caller}});
  return status;
}

absl::StatusOr<std::shared_ptr<Caller>> AccessControl::ByToken(absl::string_view token) {
  if (absl::StartsWith(token, kAgentPrefix) || absl::StartsWith(token, kEnrolmentPrefix)) {
    return Unauthenticated(
        "WRONG_KIND_OF_CREDENTIAL",
        absl::StrCat("this is a board's ", absl::StartsWith(token, kAgentPrefix) ? "credential" : "token",
                     ", good for agents only; ", kHowToGetIn));
  }
  const std::string hash = HashSecret(token);
  MutexLock lock(&mutex_);
  // Found by its hash, so the time this takes tells nothing about tokens there are.
  const auto found = by_hash_.find(hash);
  if (found == by_hash_.end()) {
    return Unauthenticated("BAD_CREDENTIAL", absl::StrCat("the token is unknown to this server; ", kHowToGetIn));
  }
  return found->second;
}

std::shared_ptr<Caller> AccessControl::Remembered(const std::string& key, const std::string& description, Role role) {
  MutexLock lock(&mutex_);
  if (const auto found = others_.find(key); found != others_.end()) return found->second;
  if (others_.size() >= kMostOthers) {
    for (auto at = others_.begin(); at != others_.end();) {
      at = at->second->Idle() ? others_.erase(at) : std::next(at);
    }
  }
  if (others_.size() >= kMostOthers) {
    std::shared_ptr<Caller>& rest = others_[absl::StrCat("rest ", RoleName(role))];
    if (rest == nullptr) rest = std::make_shared<Caller>("one of very many callers", role, 0, options_);
    return rest;
  }
  return others_[key] = std::make_shared<Caller>(description, role, 0, options_);
}

absl::StatusOr<std::shared_ptr<Caller>> AccessControl::Identify(const grpc::CallbackServerContext& context) {
  const auto& metadata = context.client_metadata();
  if (const auto found = metadata.find("authorization"); found != metadata.end()) {
    absl::string_view value(found->second.data(), found->second.size());
    if (!absl::ConsumePrefix(&value, "Bearer ")) {
      return Unauthenticated("BAD_CREDENTIAL", "the metadata 'authorization' is not 'Bearer TOKEN'");
    }
    return ByToken(value);
  }
  if (!options_.certificate_roles.empty()) {
    const std::shared_ptr<const grpc::AuthContext> proof = context.auth_context();
    std::string name;
    if (proof != nullptr && proof->IsPeerAuthenticated()) {
      for (const grpc::string_ref& value : proof->FindPropertyValues("x509_common_name")) {
        name.assign(value.data(), value.size());
      }
    }
    for (const auto& [known, role] : options_.certificate_roles) {
      if (name.empty() || (known != name && known != "*")) continue;
      return Remembered(absl::StrCat("cn ", name), absl::StrCat("certificate '", name, "'"),
                        std::max(role, anonymous_));
    }
  }
  const std::string host = HostOf(context.peer());
  return Remembered(absl::StrCat("host ", host), absl::StrCat("a caller at ", host, " without a token"), anonymous_);
}

absl::Status AccessControl::CheckSize(size_t bytes) const {
  const int64_t most = options_.most_request_bytes;
  if (most < 0 || bytes <= static_cast<uint64_t>(most)) return absl::OkStatus();
  return ResourceExhausted("REQUEST_TOO_LARGE",
                           absl::StrCat("the request has ", bytes, " bytes; this server takes ", most,
                                        " (--max-message-mb). Networks need no weights: leave the data of "
                                        "initializers away"));
}

absl::Status AccessControl::Admit(const grpc::CallbackServerContext& context, Role needed, size_t request_bytes) {
  LATIMER_RETURN_IF_ERROR(CheckSize(request_bytes));
  if (everything_) return absl::OkStatus();
  const absl::StatusOr<std::shared_ptr<Caller>> caller = Identify(context);
  if (!caller.ok()) return Refused(caller.status(), HostOf(context.peer()));
  absl::Status status = (*caller)->Check(needed, NowMs());
  if (status.code() == absl::StatusCode::kPermissionDenied && context.client_metadata().count("authorization") == 0 &&
      (*caller)->role() == Role::kNone) {
    status = Unauthenticated("NO_CREDENTIAL", absl::StrCat("this server asks who calls; ", kHowToGetIn));
  }
  if (status.ok()) status = (*caller)->Spend(request_bytes);
  return status.ok() ? status : Refused(status, (*caller)->description());
}

absl::StatusOr<StreamPass> AccessControl::AdmitStream(const grpc::CallbackServerContext& context, Role needed) {
  if (everything_) return StreamPass(this, nullptr, needed);
  LATIMER_RETURN_IF_ERROR(Admit(context, needed, 0));
  LATIMER_ASSIGN_OR_RETURN(std::shared_ptr<Caller> caller, Identify(context));
  if (const absl::Status status = caller->OpenStream(); !status.ok()) return Refused(status, caller->description());
  return StreamPass(this, std::move(caller), needed);
}

grpc::ServerUnaryReactor* AccessControl::Refuse(grpc::CallbackServerContext* context, Role needed,
                                                size_t request_bytes) {
  const absl::Status status = Admit(*context, needed, request_bytes);
  if (status.ok()) return nullptr;
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

}  // namespace latimer::server
