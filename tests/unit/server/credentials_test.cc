#include "server/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace latimer::server {
namespace {

TEST(CredentialsTest, KnowsWhatOnlyThisMachineReaches) {
  for (const char* address : {"127.0.0.1:1", "localhost:50051", "[::1]:0", "unix:/run/latimer.sock"}) {
    EXPECT_TRUE(IsLoopback(address)) << address;
  }
  for (const char* address : {"0.0.0.0:1", "[::]:1", "192.168.0.4:1", "board.example:50051", "127.0.0.1.example:1"}) {
    EXPECT_FALSE(IsLoopback(address)) << address;
  }
}

TEST(CredentialsTest, SaysWhatIsWrongWithTheFiles) {
  std::unique_ptr<CertificateFiles> certificates;
  ServerOptions options;
  options.tls.key_file = "key.pem";
  EXPECT_EQ(MakeCredentials(options, &certificates).status().code(), absl::StatusCode::kInvalidArgument)
      << "a key alone";
  options.tls.certificate_file = "/nonexistent/certificate.pem";
  const absl::Status missing = MakeCredentials(options, &certificates).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()), ::testing::HasSubstr("/nonexistent/certificate.pem"));
  const std::string garbage = ::testing::TempDir() + "latimer_garbage.pem";
  std::ofstream(garbage) << "not PEM";
  options.tls.certificate_file = garbage;
  options.tls.key_file = garbage;
  EXPECT_EQ(MakeCredentials(options, &certificates).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace latimer::server
