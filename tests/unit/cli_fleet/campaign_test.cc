// latimer campaign against a server that plays a script.
#include "fake_fleet.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace latimer::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

v1::Campaign Campaign(v1::CampaignState state, int64_t done) {
  v1::Campaign campaign;
  campaign.set_name("campaigns/7");
  campaign.set_platform("platforms/x");
  campaign.set_state(state);
  campaign.set_max_measurements(20);
  campaign.set_max_board_seconds(300);
  campaign.set_done(done);
  campaign.set_create_time_unix_ms(1'000'000'000'000);
  return campaign;
}

class CampaignTest : public testing::Test {
 protected:
  CampaignTest() { fleet_.campaigns = {Campaign(v1::CAMPAIGN_STATE_RUNNING, 0)}; }
  FakeFleet fleet_;
};

TEST_F(CampaignTest, StartSendsTheBudget) {
  const Outcome outcome = RunTool({"campaign", "start", "--platform", "x", "--max-measurements", "20",
                                   "--max-board-time", "5m", "--method", "single-layer", "--seed", "9"},
                                  &fleet_);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(fleet_.create_request.platform(), "x");
  EXPECT_EQ(fleet_.create_request.max_measurements(), 20);
  EXPECT_EQ(fleet_.create_request.max_board_seconds(), 300);
  EXPECT_EQ(fleet_.create_request.method(), v1::BENCHMARK_METHOD_SINGLE_LAYER);
  EXPECT_EQ(fleet_.create_request.seed(), 9U);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("campaigns/7 started on x: 20 measurements or 5:00"),
                                 HasSubstr("latimer campaign watch 7 --server " + fleet_.address())));
}

TEST_F(CampaignTest, WaitSucceedsWithTheCampaign) {
  fleet_.streams = {{{Campaign(v1::CAMPAIGN_STATE_RUNNING, 10), Campaign(v1::CAMPAIGN_STATE_SUCCEEDED, 20)}, {}}};
  const Outcome outcome = RunTool({"campaign", "start", "--platform", "x", "--wait", "--format", "json"}, &fleet_);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json["state"], "CAMPAIGN_STATE_SUCCEEDED");
  EXPECT_EQ(json["done"], 20);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("campaigns/7 started"), HasSubstr("campaigns/7: running")));
}

TEST_F(CampaignTest, WatchOfAFailedOrCancelledCampaignSaysWhy) {
  v1::Campaign failed = Campaign(v1::CAMPAIGN_STATE_FAILED, 3);
  failed.set_message("no board came back within an hour");
  fleet_.streams = {{{failed}, {}}, {{Campaign(v1::CAMPAIGN_STATE_CANCELLED, 4)}, {}}};
  Outcome outcome = RunTool({"campaign", "watch", "7"}, &fleet_);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("latimer: campaigns/7 failed: no board came back within an hour"));
  EXPECT_THAT(outcome.out, HasSubstr("campaigns/7  failed"));
  outcome = RunTool({"campaign", "watch", "7"}, &fleet_);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("campaigns/7 was cancelled"));
}

TEST_F(CampaignTest, WatchOfAnEndedCampaignNeedsNoStream) {
  fleet_.campaigns = {Campaign(v1::CAMPAIGN_STATE_SUCCEEDED, 20)};
  EXPECT_EQ(RunTool({"campaign", "watch", "campaigns/7"}, &fleet_).code, 0);
  EXPECT_EQ(fleet_.streams_opened, 0);
}

TEST_F(CampaignTest, WatchGoesOnWhereTheServerWasLost) {
  fleet_.streams = {{{Campaign(v1::CAMPAIGN_STATE_RUNNING, 5)}, {grpc::UNAVAILABLE, "Socket closed"}},
                    {{Campaign(v1::CAMPAIGN_STATE_RUNNING, 6)}, {}},  // a server that shuts down
                    {{Campaign(v1::CAMPAIGN_STATE_SUCCEEDED, 20)}, {}}};
  const Outcome outcome = RunTool({"campaign", "watch", "7"}, &fleet_);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(fleet_.streams_opened, 3);
  EXPECT_THAT(outcome.err, HasSubstr("connection lost, trying again"));
}

TEST_F(CampaignTest, WatchGivesUpWhenTheServerStaysAway) {
  fleet_.streams.resize(20, {{}, {grpc::UNAVAILABLE, "Socket closed"}});
  const Outcome outcome = RunTool({"campaign", "watch", "7", "--timeout", "0.5"}, &fleet_);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("cannot reach a server"), HasSubstr("the campaign goes on")));
}

TEST_F(CampaignTest, InterruptLeavesTheCampaignRunning) {
  fleet_.streams = {{{Campaign(v1::CAMPAIGN_STATE_RUNNING, 5)}, {}, true}};
  const Outcome outcome =
      RunTool({"campaign", "watch", "7"}, &fleet_, [&] { return fleet_.streams_opened.load() > 0; });
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("stopped watching; the campaign goes on"),
                                 HasSubstr("'latimer campaign cancel 7 --server " + fleet_.address() + "'")));
  EXPECT_EQ(fleet_.campaigns[0].state(), v1::CAMPAIGN_STATE_RUNNING);
}

TEST_F(CampaignTest, ListShowCancel) {
  Outcome outcome = RunTool({"campaign", "list"}, &fleet_);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("running"));
  outcome = RunTool({"campaign", "list", "--format", "json"}, &fleet_);
  EXPECT_EQ(nlohmann::json::parse(outcome.out)["campaigns"][0]["name"], "campaigns/7");
  outcome = RunTool({"campaign", "show", "7"}, &fleet_);
  EXPECT_THAT(outcome.out, HasSubstr("method       auto"));
  outcome = RunTool({"campaign", "cancel", "7"}, &fleet_);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("campaigns/7 is cancelled"));
  fleet_.campaigns = {Campaign(v1::CAMPAIGN_STATE_SUCCEEDED, 20)};
  EXPECT_THAT(RunTool({"campaign", "cancel", "7"}, &fleet_).out, HasSubstr("had ended already: succeeded"));
}

TEST_F(CampaignTest, UnknownOnesAreErrors) {
  const Outcome outcome = RunTool({"campaign", "watch", "8"}, &fleet_);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("there is no such campaign"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("goes on")));
}

}  // namespace
}  // namespace latimer::cli
