// Tokens, agents, measurements, files.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "server/store/schema.h"
#include "store_support.h"

namespace latimer::server {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST_F(StoreTest, ATokenServesOneAgent) {
  AddAgent("a");
  const auto token = store_->FindToken("token of a");
  ASSERT_TRUE(token.ok() && token->has_value());
  EXPECT_TRUE((*token)->used);
  v1::Agent second;
  second.set_name("agents/b");
  EXPECT_EQ(store_->Enroll("token of a", {"board", "simulated", {}}, second, "hash of b").code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(store_->FindAgent("b")->has_value()) << "nothing of a failed enrolment stays";
}

TEST_F(StoreTest, FindsAgentsByCredentialAndTellsRevokedOnes) {
  AddAgent("a");
  EXPECT_FALSE(store_->FindAgentByCredential("hash of b")->has_value());
  EXPECT_EQ((**store_->FindAgentByCredential("hash of a")).name(), "agents/a");
  ASSERT_TRUE(store_->RevokeAgent("a").ok());
  EXPECT_EQ((**store_->FindAgentByCredential("hash of a")).state(), v1::AGENT_STATE_REVOKED);
}

TEST_F(StoreTest, AResultIsStoredOnce) {
  AddAgent("a");
  AddCampaign("c", 1, 2);
  EXPECT_EQ(*store_->AddMeasurement("a", Good("c-0-0", 3), "hash", 10), Stored::kNew);
  EXPECT_EQ(*store_->AddMeasurement("a", Good("c-0-0", 4), "hash", 20), Stored::kDuplicate);
  EXPECT_EQ(*store_->AddMeasurement("a", Good("unknown"), "hash", 30), Stored::kUnknownTask);
  EXPECT_EQ((**store_->FindMeasurement("c-0-0")).timing().median_ms(), 3) << "the first one counts";
  EXPECT_EQ(store_->CountersOf("a")->measurements, 1);
}

TEST_F(StoreTest, NetworksAreFoundByHashNewestFirstWithoutFailures) {
  AddAgent("a");
  AddCampaign("c", 1, 3);
  ASSERT_TRUE(store_->AddMeasurement("a", Good("c-0-0", 1), "hash", 10).ok());
  ASSERT_TRUE(store_->AddMeasurement("a", Good("c-0-1", 2), "hash", 20).ok());
  ASSERT_TRUE(store_->AddMeasurement("a", Bad("c-0-2", "refused"), "hash", 30).ok());
  const auto found = store_->MeasurementsOf("board", "hash", 10);
  ASSERT_TRUE(found.ok());
  ASSERT_THAT(*found, SizeIs(2));
  EXPECT_EQ((*found)[0].timing().median_ms(), 2);
  EXPECT_THAT(*store_->MeasurementsOf("board", "other", 10), SizeIs(0));
  EXPECT_EQ(store_->CountersOf("a")->failures, 1);
}

TEST_F(StoreTest, EverythingIsThereAfterReopening) {
  const std::string path = ::testing::TempDir() + "latimer_reopen.sqlite";
  std::filesystem::remove(path);
  store_ = *Store::Open(path);
  AddAgent("a");
  AddCampaign("c", 1, 2);
  ASSERT_TRUE(store_->AddMeasurement("a", Good("c-0-0"), "hash", 10).ok());
  store_.reset();
  std::ofstream(path + "-journal").close();  // what a killed process may leave behind
  absl::StatusOr<std::unique_ptr<Store>> again = Store::Open(path);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE((*again)->FindMeasurement("c-0-0")->has_value());
  EXPECT_THAT(*(*again)->OpenCampaigns(), SizeIs(1));
  EXPECT_TRUE((*again)->FindAgent("a")->has_value());
}

TEST_F(StoreTest, SaysWhatIsWrongWithAFile) {
  EXPECT_EQ(Store::Open("/nonexistent/folder/latimer.sqlite").status().code(), absl::StatusCode::kUnavailable);
  const std::string path = ::testing::TempDir() + "latimer_garbage.sqlite";
  std::ofstream(path) << std::string(4096, 'x');
  const absl::Status garbage = Store::Open(path).status();
  EXPECT_EQ(garbage.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(garbage.message()), HasSubstr(path));
}

TEST_F(StoreTest, AFileOfANewerProgramIsLeftAlone) {
  const std::string path = ::testing::TempDir() + "latimer_newer.sqlite";
  std::filesystem::remove(path);
  ASSERT_TRUE(Store::Open(path).ok());
  {
    const auto database = Database::Open(path);
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE((*database)->Execute(absl::StrCat("PRAGMA user_version=", kSchemaVersion + 1)).ok());
  }
  EXPECT_EQ(Store::Open(path).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(StoreTest, WaitingTasksMakeWayForBetterOnes) {
  AddAgent("a");
  const int64_t campaign = AddCampaign("plan", 2, 6);
  // All of stage 0, then two of stage 1: a lease is of one stage.
  ASSERT_EQ(store_->Lease("board", "agents/a", "job", 8, 1000).value_or(std::vector<TaskRecord>()).size(), 6u);
  ASSERT_EQ(store_->Lease("board", "agents/a", "job1", 2, 1000).value_or(std::vector<TaskRecord>()).size(), 2u);
  EXPECT_EQ(store_->CountWaiting(campaign, 1).value_or(-1), 4);
  EXPECT_EQ(store_->MeasuredNames(campaign).value_or(std::vector<std::string>()).size(), 8u);
  std::vector<TaskRecord> better;
  for (int i = 0; i < 3; ++i) {
    TaskRecord& task = better.emplace_back();
    task.measurement_id = absl::StrCat("better-", i);
    task.platform = "board";
    task.stage = 1;
    task.position = i;
    task.name = absl::StrCat("better ", i);
    task.network = "network";
  }
  EXPECT_EQ(store_->ReplaceWaiting(campaign, 1, better).value_or(-1), 3);
  const auto progress = store_->ProgressOf(campaign);
  ASSERT_TRUE(progress.ok()) << progress.status();
  EXPECT_EQ(progress->stages[1].planned, 6) << "as many as before";
  std::vector<std::string> names;
  const auto rest = store_->Lease("board", "agents/a", "job2", 100, 1000);
  ASSERT_TRUE(rest.ok()) << rest.status();
  for (const TaskRecord& task : *rest) names.push_back(task.name);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"better 0", "better 1", "better 2", "task 1.2"}))
      << "the last ones made way";
  for (TaskRecord& task : better) task.measurement_id += " again";
  EXPECT_EQ(store_->ReplaceWaiting(campaign, 1, better).value_or(-1), 0) << "none waits any more";
}

TEST_F(StoreTest, HeldTasksAreNotHandedOutBeforeTheyAreReleased) {
  AddAgent("a");
  std::vector<TaskRecord> tasks = Tasks("plan", 2, 3);
  for (TaskRecord& task : tasks) task.held = task.stage == 1;
  v1::Campaign campaign;
  campaign.set_platform("platforms/board");
  campaign.set_state(v1::CAMPAIGN_STATE_RUNNING);
  const int64_t id = store_->AddCampaign(campaign, tasks).value_or(0);
  const auto first = store_->Lease("board", "agents/a", "job", 100, 1000);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->size(), 3u);
  EXPECT_EQ(store_->CountWaiting(id, 1).value_or(-1), 3);
  EXPECT_EQ(store_->ProgressOf(id)->stages[1].planned, 3) << "they are part of the plan";
  ASSERT_TRUE(store_->Release(id).ok());
  const auto rest = store_->Lease("board", "agents/a", "job2", 100, 1000);
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_EQ(rest->size(), 3u);
}

TEST_F(StoreTest, HeldTasksAreDroppedWithTheOthers) {
  AddAgent("a");
  std::vector<TaskRecord> tasks = Tasks("plan", 2, 2);
  for (TaskRecord& task : tasks) task.held = task.stage == 0;
  v1::Campaign campaign;
  campaign.set_platform("platforms/board");
  campaign.set_state(v1::CAMPAIGN_STATE_RUNNING);
  const int64_t id = store_->AddCampaign(campaign, tasks).value_or(0);
  ASSERT_TRUE(store_->DropTasks(id, 1).ok());
  ASSERT_TRUE(store_->Release(id).ok());
  const auto rest = store_->Lease("board", "agents/a", "job", 100, 1000);
  ASSERT_TRUE(rest.ok()) << rest.status();
  ASSERT_EQ(rest->size(), 2u);
  EXPECT_EQ((*rest)[0].stage, 1);
}

}  // namespace
}  // namespace latimer::server
