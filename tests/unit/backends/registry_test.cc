#include "backends/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"

namespace latimer {
namespace {

TEST(RegistryTest, UnknownNameSaysWhatIsThere) {
  const absl::Status status = CreateBackend("tensorflow", {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("no back end 'tensorflow'; it has: "));
}

TEST(RegistryTest, EveryNameCanBeCreatedAndRefusesZeroThreads) {
  for (const std::string& name : BackendNames()) {
    const absl::StatusOr<std::unique_ptr<Backend>> backend = CreateBackend(name, {});
    ASSERT_TRUE(backend.ok()) << backend.status();
    EXPECT_EQ((*backend)->name(), name);
    EXPECT_EQ((*backend)->fingerprint().simulated, absl::StartsWith(name, "simulated:"));
    BackendOptions options;
    options.threads = 0;
    EXPECT_EQ(CreateBackend(name, options).status().code(), absl::StatusCode::kInvalidArgument) << name;
  }
}

TEST(FingerprintTest, AnyChangedFactChangesTheDigest) {
  Fingerprint a;
  a.facts = {{"cpu", "x"}, {"threads", "1"}};
  Fingerprint b = a;
  EXPECT_EQ(a.Digest(), b.Digest());
  b.facts["threads"] = "2";
  EXPECT_NE(a.Digest(), b.Digest());
  b = a;
  b.simulated = true;
  EXPECT_NE(a.Digest(), b.Digest());
  b = a;
  b.facts = {{"cpu", "xthreads"}, {"", "1"}};
  EXPECT_NE(a.Digest(), b.Digest());
}

}  // namespace
}  // namespace latimer
