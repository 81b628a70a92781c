#include "server/access/caller.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "server/status_mapping.h"

namespace latimer::server {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

absl::string_view RoleName(Role role) {
  switch (role) {
    case Role::kNone:
      return "nothing";
    case Role::kEstimate:
      return "estimate";
    case Role::kOperate:
      return "operate";
    case Role::kAdmin:
      return "admin";
  }
  return "nothing";
}

Caller::Caller(std::string description, Role role, int64_t expire_ms, const AccessOptions& options)
    : description_(std::move(description)),
      role_(role),
      expire_ms_(expire_ms),
      most_streams_(options.streams),
      has_rates_(options.requests_per_second > 0 || options.bytes_per_second > 0),
      requests_(options.requests_per_second, Clock::now()),
      bytes_(options.bytes_per_second, Clock::now()),
      last_use_(Clock::now()) {}

absl::Status Caller::Check(Role needed, int64_t now_ms) const {
  if (revoked()) {
    return Error(absl::StatusCode::kUnauthenticated, "CREDENTIAL_REVOKED",
                 absl::StrCat("the token of ", description_, " was taken away"));
  }
  if (expire_ms_ != 0 && expire_ms_ <= now_ms) {
    return Error(absl::StatusCode::kUnauthenticated, "CREDENTIAL_EXPIRED",
                 absl::StrCat("the token of ", description_, " has expired; an administrator makes a new one with: ",
                              "latimer token create --role ", RoleName(role_)));
  }
  if (role_ >= needed) return absl::OkStatus();
  return Error(absl::StatusCode::kPermissionDenied, "ROLE_TOO_LOW",
               absl::StrCat(description_, " has the role ", RoleName(role_), "; this call needs ", RoleName(needed)))
      .With("role", RoleName(role_))
      .With("needed", RoleName(needed));
}

absl::Status Caller::Spend(size_t bytes) {
  if (!has_rates_) return absl::OkStatus();
  const Clock::time_point now = Clock::now();
  MutexLock lock(&mutex_);
  const std::chrono::milliseconds request_wait = requests_.Wait(now);
  const std::chrono::milliseconds byte_wait = bytes_.Wait(now);
  if (request_wait.count() > 0 || byte_wait.count() > 0) {
    const auto more = [&](absl::string_view what) {
      return absl::StrCat(description_, " sends more ", what, " per second than the server's quota allows");
    };
    return request_wait >= byte_wait
               ? WithRetryDelay(ResourceExhausted("QUOTA_REQUESTS", more("requests")), request_wait)
               : WithRetryDelay(ResourceExhausted("QUOTA_BYTES", more("bytes")), byte_wait);
  }
  requests_.Pay(1);
  bytes_.Pay(static_cast<double>(bytes));
  last_use_ = now;
  return absl::OkStatus();
}

absl::Status Caller::OpenStream() {
  MutexLock lock(&mutex_);
  if (most_streams_ > 0 && streams_ >= most_streams_) {
    return WithRetryDelay(ResourceExhausted("QUOTA_STREAMS", absl::StrCat(description_, " has ", streams_,
                                                                          " streams open, which is all it may have")),
                          std::chrono::seconds(1));
  }
  ++streams_;
  return absl::OkStatus();
}

void Caller::CloseStream() {
  MutexLock lock(&mutex_);
  --streams_;
  last_use_ = Clock::now();
}

bool Caller::Idle() const {
  MutexLock lock(&mutex_);
  return streams_ == 0 && Clock::now() - last_use_ > std::chrono::seconds(1);
}

}  // namespace latimer::server
