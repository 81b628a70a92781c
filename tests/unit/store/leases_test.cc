// Campaigns, tasks and leases.
#include <gmock/gmock.h>

#include "store_support.h"

namespace latimer::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class LeasesTest : public StoreTest {
 protected:
  std::vector<std::string> Lease(const std::string& agent, const std::string& job, int limit, int64_t until = 100) {
    const auto tasks = store_->Lease("board", agent, job, limit, until);
    EXPECT_TRUE(tasks.ok()) << tasks.status();
    std::vector<std::string> ids;
    for (const TaskRecord& task : *tasks) ids.push_back(task.measurement_id);
    return ids;
  }
};

TEST_F(LeasesTest, StageAfterStageAndNoTaskTwice) {
  AddCampaign("c", 2, 3);
  EXPECT_THAT(Lease("a", "1", 2), ElementsAre("c-0-0", "c-0-1"));
  EXPECT_THAT(Lease("b", "2", 5), ElementsAre("c-0-2")) << "a job holds tasks of one stage";
  EXPECT_THAT(Lease("b", "3", 5), ElementsAre("c-1-0", "c-1-1", "c-1-2"));
  EXPECT_THAT(Lease("a", "4", 5), SizeIs(0));
}

TEST_F(LeasesTest, AJobFitsAMessage) {
  std::vector<TaskRecord> tasks = Tasks("m", 1, 4);
  for (TaskRecord& task : tasks) task.network = std::string(1 << 20, 'x');
  tasks[2].network = std::string(5 << 20, 'x');
  ASSERT_TRUE(store_->AddTasks(tasks).ok());
  EXPECT_THAT(Lease("a", "1", 16), ElementsAre("m-0-0", "m-0-1"));
  EXPECT_THAT(Lease("a", "2", 16), ElementsAre("m-0-2")) << "one that is larger goes alone";
  EXPECT_THAT(Lease("a", "3", 16), ElementsAre("m-0-3"));
}

TEST_F(LeasesTest, PeopleGoFirstAndOtherPlatformsDoNotMatter) {
  AddCampaign("c", 1, 2);
  AddCampaign("d", 1, 2, "other");
  ASSERT_TRUE(store_->AddTasks(Tasks("m", 1, 1)).ok());
  EXPECT_THAT(Lease("a", "1", 5), ElementsAre("m-0-0"));
  EXPECT_THAT(Lease("a", "2", 5), ElementsAre("c-0-0", "c-0-1"));
}

TEST_F(LeasesTest, ALostLeaseIsGivenAgainAndARenewedOneIsNot) {
  AddCampaign("c", 1, 2);
  Lease("a", "1", 1, 100);
  Lease("b", "2", 1, 100);
  ASSERT_TRUE(store_->RenewLeases("b", {"2"}, 300).ok());
  ASSERT_TRUE(store_->RenewLeases("b", {"1"}, 300).ok());  // not b's
  EXPECT_EQ(*store_->ExpireLeases(200, 3), 1);
  EXPECT_THAT(Lease("b", "3", 5), ElementsAre("c-0-0"));
}

TEST_F(LeasesTest, ATaskLostTooOftenFailsAndTheCampaignGoesOn) {
  const int64_t campaign = AddCampaign("c", 1, 2);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(Lease("a", absl::StrCat("job ", i), 1, 100), ElementsAre("c-0-0"));
    ASSERT_TRUE(store_->ExpireLeases(200, 3).ok());
  }
  EXPECT_THAT(Lease("a", "last", 5), ElementsAre("c-0-1"));
  const auto progress = store_->ProgressOf(campaign);
  ASSERT_THAT(progress->stages, SizeIs(1));
  EXPECT_EQ(progress->stages[0].failed, 1);
  EXPECT_THAT(*store_->FrequentFailures(campaign, 3), ElementsAre(HasSubstr("3 times")));
}

TEST_F(LeasesTest, ALateResultOfALostLeaseCountsOnce) {
  AddAgent("a");
  const int64_t campaign = AddCampaign("c", 1, 1);
  Lease("a", "1", 1, 100);
  ASSERT_TRUE(store_->ExpireLeases(200, 3).ok());
  EXPECT_EQ(*store_->AddMeasurement("a", Good("c-0-0"), "hash", 250), Stored::kNew);
  EXPECT_THAT(Lease("b", "2", 5), SizeIs(0)) << "it is measured";
  EXPECT_EQ(store_->ProgressOf(campaign)->stages[0].done, 1);
}

TEST_F(LeasesTest, ALateResultTakesThePlaceOfAFailureThatWasMadeUp) {
  AddAgent("a");
  const int64_t campaign = AddCampaign("c", 1, 1);
  Lease("a", "1", 1, 100);
  ASSERT_TRUE(store_->ExpireLeases(200, 1).ok());
  ASSERT_TRUE((*store_->FindMeasurement("c-0-0"))->has_failure());
  EXPECT_EQ(store_->ProgressOf(campaign)->stages[0].failed, 1);
  // It will be acknowledged, and the agent then forgets it.
  EXPECT_EQ(*store_->AddMeasurement("a", Good("c-0-0", 5), "hash", 250), Stored::kNew);
  EXPECT_EQ((*store_->FindMeasurement("c-0-0"))->timing().median_ms(), 5);
  EXPECT_EQ(store_->ProgressOf(campaign)->stages[0].failed, 0);
  EXPECT_EQ(store_->ProgressOf(campaign)->stages[0].done, 1);
  EXPECT_EQ(*store_->AddMeasurement("a", Good("c-0-0", 6), "hash", 260), Stored::kDuplicate);
  EXPECT_EQ((*store_->FindMeasurement("c-0-0"))->timing().median_ms(), 5) << "once";
}

TEST_F(LeasesTest, NoLeaseIsLostBecauseTheServerWasDown) {
  AddCampaign("c", 1, 2);
  Lease("a", "1", 1, 100);
  Lease("b", "2", 1, 900);
  ASSERT_TRUE(store_->ExtendLeases(500).ok());
  EXPECT_EQ(*store_->ExpireLeases(450, 3), 0);
  EXPECT_EQ(*store_->ExpireLeases(550, 3), 1);
  EXPECT_EQ(*store_->ExpireLeases(950, 3), 1) << "a longer one was not cut";
}

TEST_F(LeasesTest, ArePostponedTogether) {
  AddCampaign("c", 1, 3);
  Lease("a", "1", 1, 100);
  Lease("b", "2", 1, 900);
  ASSERT_TRUE(store_->PostponeLeases(500).ok());
  EXPECT_EQ(*store_->ExpireLeases(599, 3), 0);
  EXPECT_EQ(*store_->ExpireLeases(601, 3), 1);
  EXPECT_EQ(*store_->ExpireLeases(1399, 3), 0);
  EXPECT_EQ(*store_->ExpireLeases(1401, 3), 1);
}

TEST_F(LeasesTest, WhatAnAgentForgotIsReleased) {
  AddCampaign("c", 1, 3);
  Lease("a", "1", 1);
  Lease("a", "2", 1);
  Lease("b", "3", 1);
  ASSERT_TRUE(store_->ReleaseJobsExcept("a", {"2"}).ok());
  EXPECT_THAT(Lease("b", "4", 5), ElementsAre("c-0-0"));
}

TEST_F(LeasesTest, DroppedTasksAreNotHandedOutAndTheirLateResultsStay) {
  AddAgent("a");
  const int64_t campaign = AddCampaign("c", 2, 2);
  Lease("a", "1", 1);
  EXPECT_THAT(*store_->DropTasks(campaign, 1), ElementsAre("1"));
  EXPECT_THAT(Lease("a", "2", 5), ElementsAre("c-1-0", "c-1-1")) << "the stage that was to be kept";
  ASSERT_TRUE(store_->DropTasks(campaign, -1).ok());
  EXPECT_EQ(*store_->AddMeasurement("a", Good("c-0-0"), "hash", 10), Stored::kNew);
  EXPECT_THAT(*store_->ResultsOf("board"), SizeIs(1));
  EXPECT_FALSE(*store_->HasWork("board"));
}

TEST_F(LeasesTest, OneCampaignOfAPlatformAtATime) {
  const int64_t id = AddCampaign("c", 1, 1);
  v1::Campaign campaign;
  campaign.set_platform("platforms/board");
  campaign.set_state(v1::CAMPAIGN_STATE_RUNNING);
  const absl::Status second = store_->AddCampaign(campaign, {}).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.message()), HasSubstr(absl::StrCat("campaigns/", id)));
  v1::Campaign ended = **store_->FindCampaign(id);
  ended.set_state(v1::CAMPAIGN_STATE_SUCCEEDED);
  ASSERT_TRUE(store_->UpdateCampaign(ended).ok());
  EXPECT_TRUE(store_->AddCampaign(campaign, {}).ok());
  EXPECT_THAT(*store_->OpenCampaigns(), SizeIs(1));
  EXPECT_EQ((*store_->ListCampaigns("", 0, 10))[0].name(), absl::StrCat("campaigns/", id + 1)) << "newest first";
}

TEST_F(LeasesTest, ProgressCountsStagesAndBoardTime) {
  AddAgent("a");
  const int64_t campaign = AddCampaign("c", 2, 2);
  ASSERT_TRUE(store_->AddMeasurement("a", Good("c-0-0"), "hash", 10).ok());
  ASSERT_TRUE(store_->AddMeasurement("a", Bad("c-0-1", "refused"), "hash", 10).ok());
  Lease("a", "1", 1);
  const auto progress = store_->ProgressOf(campaign);
  ASSERT_THAT(progress->stages, SizeIs(2));
  EXPECT_EQ(progress->stages[0].done, 2);
  EXPECT_EQ(progress->stages[0].failed, 1);
  EXPECT_EQ(progress->stages[1].planned, 2);
  EXPECT_EQ(progress->stages[1].done, 0);
  EXPECT_EQ(progress->active_agents, 1);
  EXPECT_DOUBLE_EQ(progress->board_seconds, 0.5);
}

}  // namespace
}  // namespace latimer::server
