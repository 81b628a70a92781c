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

}  // namespace
}  // namespace latimer::server
