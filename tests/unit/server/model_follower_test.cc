// A replica answers with what another server's data folder holds, soon after it changes.
#include "server/model_follower.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

#include "server/store/data_folder.h"
#include "server/store/store.h"
#include "tests/unit/model/test_platform.h"

namespace latimer::server {
namespace {

using std::chrono::steady_clock;

class ModelFollowerTest : public ::testing::Test {
 protected:
  ModelFollowerTest()
      : folder_(std::filesystem::path(::testing::TempDir()) /
                ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~ModelFollowerTest() override { std::filesystem::remove_all(folder_); }

  void OpenStore() {
    auto store = Store::Open(StoreFile(folder_.string()));
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  void Follow() {
    auto follower = ModelFollower::Start(folder_.string(), &source_, nullptr);
    ASSERT_TRUE(follower.ok()) << follower.status();
    follower_ = *std::move(follower);
  }

  // A new version that answers from now on.
  void Fit() {
    ModelVersionRecord record;
    record.active = true;
    const auto added = store_->AddModelVersion("made-up", record, MakeTestPlatform()->definition());
    ASSERT_TRUE(added.ok()) << added.status();
  }

  // Empty where the platform is unknown.
  std::string Version() const {
    const std::shared_ptr<const Catalog> catalog = holder_.Get();
    if (catalog == nullptr) return "";
    const auto found = catalog->platforms.find("made-up");
    return found == catalog->platforms.end() ? "" : found->second->version();
  }

  bool Within(std::chrono::milliseconds time, const std::function<bool()>& happens) const {
    const auto end = steady_clock::now() + time;
    while (!happens()) {
      if (steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
  }

  const std::filesystem::path folder_;
  CatalogHolder holder_;
  CatalogSource source_{&holder_};
  std::unique_ptr<Store> store_;
  std::unique_ptr<ModelFollower> follower_;
};

TEST_F(ModelFollowerTest, WhatIsThereAnswersAtOnce) {
  OpenStore();
  Fit();
  Follow();
  EXPECT_EQ(Version(), "fit-1");
}

TEST_F(ModelFollowerTest, NewVersionsAnswerWithinASecond) {
  OpenStore();
  Follow();
  EXPECT_EQ(Version(), "");
  for (const char* version : {"fit-1", "fit-2", "fit-3"}) {
    Fit();
    EXPECT_TRUE(Within(std::chrono::seconds(1), [&] { return Version() == version; })) << Version();
  }
}

TEST_F(ModelFollowerTest, TheFolderMayBeEmptyAtFirst) {
  Follow();
  EXPECT_FALSE(std::filesystem::exists(StoreFile(folder_.string())));
  OpenStore();
  Fit();
  EXPECT_TRUE(Within(std::chrono::seconds(20), [&] { return Version() == "fit-1"; }));
}

// A catalogue that changed nothing would empty every cache.
TEST_F(ModelFollowerTest, OtherCommitsChangeNothing) {
  OpenStore();
  Fit();
  Follow();
  const uint64_t generation = holder_.Get()->generation;
  ASSERT_TRUE(store_->AddToken("hash", "made-up", 1).ok());
  EXPECT_FALSE(Within(std::chrono::milliseconds(700), [&] { return holder_.Get()->generation != generation; }));
}

}  // namespace
}  // namespace latimer::server
