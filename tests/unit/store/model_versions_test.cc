#include <gmock/gmock.h>

#include "store_support.h"

namespace latimer::server {
namespace {

using ::testing::SizeIs;

TEST_F(StoreTest, ModelVersionsAreNumberedAndOneAnswers) {
  model::v1::PlatformModel model;
  model.set_id("board");
  ModelVersionRecord good;
  good.active = true;
  EXPECT_EQ(store_->AddModelVersion("board", good, model)->version, "fit-1");
  EXPECT_EQ(store_->AddModelVersion("board", good, model)->version, "fit-2");
  ModelVersionRecord rejected;
  rejected.rejection = "worse";
  EXPECT_EQ(store_->AddModelVersion("board", rejected, model)->version, "fit-3");
  const auto versions = store_->ListModelVersions("board");
  ASSERT_THAT(*versions, SizeIs(3));
  EXPECT_EQ((*versions)[0].version, "fit-3");
  EXPECT_FALSE((*versions)[0].promoted);
  EXPECT_TRUE((*versions)[1].active);
  EXPECT_FALSE((*versions)[2].active);
  EXPECT_TRUE((*versions)[2].promoted);
  ASSERT_THAT(*store_->ActiveModels(), SizeIs(1));
  EXPECT_EQ((*store_->ActiveModels())[0].version(), "fit-2");
}

TEST_F(StoreTest, AnEarlierVersionCanBeMadeToAnswerAndAMissingOneChangesNothing) {
  model::v1::PlatformModel model;
  model.set_id("board");
  ModelVersionRecord active;
  active.active = true;
  ASSERT_TRUE(store_->AddModelVersion("board", active, model).ok());
  ASSERT_TRUE(store_->AddModelVersion("board", active, model).ok());
  ASSERT_TRUE(store_->ActivateModel("board", "fit-1").ok());
  EXPECT_EQ((*store_->ActiveModels())[0].version(), "fit-1");
  EXPECT_EQ(store_->ActivateModel("board", "fit-9").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ((*store_->ActiveModels())[0].version(), "fit-1");
}

}  // namespace
}  // namespace latimer::server
