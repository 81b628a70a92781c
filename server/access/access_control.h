// AccessControl: decides about every call who makes it, whether it may, and whether it is too large or too early.
//
// Services ask before they do anything. A caller shows a token ("authorization: Bearer …"), or a certificate, or is
// anonymous. Where everybody may do everything and there are no quotas, only the size of a call is looked at.
//
// Safe for concurrent use.
#ifndef LATIMER_SERVER_ACCESS_ACCESS_CONTROL_H_
#define LATIMER_SERVER_ACCESS_ACCESS_CONTROL_H_

#include <google/protobuf/message_lite.h>
#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/mutex.h"
#include "latimer/v1/admin_service.pb.h"
#include "server/access/access_options.h"
#include "server/access/caller.h"
#include "server/log.h"
#include "server/store/store.h"

namespace latimer::server {

class AccessControl;

// A stream that was let in; its place is free again when this is destroyed.
class StreamPass {
 public:
  StreamPass() = default;
  StreamPass(AccessControl* access, std::shared_ptr<Caller> caller, Role needed)
      : access_(access), caller_(std::move(caller)), needed_(needed) {}
  StreamPass(StreamPass&& other) noexcept = default;
  StreamPass& operator=(StreamPass&& other) noexcept;
  ~StreamPass();

  // Whether the next message may be handled; counts it. Errors: as AccessControl::Admit.
  absl::Status Next(size_t bytes);
  // Whether the stream may go on; counts nothing. Errors: UNAUTHENTICATED.
  absl::Status Check();

 private:
  AccessControl* access_ = nullptr;
  std::shared_ptr<Caller> caller_;  // null: nothing is counted
  Role needed_ = Role::kNone;
};

class AccessControl {
 public:
  // `loopback`: only this machine can reach the server. The logger may be null.
  AccessControl(AccessOptions options, bool loopback, bool has_data_folder, Logger* logger);

  // Takes the clients of the store, and keeps new ones there. Before the first call; the store outlives this.
  absl::Status UseStore(Store* store);

  // What the log says about who may do what.
  std::string Describe() const;
  // What callers without a token and without a named certificate may do.
  Role anonymous() const { return anonymous_; }
  // Whether somebody could do what administrators do.
  bool HasAdmin() const;

  // --- Calls ---
  // Errors: UNAUTHENTICATED (no or no good token), PERMISSION_DENIED (role too low), RESOURCE_EXHAUSTED (with
  // RetryInfo: a quota; without: larger than any request may be).
  absl::Status Admit(const grpc::CallbackServerContext& context, Role needed, size_t request_bytes);
  absl::StatusOr<StreamPass> AdmitStream(const grpc::CallbackServerContext& context, Role needed);

  // RESOURCE_EXHAUSTED: no request may be that large. Part of Admit() and StreamPass::Next().
  absl::Status CheckSize(size_t bytes) const;

  // For unary calls: null, or the reactor of the call, which is refused and over.
  grpc::ServerUnaryReactor* Refuse(grpc::CallbackServerContext* context, Role needed, size_t request_bytes);
  grpc::ServerUnaryReactor* Refuse(grpc::CallbackServerContext* context, Role needed,
                                   const google::protobuf::MessageLite& request) {
    return Refuse(context, needed, request.ByteSizeLong());
  }

  // Logs the refusal, not more than once a second for one reason, and returns it.
  absl::Status Refused(const absl::Status& status, absl::string_view caller);

  // --- Clients; errors as in AdminService, and those of the store ---
  absl::StatusOr<v1::CreateClientResponse> CreateClient(const v1::CreateClientRequest& request);
  absl::StatusOr<v1::ListClientsResponse> ListClients(const v1::ListClientsRequest& request);
  absl::StatusOr<v1::Client> RevokeClient(const v1::RevokeClientRequest& request);

 private:
  absl::StatusOr<std::shared_ptr<Caller>> Identify(const grpc::CallbackServerContext& context);
  absl::StatusOr<std::shared_ptr<Caller>> ByToken(absl::string_view token);
  // The one of that key; made when it comes for the first time.
  std::shared_ptr<Caller> Remembered(const std::string& key, const std::string& description, Role role);
  void AddLocked(const Store::ClientRecord& record) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const AccessOptions options_;
  const Role anonymous_;
  const bool everything_;  // everybody may do everything, any number of times
  Logger* const logger_;
  Store* store_ = nullptr;

  mutable Mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Caller>> by_hash_ ABSL_GUARDED_BY(mutex_);  // of their tokens
  std::map<std::string, std::string> hashes_ ABSL_GUARDED_BY(mutex_);                         // by client
  std::unordered_map<std::string, std::shared_ptr<Caller>> others_ ABSL_GUARDED_BY(mutex_);   // without tokens
  std::map<std::string, int64_t> logged_ms_ ABSL_GUARDED_BY(mutex_);                          // by reason
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_ACCESS_ACCESS_CONTROL_H_
