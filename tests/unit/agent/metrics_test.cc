// What an agent tells Prometheus, with and without a server.
#include "agent/metrics/agent_metrics.h"

#include <gmock/gmock.h>
#include <prometheus/text_serializer.h>

#include "tests/unit/agent/recording_log.h"
#include "tests/unit/metrics/scrape.h"
#include "tests/unit/temp_dir.h"

namespace latimer::agent {
namespace {

using metrics::Exposition;
using testing::IsEmpty;

class AgentMetricsTest : public testing::Test {
 protected:
  Exposition Scrape() { return metrics::Parse(prometheus::TextSerializer().Serialize(metrics_.Collect())); }

  const TempDir temp_;
  RecordingLog log_;
  Activity activity_;
  Workload workload_{[] {}};
  const std::unique_ptr<Spool> spool_ = *Spool::Open(temp_.path() + "/spool", &log_);
  AgentMetrics metrics_{&activity_, &workload_, spool_.get(), "fake"};
};

TEST_F(AgentMetricsTest, AreThereBeforeTheServerIs) {
  const Exposition told = Scrape();
  EXPECT_THAT(metrics::Lint(told), IsEmpty());
  EXPECT_EQ(told.Value("latimer_board_session_open"), 0);
  EXPECT_EQ(told.Value("latimer_board_tasks_total", {{"outcome", "measured"}}), 0);
  EXPECT_FALSE(told.Has("latimer_board_info")) << "it is nobody yet";
  EXPECT_FALSE(told.Has("latimer_board_last_heartbeat_timestamp_seconds"));
}

TEST_F(AgentMetricsTest, TellOfWorkAndSpool) {
  metrics_.SetIdentity("agents/a1", "platforms/board", true);
  activity_.session_open = true;
  activity_.last_heartbeat_ms = 1'500'000'000'250;
  activity_.reference_ms = 4;
  activity_.tasks_failed = 2;
  activity_.task_seconds.Observe(0.2);
  v1::Measurement measurement;
  measurement.set_measurement_id("m1");
  ASSERT_TRUE(spool_->Add(measurement).ok());
  measurement.set_measurement_id("m2");
  spool_->AddUnsaved(measurement);
  v1::Job job;
  job.set_job_id("j1");
  job.add_tasks()->set_measurement_id("m3");
  workload_.Add(job);
  workload_.SetTrouble("the disk is full");
  const Exposition told = Scrape();
  EXPECT_THAT(metrics::Lint(told), IsEmpty());
  EXPECT_EQ(told.Value("latimer_board_info", {{"agent", "a1"}, {"platform", "board"}, {"simulated", "true"}}), 1);
  EXPECT_EQ(told.Value("latimer_board_session_open"), 1);
  EXPECT_EQ(told.Value("latimer_board_last_heartbeat_timestamp_seconds"), 1'500'000'000.25);
  EXPECT_EQ(told.Value("latimer_board_reference_seconds"), 0.004);
  EXPECT_EQ(told.Value("latimer_board_tasks_total", {{"outcome", "failed"}}), 2);
  EXPECT_EQ(told.Value("latimer_board_task_duration_seconds_count"), 1);
  EXPECT_EQ(told.Value("latimer_board_jobs"), 1);
  EXPECT_EQ(told.Value("latimer_board_troubled"), 1);
  EXPECT_EQ(told.Value("latimer_board_spooled_measurements"), 2);
  EXPECT_EQ(told.Value("latimer_board_unsaved_measurements"), 1);
  EXPECT_GT(told.Value("latimer_board_spool_size_bytes"), 0);
  EXPECT_FALSE(told.Has("latimer_board_load_average")) << "that of a simulated board is not this machine's";
}

TEST_F(AgentMetricsTest, TellTheConditionsOfARealBoard) {
  metrics_.SetIdentity("agents/a1", "platforms/board", false);
  EXPECT_GE(Scrape().Value("latimer_board_load_average"), 0);
}

}  // namespace
}  // namespace latimer::agent
