// The display of a campaign, compared with the files in tests/data/cli_fleet.
//
// LATIMER_UPDATE_GOLDENS=1 in the environment rewrites the files instead; the difference is then reviewed as text.
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/report/campaign_progress.h"
#include "cli/report/fleet_report.h"
#include "cli/terminal/text_width.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace latimer::cli {
namespace {

using testing::DoubleEq;
using testing::Eq;
using testing::HasSubstr;
using testing::Not;
using testing::Optional;

void ExpectGolden(const std::string& name, const std::string& text) {
  const std::string path = absl::StrCat(LATIMER_SOURCE_DIR "/tests/data/cli_fleet/", name, ".txt");
  if (std::getenv("LATIMER_UPDATE_GOLDENS") != nullptr) std::ofstream(path, std::ios::binary) << text;
  std::ifstream in(path, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), text)
      << "if this is better, rewrite " << path << " with LATIMER_UPDATE_GOLDENS=1";
}

void AddStage(const char* name, int64_t done, int64_t planned, int64_t failed, v1::Campaign* campaign) {
  v1::CampaignStage& stage = *campaign->add_stages();
  stage.set_name(name);
  stage.set_done(done);
  stage.set_planned(planned);
  stage.set_failed(failed);
}

v1::Campaign Running() {
  v1::Campaign campaign;
  campaign.set_name("campaigns/12");
  campaign.set_platform("platforms/simulated-imx93-ethos-u65");
  campaign.set_state(v1::CAMPAIGN_STATE_RUNNING);
  campaign.set_method(v1::BENCHMARK_METHOD_SMART_PADDING);
  campaign.set_max_measurements(1000);
  campaign.set_max_board_seconds(300);
  AddStage("sweeps", 200, 200, 0, &campaign);
  AddStage("aligned samples", 130, 400, 3, &campaign);
  AddStage("other layer types", 0, 300, 0, &campaign);
  AddStage("validation networks", 0, 100, 0, &campaign);
  campaign.set_current_stage(1);
  campaign.set_done(330);
  campaign.set_failed(3);
  campaign.set_board_seconds(72.5);
  campaign.set_active_agents(2);
  campaign.set_temperature_celsius(61.4);
  campaign.set_model_version("fit-3");
  for (const auto& [subject, mape] : {std::pair("Conv", 0.041), std::pair("network", 0.06)}) {
    v1::Accuracy& accuracy = *campaign.add_accuracy();
    accuracy.set_subject(subject);
    accuracy.set_mape(mape);
  }
  campaign.set_create_time_unix_ms(1'000'000);
  campaign.set_seed(1);
  return campaign;
}

CampaignPace Pace() {
  CampaignPace pace;
  pace.elapsed = absl::Seconds(83);
  pace.per_second = 12.34;
  pace.left = absl::Seconds(54);
  return pace;
}

std::string Rendered(const v1::Campaign& campaign, const CampaignPace& pace, const Terminal& terminal) {
  const std::vector<std::string> lines = CampaignProgressLines(campaign, pace, terminal);
  for (const std::string& line : lines) EXPECT_LT(DisplayWidth(line), terminal.width) << line;
  return absl::StrJoin(lines, "\n") + "\n";
}

TEST(ProgressTest, At60Columns) { ExpectGolden("running_60", Rendered(Running(), Pace(), {.width = 60})); }

TEST(ProgressTest, At100Columns) { ExpectGolden("running_100", Rendered(Running(), Pace(), {.width = 100})); }

TEST(ProgressTest, InAscii) {
  ExpectGolden("running_100_ascii", Rendered(Running(), Pace(), {.width = 100, .ascii = true}));
}

TEST(ProgressTest, AtTheStartNothingIsKnown) {
  v1::Campaign campaign;
  campaign.set_name("campaigns/1");
  campaign.set_platform("platforms/x");
  campaign.set_state(v1::CAMPAIGN_STATE_RUNNING);
  campaign.set_max_measurements(50);
  ExpectGolden("start_60", Rendered(campaign, {}, {.width = 60}));
}

TEST(ProgressTest, WithoutTheServer) {
  CampaignPace pace = Pace();
  pace.lost = true;
  EXPECT_THAT(Rendered(Running(), pace, {.width = 100}), HasSubstr("connection lost, trying again"));
}

TEST(ProgressTest, FailedWithAReason) {
  v1::Campaign campaign = Running();
  campaign.set_state(v1::CAMPAIGN_STATE_FAILED);
  campaign.set_message("every measurement failed: the engine's process died 30 times, last with signal 11");
  ExpectGolden("failed_60", Rendered(campaign, Pace(), {.width = 60}));
}

TEST(ProgressTest, NoLineIsEverTooLong) {
  v1::Campaign campaign = Running();
  campaign.set_name("campaigns/\x1b[31m with an escape and a very long name that goes on and on");
  campaign.mutable_stages(0)->set_name("ステージ名がとても長い場合でも一行に収まる");
  campaign.mutable_stages(2)->set_failed(123456);
  for (int width = 20; width <= 140; ++width) {
    const std::string text = Rendered(campaign, Pace(), {.width = width});
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
  }
}

TEST(ProgressTest, OneLineForLogs) {
  EXPECT_EQ(
      CampaignProgressLine(Running(), Pace(), false),
      "campaigns/12: running, aligned samples 130/400, 330/1000 in all, 12.3/s, 0:54 left, board 61 °C, 3 failed, "
      "mean error network 6.0%, Conv 4.1%");
  EXPECT_EQ(CampaignProgressLine(v1::Campaign(), {}, true), ": -, 0/0 in all");
}

TEST(PacerTest, TheBudgetThatEndsFirstCounts) {
  v1::Campaign campaign = Running();
  CampaignPacer pacer;
  const absl::Time start = absl::FromUnixMillis(campaign.create_time_unix_ms());
  CampaignPace pace = pacer.Update(campaign, start + absl::Seconds(10));
  EXPECT_EQ(pace.elapsed, absl::Seconds(10));
  EXPECT_THAT(pace.per_second, Eq(std::nullopt));
  EXPECT_THAT(pace.left, Eq(std::nullopt));
  campaign.set_done(350);
  campaign.set_board_seconds(82.5);
  pace = pacer.Update(campaign, start + absl::Seconds(20));
  EXPECT_THAT(pace.per_second, Optional(DoubleEq(2)));
  // 650 measurements at 2 per second take 325 s; 217.5 s of board time at one per second are sooner over.
  EXPECT_THAT(pace.left, Optional(absl::Seconds(217.5)));
  campaign.set_max_board_seconds(0);
  EXPECT_THAT(pacer.Update(campaign, start + absl::Seconds(20)).left, Optional(absl::Seconds(325)));
}

TEST(FleetReportTest, CampaignInFull) {
  v1::Campaign campaign = Running();
  campaign.set_state(v1::CAMPAIGN_STATE_SUCCEEDED);
  campaign.set_end_time_unix_ms(1'000'000 + 125'000);
  ExpectGolden("campaign_80", CampaignReport(campaign, {.width = 80}));
  ExpectGolden("campaigns_100", CampaignList({campaign, Running()}, {.width = 100}));
}

TEST(FleetReportTest, AgentsAndWhatChanged) {
  v1::Agent agent;
  agent.set_name("agents/a3f2");
  agent.set_display_name("lab-jetson");
  agent.set_platform("platforms/jetson-int8");
  agent.set_backend("onnxruntime");
  agent.set_state(v1::AGENT_STATE_HELD);
  (*agent.mutable_fingerprint()->mutable_facts())["toolchain"] = "onnxruntime 1.20.1";
  (*agent.mutable_fingerprint()->mutable_facts())["threads"] = "1";
  (*agent.mutable_changed_fingerprint()->mutable_facts())["toolchain"] = "onnxruntime 1.21.0";
  (*agent.mutable_changed_fingerprint()->mutable_facts())["threads"] = "1";
  (*agent.mutable_changed_fingerprint()->mutable_facts())["governor"] = "performance";
  agent.set_last_seen_unix_ms(1'000'000'000);
  agent.mutable_conditions()->set_temperature_celsius(48.2);
  agent.set_measurement_count(1234);
  agent.set_failure_count(5);
  agent.set_first_reference_ms(10);
  agent.set_last_reference_ms(10.8);
  agent.set_trouble("cannot store a result: No space left on device");
  v1::Agent other;
  other.set_name("agents/b");
  other.set_platform("platforms/ncs2");
  other.set_state(v1::AGENT_STATE_OFFLINE);
  other.mutable_fingerprint()->set_simulated(true);
  const absl::Time now = absl::FromUnixMillis(1'000'004'000);
  ExpectGolden("agents_100", AgentList({agent, other}, now, {.width = 100}));
  ExpectGolden("agents_140", AgentList({agent, other}, now, {.width = 140}));
  ExpectGolden("agents_csv", AgentCsv({agent, other}));
}

TEST(FleetReportTest, Versions) {
  v1::PlatformVersion active;
  active.set_version("fit-2");
  active.set_create_time_unix_ms(1'000'000'000'000);
  active.set_active(true);
  active.set_promoted(true);
  active.set_measurement_count(1000);
  active.set_campaign("campaigns/12");
  active.add_accuracy()->set_subject("network");
  active.mutable_accuracy(0)->set_mape(0.05);
  v1::PlatformVersion rejected = active;
  rejected.set_version("fit-3");
  rejected.set_active(false);
  rejected.set_promoted(false);
  rejected.set_rejection("worse on the validation networks: 9.0% after 5.0%");
  v1::PlatformVersion published;
  published.set_version("published-2021.1");
  published.set_promoted(true);
  ExpectGolden("versions_100", VersionList({rejected, active, published}, {.width = 100}));
}

}  // namespace
}  // namespace latimer::cli
