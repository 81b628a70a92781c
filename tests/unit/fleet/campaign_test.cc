// Campaigns from start to end, and through what may go wrong on the way.
#include <gmock/gmock.h>

#include <set>

#include "fleet_support.h"

namespace latimer::server {
namespace {

// As PlausibleTime, on a board slow enough that stages end one after the other.
v1::Measurement SlowlyPlausible(const v1::BenchmarkTask& task) {
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return PlausibleTime(task);
}

using ::testing::HasSubstr;

TEST_F(FleetTest, ACampaignEndsWithAModelThatAnswers) {
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  agent->Hello();
  agent->Work(SlowlyPlausible);
  const v1::Campaign started = StartCampaign(120);
  EXPECT_GT(started.stages_size(), 2);

  v1::WatchCampaignRequest watch;
  watch.set_name(started.name());
  grpc::ClientContext watch_context;
  auto watching = Stub<v1::CampaignService>()->WatchCampaign(&watch_context, watch);
  v1::WatchCampaignResponse seen;
  int updates = 0;
  while (watching->Read(&seen)) ++updates;
  EXPECT_TRUE(watching->Finish().ok());
  EXPECT_GE(updates, 2);
  EXPECT_EQ(seen.campaign().state(), v1::CAMPAIGN_STATE_SUCCEEDED) << seen.campaign().message();
  EXPECT_EQ(seen.campaign().done(), agent->measured);
  EXPECT_EQ(seen.campaign().failed(), 0);
  EXPECT_GT(seen.campaign().board_seconds(), 0.5);
  EXPECT_THAT(seen.campaign().model_version(), HasSubstr("fit-"));

  // A network of the validation stage, asked for as anybody would.
  v1::EstimateRequest request;
  request.set_platform("board");
  *request.mutable_network()->mutable_network() = OneConvolution({1, 64, 28, 28}, 3, 64);
  grpc::ClientContext context;
  v1::EstimateResponse response;
  const grpc::Status status = Stub<v1::EstimationService>()->Estimate(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(response.estimate().simulated());
  v1::BenchmarkTask task;
  *task.mutable_network() = request.network();
  const double truth = PlausibleTime(task).timing().median_ms();
  EXPECT_NEAR(response.estimate().latency().estimate_ms(), truth, 0.4 * truth);

  v1::ListPlatformVersionsRequest versions_request;
  versions_request.set_name("board");
  grpc::ClientContext versions_context;
  v1::ListPlatformVersionsResponse versions;
  ASSERT_TRUE(Stub<v1::PlatformService>()->ListPlatformVersions(&versions_context, versions_request, &versions).ok());
  ASSERT_GE(versions.versions_size(), 2) << "a stage's end is fitted too";
  EXPECT_EQ(versions.versions(0).campaign(), started.name());
}

TEST_F(FleetTest, AnEarlierVersionAnswersAgainAndStaysAfterARestart) {
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  agent->Hello();
  agent->Work(SlowlyPlausible);
  WaitForEnd(StartCampaign(120).name());
  v1::ListPlatformVersionsRequest versions_request;
  versions_request.set_name("board");
  grpc::ClientContext versions_context;
  v1::ListPlatformVersionsResponse versions;
  ASSERT_TRUE(Stub<v1::PlatformService>()->ListPlatformVersions(&versions_context, versions_request, &versions).ok());
  std::string earlier;
  for (const v1::PlatformVersion& version : versions.versions()) {
    if (!version.active()) earlier = version.version();
  }
  ASSERT_FALSE(earlier.empty());
  v1::RollbackPlatformRequest request;
  request.set_name("board");
  request.set_version(earlier);
  grpc::ClientContext context, unknown_context;
  v1::Platform platform;
  ASSERT_TRUE(Stub<v1::PlatformService>()->RollbackPlatform(&context, request, &platform).ok());
  EXPECT_EQ(platform.active_version(), earlier);
  request.set_version("fit-99");
  EXPECT_EQ(Stub<v1::PlatformService>()->RollbackPlatform(&unknown_context, request, &platform).error_code(),
            grpc::StatusCode::NOT_FOUND);
  Restart();
  v1::GetPlatformRequest get;
  get.set_name("board");
  grpc::ClientContext get_context;
  ASSERT_TRUE(Stub<v1::PlatformService>()->GetPlatform(&get_context, get, &platform).ok());
  EXPECT_EQ(platform.active_version(), earlier);
}

TEST_F(FleetTest, ResultsSentTwiceCountOnce) {
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  agent->Hello();
  agent->Work([&](const v1::BenchmarkTask& task) {
    const v1::Measurement measurement = PlausibleTime(task);
    agent->Send(measurement);
    return measurement;
  });
  const v1::Campaign ended = WaitForEnd(StartCampaign(60).name());
  EXPECT_EQ(ended.state(), v1::CAMPAIGN_STATE_SUCCEEDED) << ended.message();
  EXPECT_EQ(ended.done(), agent->measured);
  EXPECT_EQ(OnlyAgent().measurement_count(), agent->measured);
}

TEST_F(FleetTest, WorkOfALostAgentGoesToAnother) {
  const std::unique_ptr<PlayedAgent> lost = NewAgent();
  lost->Hello();
  lost->Beat();
  const v1::Campaign campaign = StartCampaign(60);
  v1::Job job;
  ASSERT_TRUE(lost->NextJob(&job));
  ASSERT_TRUE(lost->Send(PlausibleTime(job.tasks(0))));
  WaitUntil("it is stored", [&] { return GetCampaign(campaign.name()).done() == 1; });
  lost->Leave();
  const std::unique_ptr<PlayedAgent> other = NewAgent();
  other->Hello();
  other->Work(PlausibleTime);
  const v1::Campaign ended = WaitForEnd(campaign.name());
  EXPECT_EQ(ended.state(), v1::CAMPAIGN_STATE_SUCCEEDED) << ended.message();
  EXPECT_EQ(ended.failed(), 0);
  EXPECT_EQ(ended.done(), other->measured + 1) << "what the lost agent had sent is not measured again";
}

TEST_F(FleetTest, ACampaignGoesOnAfterTheServerRestarts) {
  v1::EnrollResponse enrolled;
  ASSERT_TRUE(Enroll(Token(), "board", &enrolled).ok());
  std::string name;
  std::set<std::string> sent;
  {
    PlayedAgent agent(server_->address(), enrolled.credential(), BoardFacts());
    agent.Hello();
    agent.Beat();
    name = StartCampaign(60).name();
    v1::Job job;
    ASSERT_TRUE(agent.NextJob(&job));
    for (int i = 0; i < 5; ++i) {
      agent.Send(PlausibleTime(job.tasks(i)));
      sent.insert(job.tasks(i).measurement_id());
    }
    WaitUntil("five are stored", [&] { return GetCampaign(name).done() == 5; });
    Restart();
  }
  v1::Campaign ended;
  {
    PlayedAgent agent(server_->address(), enrolled.credential(), BoardFacts());
    agent.Hello();
    agent.Work([&](const v1::BenchmarkTask& task) {
      EXPECT_TRUE(sent.insert(task.measurement_id()).second) << task.measurement_id() << " is given twice";
      return PlausibleTime(task);
    });
    ended = WaitForEnd(name);
  }
  EXPECT_EQ(ended.state(), v1::CAMPAIGN_STATE_SUCCEEDED) << ended.message();
  EXPECT_EQ(ended.done(), static_cast<int64_t>(sent.size()));
}

TEST_F(FleetTest, ACampaignWhoseMeasurementsAllFailSaysWhy) {
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  agent->Hello();
  agent->Work([](const v1::BenchmarkTask& task) {
    v1::Measurement measurement;
    measurement.set_measurement_id(task.measurement_id());
    measurement.mutable_failure()->set_code(3);
    measurement.mutable_failure()->set_message("the engine is broken");
    return measurement;
  });
  const v1::Campaign ended = WaitForEnd(StartCampaign(60).name());
  EXPECT_EQ(ended.state(), v1::CAMPAIGN_STATE_FAILED);
  EXPECT_EQ(ended.failed(), ended.done());
  EXPECT_THAT(ended.message(), HasSubstr("the engine is broken"));
}

TEST_F(FleetTest, ACancelledCampaignTellsItsAgents) {
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  agent->Hello();
  agent->Beat();
  const v1::Campaign campaign = StartCampaign(60);
  v1::Job job;
  ASSERT_TRUE(agent->NextJob(&job));
  v1::CancelCampaignRequest request;
  request.set_name(campaign.name());
  grpc::ClientContext context, again_context;
  v1::Campaign cancelled;
  ASSERT_TRUE(Stub<v1::CampaignService>()->CancelCampaign(&context, request, &cancelled).ok());
  EXPECT_EQ(cancelled.state(), v1::CAMPAIGN_STATE_CANCELLED);
  v1::SessionResponse response;
  do {
    ASSERT_TRUE(agent->session().Read(&response));
  } while (!response.has_cancel_job());
  EXPECT_EQ(response.cancel_job().job_id(), job.job_id());
  ASSERT_TRUE(Stub<v1::CampaignService>()->CancelCampaign(&again_context, request, &cancelled).ok());
  EXPECT_EQ(cancelled.state(), v1::CAMPAIGN_STATE_CANCELLED) << "as it is";
}

TEST_F(FleetTest, BoardTimeEndsACampaignWithItsValidation) {
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  agent->Hello();
  agent->Work([](const v1::BenchmarkTask& task) {
    v1::Measurement measurement = PlausibleTime(task);
    measurement.set_board_seconds(1);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return measurement;
  });
  v1::CreateCampaignRequest request;
  request.set_platform("board");
  request.set_method(v1::BENCHMARK_METHOD_SMART_PADDING);
  request.set_max_measurements(1000);
  request.set_max_board_seconds(200);
  grpc::ClientContext context;
  v1::Campaign campaign;
  ASSERT_TRUE(Stub<v1::CampaignService>()->CreateCampaign(&context, request, &campaign).ok());
  const v1::Campaign ended = WaitForEnd(campaign.name());
  EXPECT_EQ(ended.state(), v1::CAMPAIGN_STATE_SUCCEEDED) << ended.message();
  EXPECT_LT(ended.done(), 400);
  EXPECT_GT(ended.stages().rbegin()->done(), 0) << "the model was judged";
}

TEST_F(FleetTest, AMethodTheEngineCannotDoIsRefusedBeforeAnythingIsMeasured) {
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  agent->Hello();  // its engine has no report
  v1::CreateCampaignRequest request;
  request.set_platform("board");
  for (const v1::BenchmarkMethod method : {v1::BENCHMARK_METHOD_EXCERPTS, v1::BENCHMARK_METHOD_LAYER_REPORT}) {
    request.set_method(method);
    grpc::ClientContext context;
    v1::Campaign campaign;
    const grpc::Status status = Stub<v1::CampaignService>()->CreateCampaign(&context, request, &campaign);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_THAT(status.error_message(), HasSubstr("times per layer"));
  }
}

TEST_F(FleetTest, RequestsThatCannotBeAreRefused) {
  auto code = [&](const v1::CreateCampaignRequest& request) {
    grpc::ClientContext context;
    v1::Campaign campaign;
    return Stub<v1::CampaignService>()->CreateCampaign(&context, request, &campaign).error_code();
  };
  v1::CreateCampaignRequest request;
  EXPECT_EQ(code(request), grpc::StatusCode::INVALID_ARGUMENT) << "no platform";
  request.set_platform("board");
  EXPECT_EQ(code(request), grpc::StatusCode::NOT_FOUND) << "no board";
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  for (const int measurements : {10, 10'001}) {
    request.set_max_measurements(measurements);
    EXPECT_EQ(code(request), grpc::StatusCode::INVALID_ARGUMENT) << measurements;
  }
  request.set_max_measurements(60);
  request.set_max_board_seconds(-1);
  EXPECT_EQ(code(request), grpc::StatusCode::INVALID_ARGUMENT);
  request.set_max_board_seconds(0);
  request.set_method(static_cast<v1::BenchmarkMethod>(9));
  EXPECT_EQ(code(request), grpc::StatusCode::INVALID_ARGUMENT);
  request.set_method(v1::BENCHMARK_METHOD_SINGLE_LAYER);
  EXPECT_EQ(code(request), grpc::StatusCode::OK);
  EXPECT_EQ(code(request), grpc::StatusCode::FAILED_PRECONDITION) << "one at a time";
}

}  // namespace
}  // namespace latimer::server
