// A store in memory and what is put into it.
#ifndef LATIMER_TESTS_UNIT_STORE_STORE_SUPPORT_H_
#define LATIMER_TESTS_UNIT_STORE_STORE_SUPPORT_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/store/store.h"

namespace latimer::server {

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() : store_(*Store::Open(":memory:")) {}

  // Enrols agents/<id> on `platform`; its credential's hash is "hash of <id>".
  void AddAgent(const std::string& id, const std::string& platform = "board") {
    ASSERT_TRUE(store_->AddToken(absl::StrCat("token of ", id), "", 1000).ok());
    v1::Agent agent;
    agent.set_name(absl::StrCat("agents/", id));
    agent.set_platform(absl::StrCat("platforms/", platform));
    ASSERT_TRUE(
        store_->Enroll(absl::StrCat("token of ", id), {platform, "simulated", {}}, agent, absl::StrCat("hash of ", id))
            .ok());
  }

  static std::vector<TaskRecord> Tasks(const std::string& prefix, int stages, int per_stage,
                                       const std::string& platform = "board") {
    std::vector<TaskRecord> tasks;
    for (int stage = 0; stage < stages; ++stage) {
      for (int i = 0; i < per_stage; ++i) {
        TaskRecord& task = tasks.emplace_back();
        task.measurement_id = absl::StrCat(prefix, "-", stage, "-", i);
        task.platform = platform;
        task.stage = stage;
        task.position = i;
        task.kind = 1;
        task.name = absl::StrCat("task ", stage, ".", i);
        task.network = "network";
      }
    }
    return tasks;
  }

  int64_t AddCampaign(const std::string& prefix, int stages, int per_stage, const std::string& platform = "board") {
    v1::Campaign campaign;
    campaign.set_platform(absl::StrCat("platforms/", platform));
    campaign.set_state(v1::CAMPAIGN_STATE_RUNNING);
    const absl::StatusOr<int64_t> id = store_->AddCampaign(campaign, Tasks(prefix, stages, per_stage, platform));
    EXPECT_TRUE(id.ok()) << id.status();
    return id.value_or(0);
  }

  static v1::Measurement Good(const std::string& id, double ms = 1) {
    v1::Measurement measurement;
    measurement.set_measurement_id(id);
    measurement.mutable_timing()->set_median_ms(ms);
    measurement.set_board_seconds(0.5);
    return measurement;
  }
  static v1::Measurement Bad(const std::string& id, const std::string& why) {
    v1::Measurement measurement;
    measurement.set_measurement_id(id);
    measurement.mutable_failure()->set_code(3);
    measurement.mutable_failure()->set_message(why);
    return measurement;
  }

  std::unique_ptr<Store> store_;
};

}  // namespace latimer::server

#endif  // LATIMER_TESTS_UNIT_STORE_STORE_SUPPORT_H_
