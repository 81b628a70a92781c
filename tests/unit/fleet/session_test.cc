// Sessions: who gets in, who is told to leave, who is held.
#include <gmock/gmock.h>

#include "absl/strings/match.h"

#include "fleet_support.h"

namespace latimer::server {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(FleetTest, AnAgentThatSaysHelloIsIdle) {
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  const v1::Welcome welcome = agent->Hello();
  EXPECT_EQ(welcome.platform(), "platforms/board");
  EXPECT_THAT(welcome.held_reason(), IsEmpty());
  agent->Beat();
  WaitUntil("its temperature is known", [&] { return OnlyAgent().conditions().temperature_celsius() == 47; });
  EXPECT_EQ(OnlyAgent().state(), v1::AGENT_STATE_IDLE);
  agent->Leave();
  WaitUntil("it is offline", [&] { return OnlyAgent().state() == v1::AGENT_STATE_OFFLINE; });
}

TEST_F(FleetTest, StrangersAndSpeechlessAgentsAreRefused) {
  PlayedAgent stranger(server_->address(), "guessed", BoardFacts());
  auto stub = Stub<v1::AgentService>();
  {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer guessed");
    auto session = stub->Session(&context);
    v1::SessionResponse response;
    EXPECT_FALSE(session->Read(&response));
    EXPECT_EQ(session->Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
  }
  {
    v1::EnrollResponse enrolled;
    ASSERT_TRUE(Enroll(Token(), "board", &enrolled).ok());
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + enrolled.credential());
    auto session = stub->Session(&context);
    v1::SessionRequest request;
    request.mutable_heartbeat()->set_free_slots(1);
    session->Write(request);
    v1::SessionResponse response;
    EXPECT_FALSE(session->Read(&response));
    EXPECT_EQ(session->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT) << "Hello comes first";
  }
}

TEST_F(FleetTest, ARevokedAgentIsTold) {
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  agent->Hello();
  v1::RevokeAgentRequest request;
  request.set_name(OnlyAgent().name());
  grpc::ClientContext context;
  v1::Agent revoked;
  ASSERT_TRUE(Stub<v1::FleetService>()->RevokeAgent(&context, request, &revoked).ok());
  EXPECT_EQ(revoked.state(), v1::AGENT_STATE_REVOKED);
  EXPECT_EQ(agent->Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
  request.set_name("agents/nobody");
  grpc::ClientContext unknown_context;
  EXPECT_EQ(Stub<v1::FleetService>()->RevokeAgent(&unknown_context, request, &revoked).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(FleetTest, ANewSessionEndsTheOldOne) {
  v1::EnrollResponse enrolled;
  ASSERT_TRUE(Enroll(Token(), "board", &enrolled).ok());
  PlayedAgent first(server_->address(), enrolled.credential(), BoardFacts());
  PlayedAgent second(server_->address(), enrolled.credential(), BoardFacts());
  first.Hello();
  second.Hello();
  EXPECT_EQ(first.Finish().error_code(), grpc::StatusCode::ABORTED);
  EXPECT_TRUE(second.Beat());
}

TEST_F(FleetTest, AChangedBoardIsHeldUntilAPersonAcceptsIt) {
  v1::EnrollResponse enrolled;
  ASSERT_TRUE(Enroll(Token(), "board", &enrolled).ok());
  PlayedAgent agent(server_->address(), enrolled.credential(), BoardFacts("other core"));
  const v1::Welcome welcome = agent.Hello();
  EXPECT_THAT(welcome.held_reason(), HasSubstr("other core"));
  EXPECT_EQ(OnlyAgent().state(), v1::AGENT_STATE_HELD);
  agent.Beat();
  StartCampaign();
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_EQ(OnlyAgent().state(), v1::AGENT_STATE_HELD) << "no work";

  agent.Beat();  // who is silent gets no work either
  v1::AcceptFingerprintRequest request;
  request.set_name(OnlyAgent().name());
  grpc::ClientContext context, again_context;
  v1::Agent accepted;
  ASSERT_TRUE(Stub<v1::FleetService>()->AcceptFingerprint(&context, request, &accepted).ok());
  v1::Job job;
  EXPECT_TRUE(agent.NextJob(&job)) << "work comes now";
  EXPECT_EQ(Stub<v1::FleetService>()->AcceptFingerprint(&again_context, request, &accepted).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(FleetTest, ABoardThatTurnsRealIsNotAccepted) {
  v1::EnrollResponse enrolled;
  ASSERT_TRUE(Enroll(Token(), "board", &enrolled).ok());
  v1::Fingerprint real = BoardFacts();
  real.set_simulated(false);
  PlayedAgent agent(server_->address(), enrolled.credential(), real);
  EXPECT_THAT(agent.Hello().held_reason(), HasSubstr("simulated"));
  v1::AcceptFingerprintRequest request;
  request.set_name(OnlyAgent().name());
  grpc::ClientContext context;
  v1::Agent accepted;
  const grpc::Status status = Stub<v1::FleetService>()->AcceptFingerprint(&context, request, &accepted);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("never mix"));
  EXPECT_EQ(OnlyAgent().state(), v1::AGENT_STATE_HELD);
}

// A line that was cut sends no goodbye: the session stays, and nothing comes.
TEST_F(FleetTest, ASilentAgentIsOfflineAndTheCampaignSaysWhyItWaits) {
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  agent->Hello();
  agent->Beat();
  const v1::Campaign campaign = StartCampaign();
  WaitUntil("it is offline", [&] { return OnlyAgent().state() == v1::AGENT_STATE_OFFLINE; });
  EXPECT_THAT(GetCampaign(campaign.name()).message(), HasSubstr("nothing was heard of agent"));
  agent->Beat();
  WaitUntil("it is back", [&] { return OnlyAgent().state() != v1::AGENT_STATE_OFFLINE; });
}

TEST_F(FleetTest, WhatAnAgentComplainsOfIsShown) {
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  agent->Hello();
  const v1::Campaign campaign = StartCampaign();
  v1::SessionRequest request;
  request.mutable_heartbeat()->set_trouble("its disk is full");
  WaitUntil("it is shown", [&] {
    EXPECT_TRUE(agent->session().Write(request));
    return OnlyAgent().trouble() == "its disk is full" &&
           absl::StrContains(GetCampaign(campaign.name()).message(), "its disk is full");
  });
  request.mutable_heartbeat()->set_trouble(std::string(100'000, 'x'));
  EXPECT_TRUE(agent->session().Write(request));
  WaitUntil("it is cut", [&] { return OnlyAgent().trouble() != "its disk is full"; });
  EXPECT_LT(OnlyAgent().trouble().size(), 100U);
}

TEST_F(FleetTest, ASecondServerOnTheFolderIsRefused) {
  const absl::Status second = Server::Create(options_).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.message()), HasSubstr("another server"));
}

TEST_F(FleetTest, AServerWithoutAFolderSaysHowToGetBoards) {
  ServerOptions options = options_;
  options.data_dir.clear();
  const auto server = Server::Create(options);
  ASSERT_TRUE(server.ok()) << server.status();
  auto stub = v1::FleetService::NewStub(grpc::CreateChannel((*server)->address(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  v1::ListAgentsResponse response;
  const grpc::Status status = stub->ListAgents(&context, {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("--data-dir"));
}

}  // namespace
}  // namespace latimer::server
