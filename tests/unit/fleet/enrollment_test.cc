// Tokens and enrolment.
#include <gmock/gmock.h>

#include "fleet_support.h"
#include "server/fleet/enrollment.h"

namespace latimer::server {
namespace {

using ::testing::HasSubstr;

TEST_F(FleetTest, ABoardEnrolsOnceWithItsToken) {
  const std::string token = Token();
  v1::EnrollResponse response;
  ASSERT_TRUE(Enroll(token, "board", &response).ok());
  EXPECT_EQ(response.platform(), "platforms/board");
  EXPECT_GE(response.credential().size(), 64u);
  EXPECT_EQ(OnlyAgent().state(), v1::AGENT_STATE_OFFLINE);
  EXPECT_EQ(Enroll(token, "board", &response).error_code(), grpc::StatusCode::UNAUTHENTICATED) << "used up";
  EXPECT_EQ(Enroll("guessed", "board", &response).error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(FleetTest, ATokenExpires) {
  v1::CreateTokenRequest request;
  request.set_lifetime_seconds(0.001);
  v1::CreateTokenResponse token;
  grpc::ClientContext context;
  ASSERT_TRUE(Stub<v1::FleetService>()->CreateToken(&context, request, &token).ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  v1::EnrollResponse response;
  EXPECT_EQ(Enroll(token.token(), "board", &response).error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(FleetTest, ABoardCannotClaimWhatItIsNot) {
  v1::EnrollResponse response;
  const std::string bound = Token("other");
  EXPECT_EQ(Enroll(bound, "board", &response).error_code(), grpc::StatusCode::FAILED_PRECONDITION)
      << "the token is another platform's";
  EXPECT_EQ(Enroll(Token(), "zcu102-dnndk", &response).error_code(), grpc::StatusCode::FAILED_PRECONDITION)
      << "published models are not overwritten";
  EXPECT_EQ(Enroll(Token(), "No Id", &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  ASSERT_TRUE(Enroll(Token(), "board", &response).ok());
  const grpc::Status different = Enroll(Token(), "board", &response, BoardFacts("faster core"));
  EXPECT_EQ(different.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(different.error_message(), HasSubstr("faster core"));
  v1::Fingerprint real = BoardFacts();
  real.set_simulated(false);
  EXPECT_EQ(Enroll(Token(), "board", &response, real).error_code(), grpc::StatusCode::FAILED_PRECONDITION)
      << "a real board does not join simulated ones";
  v1::EnrollResponse bound_response;
  EXPECT_TRUE(Enroll(bound, "", &bound_response).ok()) << "a refused enrolment does not use the token up";
  EXPECT_EQ(bound_response.platform(), "platforms/other");
}

TEST(PlatformIdTest, AreWhatUrlsAndFilesTake) {
  for (const char* good : {"a", "imx93-tflite", "board7", "0"}) EXPECT_TRUE(IsPlatformId(good)) << good;
  for (const char* bad : {"", "-a", "a-", "A", "a_b", "a/b", "a b", "ä"}) EXPECT_FALSE(IsPlatformId(bad)) << bad;
  EXPECT_FALSE(IsPlatformId(std::string(64, 'a')));
  EXPECT_EQ(PlatformIdFrom("simulated:imx93-Board 7!"), "simulated-imx93-board-7");
  EXPECT_TRUE(IsPlatformId(PlatformIdFrom(std::string(200, 'x'))));
}

TEST(FingerprintTest, KernelAndHostMayDiffer) {
  v1::Fingerprint a = BoardFacts(), b = BoardFacts();
  (*a.mutable_facts())["kernel"] = "6.1";
  (*b.mutable_facts())["kernel"] = "6.2";
  EXPECT_EQ(FingerprintDifference(a, b), "");
  EXPECT_FALSE(SameFacts(a, b));
  (*b.mutable_facts())["threads"] = "4";
  EXPECT_EQ(FingerprintDifference(a, b), "threads: nothing here, 4 there");
}

}  // namespace
}  // namespace latimer::server
