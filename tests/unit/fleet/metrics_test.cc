// What a server tells Prometheus of its boards, through a campaign and what may go wrong with it.
#include "tests/unit/metrics/scrape.h"

#include <gmock/gmock.h>

#include "fleet_support.h"
#include "server/store/data_folder.h"
#include "server/store/database.h"

namespace latimer::server {
namespace {

using metrics::Exposition;
using testing::IsEmpty;
using Labels = std::map<std::string, std::string>;

class FleetMetricsTest : public FleetTest {
 protected:
  FleetMetricsTest() {
    options_.metrics_address = "127.0.0.1:0";
    Restart();
  }
  Exposition Scrape() { return metrics::Parse(metrics::Get(server_->metrics_address())); }
  std::optional<double> Value(const std::string& name, const Labels& labels = {}) {
    return Scrape().Value(name, labels);
  }
};

v1::Measurement Slowly(const v1::BenchmarkTask& task) {
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  v1::Measurement measurement = PlausibleTime(task);
  measurement.set_reference_ms(2);
  return measurement;
}

TEST_F(FleetMetricsTest, FollowACampaignToItsModel) {
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  agent->Hello();
  agent->Work(Slowly);
  const v1::Campaign started = StartCampaign(120);
  WaitUntil("the campaign shows", [&] {
    const Exposition told = Scrape();
    return told.Value("latimer_campaigns", {{"state", "running"}}) == 1 &&
           told.Value("latimer_campaign_planned_measurements", {{"platform", "board"}}) > 50 &&
           told.Value("latimer_queue_tasks", {{"state", "waiting"}}) > 0 && told.Value("latimer_agent_jobs") == 1;
  });
  const v1::Campaign ended = WaitForEnd(started.name());
  ASSERT_EQ(ended.state(), v1::CAMPAIGN_STATE_SUCCEEDED) << ended.message();
  WaitUntil("the model is judged", [&] {
    const Exposition told = Scrape();
    return told.Value("latimer_model_mape_ratio", {{"platform", "board"}, {"set", "validation"}}).has_value() &&
           told.Value("latimer_campaigns", {{"state", "succeeded"}}) == 1;
  });
  const Exposition told = Scrape();
  EXPECT_THAT(metrics::Lint(told), IsEmpty());
  EXPECT_EQ(told.Value("latimer_measurements_total", {{"platform", "board"}, {"outcome", "measured"}}), ended.done());
  EXPECT_EQ(told.Value("latimer_measurements_total", {{"platform", "board"}, {"outcome", "failed"}}), 0);
  EXPECT_NEAR(*told.Value("latimer_board_seconds_total"), ended.board_seconds(), 1e-6);
  EXPECT_GE(told.Value("latimer_refits_total", {{"outcome", "promoted"}}), 1);
  EXPECT_EQ(told.Value("latimer_refits_total", {{"outcome", "failed"}}), 0);
  EXPECT_GE(told.Value("latimer_refit_duration_seconds_count"), 1);
  EXPECT_EQ(told.Value("latimer_refits_running"), 0);
  EXPECT_EQ(told.Value("latimer_refits_waiting"), 0);
  const Labels model = {{"platform", "board"}, {"set", "validation"}};
  EXPECT_GT(told.Value("latimer_model_judged_networks", model), 3);
  EXPECT_LT(told.Value("latimer_model_mape_ratio", model), 0.5);
  EXPECT_GT(told.Value("latimer_model_spearman_correlation", model), 0.5);
  EXPECT_GE(told.Value("latimer_model_interval_coverage_ratio", model), 0);
  EXPECT_GT(told.Value("latimer_model_interval_width_ratio", model), 0);
  EXPECT_EQ(told.Value("latimer_model_interval_level_ratio"), 0.9);
  EXPECT_GT(told.Value("latimer_model_measurements", {{"platform", "board"}}), 20);
  const auto now = static_cast<double>(time(nullptr));
  EXPECT_NEAR(*told.Value("latimer_model_create_timestamp_seconds"), now, 60);
  EXPECT_NEAR(*told.Value("latimer_newest_measurement_timestamp_seconds"), now, 60);
  EXPECT_EQ(told.Value("latimer_queue_tasks", {{"state", "waiting"}}), 0);
  EXPECT_FALSE(told.Has("latimer_campaign_planned_measurements")) << "no campaign is open";

  const Labels agent_labels = {{"platform", "board"}};
  EXPECT_EQ(told.Value("latimer_agent_info", {{"board", "test board"}, {"backend", "played"}}), 1);
  EXPECT_EQ(told.Value("latimer_agent_up", agent_labels), 1);
  EXPECT_EQ(told.Value("latimer_agent_temperature_celsius", agent_labels), 47);
  EXPECT_EQ(told.Value("latimer_agent_measurements_total", {{"outcome", "measured"}}), ended.done());
  EXPECT_NEAR(*told.Value("latimer_agent_last_heartbeat_timestamp_seconds"), now, 60);
  EXPECT_EQ(told.Value("latimer_agent_reference_drift_ratio"), 0);
  EXPECT_EQ(told.Value("latimer_agent_reference_seconds"), 0.002);
  EXPECT_GT(told.Value("latimer_store_size_bytes"), 1e4);
}

TEST_F(FleetMetricsTest, CompareEveryMeasuredNetworkWithItsPrediction) {
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  agent->Hello();
  std::atomic<double> factor{1};
  agent->Work([&](const v1::BenchmarkTask& task) {
    v1::Measurement measurement = Slowly(task);
    v1::Timing* timing = measurement.mutable_timing();
    timing->set_median_ms(timing->median_ms() * factor);
    return measurement;
  });
  WaitForEnd(StartCampaign(120).name());
  // The board becomes ten times slower than its model knows.
  factor = 10;
  v1::MeasureNetworkRequest request;
  request.set_platform("board");
  *request.mutable_network()->mutable_network() = OneConvolution({1, 16, 20, 20}, 3, 64);
  grpc::ClientContext context;
  v1::MeasureNetworkResponse response;
  const grpc::Status status = Stub<v1::MeasurementService>()->MeasureNetwork(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  const Exposition told = Scrape();
  const Labels person = {{"platform", "board"}, {"requested_by", "person"}};
  EXPECT_EQ(told.Value("latimer_prediction_error_ratio_count", person), 1);
  EXPECT_GT(told.Value("latimer_prediction_error_ratio_sum", person), 0.5);
  Labels above = person;
  above["position"] = "above";
  EXPECT_EQ(told.Value("latimer_prediction_interval_total", above), 1);
}

TEST_F(FleetMetricsTest, TellOfLostLeasesAndSilentAgents) {
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  agent->Hello();
  agent->Beat();
  StartCampaign(60);
  v1::Job job;
  ASSERT_TRUE(agent->NextJob(&job));
  // From here on it says nothing.
  WaitUntil("its work is lost", [&] { return Value("latimer_leases_lost_total") >= job.tasks_size(); });
  WaitUntil("it counts as silent", [&] { return Value("latimer_agent_up") == 0; });
}

TEST_F(FleetMetricsTest, AServerThatIsHeldUpBlamesNobody) {
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  agent->Hello();
  agent->Work(Slowly);
  const std::string name = StartCampaign(60).name();
  WaitUntil("it measures", [&] { return agent->measured > 2; });
  {
    // Another process writes to the store, for longer than a lease.
    const absl::StatusOr<std::unique_ptr<Database>> other = Database::Open(StoreFile(options_.data_dir));
    ASSERT_TRUE(other.ok()) << other.status();
    Transaction transaction(**other);
    ASSERT_TRUE(transaction.begun().ok()) << transaction.begun();
    std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  }
  const v1::Campaign ended = WaitForEnd(name);
  EXPECT_EQ(ended.state(), v1::CAMPAIGN_STATE_SUCCEEDED) << ended.message();
  EXPECT_EQ(ended.done(), agent->measured) << "nothing was given twice";
  EXPECT_EQ(Value("latimer_leases_lost_total").value_or(0), 0);
}

TEST_F(FleetMetricsTest, ForgetRevokedAgents) {
  const std::unique_ptr<PlayedAgent> agent = NewAgent();
  agent->Hello();
  agent->Beat();
  WaitUntil("it is there", [&] { return Value("latimer_agent_up") == 1; });
  v1::RevokeAgentRequest request;
  request.set_name(OnlyAgent().name());
  grpc::ClientContext context;
  v1::Agent revoked;
  ASSERT_TRUE(Stub<v1::FleetService>()->RevokeAgent(&context, request, &revoked).ok());
  WaitUntil("it is gone", [&] { return !Scrape().Has("latimer_agent_up"); });
}

TEST_F(FleetMetricsTest, CountRefusalsByReason) {
  v1::EnrollResponse response;
  EXPECT_EQ(Enroll("wrong token", "board", &response).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  // The caller has its answer a little before the call is over.
  WaitUntil("the refusal is counted", [&] {
    return Value("latimer_rpc_errors_total", {{"service", "latimer.v1.AgentService"}, {"code", "UNAUTHENTICATED"}}) ==
           1;
  });
}

}  // namespace
}  // namespace latimer::server
