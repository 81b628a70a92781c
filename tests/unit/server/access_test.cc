// Roles and quotas without any network; every call with every role is in tests/integration/security_test.py.
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "server/access/access_control.h"
#include "server/access/caller.h"
#include "server/access/token_bucket.h"
#include "server/status_mapping.h"

namespace latimer::server {
namespace {

using std::chrono::milliseconds;

std::string ReasonOf(const absl::Status& status) {
  const auto details = GetErrorDetails(status);
  return details.has_value() ? details->reason : "";
}

TEST(TokenBucket, LetsASecondsWorthInAtOnceAndThenAtItsRate) {
  const TokenBucket::Time begin = std::chrono::steady_clock::now();
  TokenBucket bucket(10, begin);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(bucket.Wait(begin).count(), 0) << i;
    bucket.Pay(1);
  }
  EXPECT_GT(bucket.Wait(begin).count(), 0);
  EXPECT_EQ(bucket.Wait(begin + milliseconds(110)).count(), 0) << "a little is enough to be let in";
  bucket.Pay(2);
  EXPECT_GT(bucket.Wait(begin + milliseconds(110)).count(), 0);
  EXPECT_EQ(bucket.Wait(begin + std::chrono::hours(1)).count(), 0);
}

TEST(TokenBucket, WhatIsLargerThanTheBurstComesInOnceAndIsPaidAfterwards) {
  const TokenBucket::Time begin = std::chrono::steady_clock::now();
  TokenBucket bucket(100, begin);
  EXPECT_EQ(bucket.Wait(begin).count(), 0);
  bucket.Pay(1000);
  const milliseconds wait = bucket.Wait(begin);
  EXPECT_NEAR(static_cast<double>(wait.count()), 9000, 2);
  EXPECT_GT(bucket.Wait(begin + wait - milliseconds(10)).count(), 0);
  EXPECT_EQ(bucket.Wait(begin + wait).count(), 0);
}

TEST(TokenBucket, ATimeThatGoesBackwardsAndNoRateAreHarmless) {
  const TokenBucket::Time begin = std::chrono::steady_clock::now();
  TokenBucket bucket(1, begin);
  bucket.Pay(1);
  EXPECT_GT(bucket.Wait(begin - std::chrono::hours(1)).count(), 0);
  TokenBucket any(0, begin);
  any.Pay(1e9);
  EXPECT_EQ(any.Wait(begin).count(), 0);
}

TEST(Caller, RolesIncludeThoseBelow) {
  const AccessOptions options;
  for (const Role role : {Role::kNone, Role::kEstimate, Role::kOperate, Role::kAdmin}) {
    const Caller caller("someone", role, 0, options);
    for (const Role needed : {Role::kNone, Role::kEstimate, Role::kOperate, Role::kAdmin}) {
      const absl::Status status = caller.Check(needed, 1);
      EXPECT_EQ(status.ok(), role >= needed);
      if (!status.ok()) {
        EXPECT_EQ(ReasonOf(status), "ROLE_TOO_LOW");
      }
    }
  }
}

TEST(Caller, ExpiredOrRevokedMayNothing) {
  Caller caller("someone", Role::kAdmin, 100, AccessOptions());
  EXPECT_TRUE(caller.Check(Role::kAdmin, 99).ok());
  EXPECT_EQ(ReasonOf(caller.Check(Role::kNone, 100)), "CREDENTIAL_EXPIRED");
  caller.Revoke();
  EXPECT_EQ(ReasonOf(caller.Check(Role::kNone, 99)), "CREDENTIAL_REVOKED");
}

TEST(Caller, StreamsAreCountedUntilTheyAreClosed) {
  AccessOptions options;
  options.streams = 2;
  Caller caller("someone", Role::kEstimate, 0, options);
  ASSERT_TRUE(caller.OpenStream().ok());
  ASSERT_TRUE(caller.OpenStream().ok());
  EXPECT_EQ(ReasonOf(caller.OpenStream()), "QUOTA_STREAMS");
  EXPECT_FALSE(caller.Idle());
  caller.CloseStream();
  EXPECT_TRUE(caller.OpenStream().ok());
}

TEST(Caller, QuotasSayWhenToComeBack) {
  AccessOptions options;
  options.bytes_per_second = 1000;
  Caller caller("someone", Role::kEstimate, 0, options);
  ASSERT_TRUE(caller.Spend(5000).ok());
  const absl::Status refused = caller.Spend(1);
  EXPECT_EQ(ReasonOf(refused), "QUOTA_BYTES");
  EXPECT_EQ(ToRpcStatus(refused).details_size(), 2) << "reason and when to come back";
}

TEST(AccessControl, WithoutConfigurationLoopbackMayEverythingAndOthersNothing) {
  EXPECT_EQ(AccessControl({}, true, true, nullptr).anonymous(), Role::kAdmin);
  EXPECT_EQ(AccessControl({}, false, true, nullptr).anonymous(), Role::kNone);
  EXPECT_EQ(AccessControl({}, false, false, nullptr).anonymous(), Role::kEstimate);
  AccessOptions options;
  options.anonymous = Role::kOperate;
  EXPECT_EQ(AccessControl(options, true, true, nullptr).anonymous(), Role::kOperate);
  EXPECT_TRUE(AccessControl({}, true, true, nullptr).HasAdmin());
  EXPECT_FALSE(AccessControl({}, false, true, nullptr).HasAdmin());
}

TEST(AccessControl, NoRequestIsLargerThanTheLimitWhoeverSendsIt) {
  AccessOptions options;
  options.most_request_bytes = 100;
  const AccessControl everybody(options, true, true, nullptr);
  EXPECT_TRUE(everybody.CheckSize(100).ok());
  const absl::Status refused = everybody.CheckSize(101);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused), "REQUEST_TOO_LARGE");
  EXPECT_EQ(ToRpcStatus(refused).details_size(), 1) << "a reason, and no hint to retry";
  EXPECT_TRUE(AccessControl({}, true, true, nullptr).CheckSize(size_t{1} << 40).ok()) << "no limit";
}

TEST(AccessControl, ClientsComeGoAndAreFoundInTheStore) {
  auto store = *Store::Open(":memory:");
  v1::CreateClientRequest request;
  request.set_name("clients/ci");
  request.set_role(v1::ROLE_ADMIN);
  {
    AccessControl access({}, false, true, nullptr);
    ASSERT_TRUE(access.UseStore(store.get()).ok());
    const auto made = access.CreateClient(request);
    ASSERT_TRUE(made.ok()) << made.status();
    EXPECT_EQ(made->client().name(), "clients/ci");
    EXPECT_TRUE(access.HasAdmin());
    EXPECT_EQ(ReasonOf(access.CreateClient(request).status()), "CLIENT_EXISTS");
  }
  AccessControl again({}, false, true, nullptr);
  ASSERT_TRUE(again.UseStore(store.get()).ok());
  EXPECT_TRUE(again.HasAdmin());
  v1::RevokeClientRequest revoke;
  revoke.set_name("ci");
  EXPECT_TRUE(again.RevokeClient(revoke)->revoked());
  EXPECT_FALSE(again.HasAdmin());
  revoke.set_name("nobody");
  EXPECT_EQ(ReasonOf(again.RevokeClient(revoke).status()), "UNKNOWN_CLIENT");
}

TEST(AccessControl, RefusesClientsThatMakeNoSense) {
  auto store = *Store::Open(":memory:");
  AccessControl access({}, false, true, nullptr);
  ASSERT_TRUE(access.UseStore(store.get()).ok());
  v1::CreateClientRequest request;
  request.set_role(v1::ROLE_ESTIMATE);
  for (const char* name : {"", "clients/", "Ci", "a b", "-a", "../a"}) {
    request.set_name(name);
    EXPECT_EQ(ReasonOf(access.CreateClient(request).status()), "BAD_NAME") << name;
  }
  request.set_name("ci");
  request.set_role(static_cast<v1::Role>(9));
  EXPECT_EQ(ReasonOf(access.CreateClient(request).status()), "BAD_ROLE");
  request.set_role(v1::ROLE_ESTIMATE);
  request.set_lifetime_seconds(-1);
  EXPECT_EQ(ReasonOf(access.CreateClient(request).status()), "BAD_LIFETIME");
}

TEST(AccessControl, PagesOfClients) {
  auto store = *Store::Open(":memory:");
  AccessControl access({}, false, true, nullptr);
  ASSERT_TRUE(access.UseStore(store.get()).ok());
  for (const char* name : {"c", "a", "b"}) {
    v1::CreateClientRequest request;
    request.set_name(name);
    request.set_role(v1::ROLE_ESTIMATE);
    ASSERT_TRUE(access.CreateClient(request).ok());
  }
  v1::ListClientsRequest request;
  request.set_page_size(2);
  auto page = *access.ListClients(request);
  ASSERT_EQ(page.clients_size(), 2);
  EXPECT_EQ(page.clients(1).name(), "clients/b");
  request.set_page_token(page.next_page_token());
  page = *access.ListClients(request);
  ASSERT_EQ(page.clients_size(), 1);
  EXPECT_EQ(page.next_page_token(), "");
  request.set_page_token("nonsense");
  EXPECT_EQ(ReasonOf(access.ListClients(request).status()), "BAD_PAGE_TOKEN");
}

}  // namespace
}  // namespace latimer::server
