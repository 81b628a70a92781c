// Somebody who calls: a client with a token, a certificate, or an address; with what it has used of its quotas.
#ifndef LATIMER_SERVER_ACCESS_CALLER_H_
#define LATIMER_SERVER_ACCESS_CALLER_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "core/base/mutex.h"
#include "server/access/access_options.h"
#include "server/access/token_bucket.h"

namespace latimer::server {

// Safe for concurrent use.
class Caller {
 public:
  // `description`: for people, such as "client 'ci'". `expire_ms`: 0 for never.
  Caller(std::string description, Role role, int64_t expire_ms, const AccessOptions& options);

  const std::string& description() const { return description_; }
  Role role() const { return role_; }

  // From here on everything is refused, also on streams that are open.
  void Revoke() { revoked_.store(true, std::memory_order_relaxed); }
  bool revoked() const { return revoked_.load(std::memory_order_relaxed); }

  // Errors: UNAUTHENTICATED (revoked, expired), PERMISSION_DENIED (role too low).
  absl::Status Check(Role needed, int64_t now_ms) const;

  // Counts a request against the quotas. RESOURCE_EXHAUSTED with RetryInfo: it is too early for it.
  absl::Status Spend(size_t bytes);

  // RESOURCE_EXHAUSTED with RetryInfo: too many are open. Each success is followed by CloseStream().
  absl::Status OpenStream();
  void CloseStream();

  // Nothing is open, and nothing was used in the last second.
  bool Idle() const;

 private:
  const std::string description_;
  const Role role_;
  const int64_t expire_ms_;
  const int most_streams_;
  const bool has_rates_;
  std::atomic<bool> revoked_{false};
  mutable Mutex mutex_;
  TokenBucket requests_ ABSL_GUARDED_BY(mutex_);
  TokenBucket bytes_ ABSL_GUARDED_BY(mutex_);
  int streams_ ABSL_GUARDED_BY(mutex_) = 0;
  std::chrono::steady_clock::time_point last_use_ ABSL_GUARDED_BY(mutex_);
};

// "estimate"; "nothing" for kNone.
absl::string_view RoleName(Role role);

}  // namespace latimer::server

#endif  // LATIMER_SERVER_ACCESS_CALLER_H_
