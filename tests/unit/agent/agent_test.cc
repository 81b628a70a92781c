#include "agent/agent.h"

#include <signal.h>
#include <sys/resource.h>

#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/agent/fake_server.h"
#include "tests/unit/agent/recording_log.h"
#include "tests/unit/temp_dir.h"

namespace latimer::agent {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using Seen = FakeServer::Seen;

v1::SessionResponse JobOf(const std::string& id, const std::vector<std::string>& tasks, double timeout = 20) {
  v1::SessionResponse response;
  v1::Job* job = response.mutable_job();
  job->set_job_id(id);
  job->set_task_timeout_seconds(timeout);
  for (const std::string& task : tasks) job->add_tasks()->set_measurement_id(task);
  return response;
}

std::vector<std::string> Tasks(const std::string& word, int count) {
  std::vector<std::string> ids;
  for (int i = 0; i < count; ++i) ids.push_back(absl::StrCat(word, i));
  return ids;
}

class AgentTest : public testing::Test {
 protected:
  void SetUp() override { server_.Start(); }
  void TearDown() override { StopAgent().IgnoreError(); }

  AgentOptions Options() {
    AgentOptions options;
    options.connection.server = server_.address();
    options.token = "T";
    options.backend = "fake";
    options.state_dir = temp_.path();
    options.version = "9.9";
    options.worker.runner.command.program = LATIMER_FAKE_CHILD;
    options.worker.runner.command.argv = {"fake_child", "normal"};
    options.worker.disk_retry = std::chrono::milliseconds(20);
    options.backoff.first = std::chrono::milliseconds(20);
    options.backoff.longest = std::chrono::milliseconds(100);
    return options;
  }
  void StartAgent(const AgentOptions& options) {
    agent_ = std::make_unique<Agent>(options, &log_);
    thread_ = std::thread([this] { status_ = agent_->Run(); });
  }
  void StartAgent() { StartAgent(Options()); }
  absl::Status StopAgent() {
    if (thread_.joinable()) {
      agent_->Drain();
      thread_.join();
    }
    return status_;
  }
  absl::Status JoinAgent() {
    thread_.join();
    return status_;
  }

  const TempDir temp_;
  RecordingLog log_;
  FakeServer server_;
  std::unique_ptr<Agent> agent_;
  std::thread thread_;
  absl::Status status_;
};

TEST_F(AgentTest, EnrolsMeasuresAndReports) {
  StartAgent();
  server_.Send(JobOf("j1", Tasks("a", 25)));
  ASSERT_TRUE(server_.WaitFor([](const Seen& seen) { return seen.done_jobs.contains("j1"); }));
  EXPECT_TRUE(StopAgent().ok());
  const Seen seen = server_.seen();
  EXPECT_EQ(seen.enrolments, 1);
  EXPECT_EQ(seen.authorization, "Bearer credential of T");
  EXPECT_EQ(seen.hellos[0].agent_version(), "9.9");
  EXPECT_EQ(seen.hellos[0].fingerprint().digest(), "0123456789abcdef");
  EXPECT_EQ(seen.measurements.size(), 25U);
  EXPECT_THAT(seen.measurements, Each(Pair(testing::_, 1)));
  EXPECT_EQ(seen.last.at("a24").reference_ms(), 1);
  EXPECT_THAT(log_.text(), HasSubstr("job j1: done, 25 of 25 tasks, 0 failed"));
  EXPECT_THAT(log_.text(), Not(HasSubstr("credential of T")));  // no secrets
}

TEST_F(AgentTest, SecondStartNeedsNoToken) {
  StartAgent();
  ASSERT_TRUE(server_.WaitFor([](const Seen& seen) { return seen.sessions == 1; }));
  EXPECT_TRUE(StopAgent().ok());
  AgentOptions options = Options();
  options.token.clear();
  StartAgent(options);
  ASSERT_TRUE(server_.WaitFor([](const Seen& seen) { return seen.hellos.size() == 2; }));
  EXPECT_TRUE(StopAgent().ok());
  EXPECT_EQ(server_.seen().enrolments, 1);
}

TEST_F(AgentTest, WithoutTokenAndCredentialItSaysWhatToDo) {
  AgentOptions options = Options();
  options.token.clear();
  StartAgent(options);
  const absl::Status status = JoinAgent();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--token"));
}

TEST_F(AgentTest, WrongTokenEnds) {
  server_.RefuseToken(true);
  StartAgent();
  const absl::Status status = JoinAgent();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(std::string(status.message()), HasSubstr("unknown token"));
}

TEST_F(AgentTest, RevokedCredentialEndsARunningAgent) {
  StartAgent();
  ASSERT_TRUE(server_.WaitFor([](const Seen& seen) { return seen.sessions == 1; }));
  server_.RefuseCredential(true);
  const absl::Status status = JoinAgent();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(std::string(status.message()), HasSubstr("revoked by a person"));
}

TEST_F(AgentTest, FailuresOfTheEngineAreResults) {
  StartAgent();
  server_.Send(JobOf("j1", {"crash1", "fine1", "hang1", "fine2"}, 0.5));
  ASSERT_TRUE(server_.WaitFor([](const Seen& seen) { return seen.done_jobs.contains("j1"); }));
  const Seen seen = server_.seen();
  EXPECT_EQ(seen.last.at("crash1").failure().code(), static_cast<int>(absl::StatusCode::kAborted));
  EXPECT_EQ(seen.last.at("hang1").failure().code(), static_cast<int>(absl::StatusCode::kDeadlineExceeded));
  EXPECT_TRUE(seen.last.at("fine1").has_timing());
  EXPECT_TRUE(seen.last.at("fine2").has_timing());
}

TEST_F(AgentTest, MeasuresOnWhileTheServerIsAwayAndSendsEverythingOnce) {
  StartAgent();
  server_.Send(JobOf("j1", Tasks("slow", 8)));
  ASSERT_TRUE(server_.WaitFor([](const Seen& seen) { return !seen.measurements.empty(); }));
  server_.Stop();
  // The job ends with nobody listening.
  for (int i = 0; i < 1'000 && !absl::StrContains(log_.text(), "j1: done"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ASSERT_THAT(log_.text(), HasSubstr("j1: done, 8 of 8"));
  server_.Start();
  ASSERT_TRUE(
      server_.WaitFor([](const Seen& seen) { return seen.measurements.size() == 8 && seen.done_jobs.contains("j1"); }));
  EXPECT_TRUE(StopAgent().ok());
  EXPECT_GE(server_.seen().sessions, 2);
}

TEST_F(AgentTest, UnacknowledgedResultsAreSentAgainAlsoByTheNextProcess) {
  server_.Acknowledge(false);
  StartAgent();
  server_.Send(JobOf("j1", Tasks("a", 3)));
  ASSERT_TRUE(server_.WaitFor([](const Seen& seen) { return seen.measurements.size() == 3; }));
  server_.Stop();
  server_.Start();
  ASSERT_TRUE(server_.WaitFor([](const Seen& seen) { return seen.measurements.at("a2") == 2; }));
  server_.Stop();  // so that draining has nobody to wait for
  EXPECT_TRUE(StopAgent().ok());
  EXPECT_THAT(log_.text(), HasSubstr("3 results stay on disk"));
  server_.Acknowledge(true);
  server_.Start();
  StartAgent();
  ASSERT_TRUE(server_.WaitFor([](const Seen& seen) { return seen.measurements.at("a2") == 3; }));
  ASSERT_TRUE(server_.WaitFor([](const Seen& seen) { return seen.heartbeat.spooled_measurements() == 0; }));
  EXPECT_TRUE(StopAgent().ok());
  EXPECT_EQ(server_.seen().last.at("a0").timing().median_ms(), 1);
}

TEST_F(AgentTest, CancelledJobStopsAfterTheCurrentTask) {
  StartAgent();
  server_.Send(JobOf("j1", Tasks("slow", 100)));
  ASSERT_TRUE(server_.WaitFor([](const Seen& seen) { return !seen.measurements.empty(); }));
  v1::SessionResponse cancel;
  cancel.mutable_cancel_job()->set_job_id("j1");
  server_.Send(cancel);
  ASSERT_TRUE(server_.WaitFor(
      [](const Seen& seen) { return seen.heartbeat.free_slots() == 2 && seen.heartbeat.job_ids().empty(); }));
  server_.Send(JobOf("j2", {"fine"}));
  ASSERT_TRUE(server_.WaitFor([](const Seen& seen) { return seen.done_jobs.contains("j2"); }));
  const Seen seen = server_.seen();
  EXPECT_FALSE(seen.done_jobs.contains("j1"));
  EXPECT_LT(seen.measurements.size(), 20U);
}

TEST_F(AgentTest, DrainFinishesTheTaskAndSendsItsResult) {
  StartAgent();
  server_.Send(JobOf("j1", Tasks("slow", 100)));
  ASSERT_TRUE(server_.WaitFor([](const Seen& seen) { return seen.measurements.contains("slow0"); }));
  EXPECT_TRUE(StopAgent().ok());
  const Seen seen = server_.seen();
  EXPECT_LT(seen.measurements.size(), 20U);
  EXPECT_THAT(log_.text(), HasSubstr(absl::StrCat("given up after ", seen.measurements.size(), " of 100 tasks")));
  EXPECT_FALSE(seen.done_jobs.contains("j1"));
  EXPECT_THAT(log_.text(), Not(HasSubstr("stay on disk")));
}

// A limit on the size of files stands in for the full disk: write() fails in the same way.
TEST_F(AgentTest, FullDiskWithoutAcknowledgementsStopsWorkAndLosesNothing) {
  signal(SIGXFSZ, SIG_IGN);
  server_.Acknowledge(false);
  StartAgent();
  ASSERT_TRUE(server_.WaitFor([](const Seen& seen) { return seen.heartbeat.free_slots() == 2; }));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit full{200, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
  server_.Send(JobOf("j1", Tasks("a", 10)));
  EXPECT_TRUE(server_.WaitFor(
      [](const Seen& seen) { return !seen.heartbeat.job_ids().empty() && seen.heartbeat.free_slots() == 0; }));
  EXPECT_THAT(log_.text(), HasSubstr("cannot store a result"));
  EXPECT_TRUE(server_.WaitFor(
      [](const Seen& seen) { return absl::StrContains(seen.heartbeat.trouble(), "cannot store a result"); }));
  EXPECT_LT(server_.seen().measurements.size(), 10U);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_TRUE(server_.WaitFor([](const Seen& seen) { return seen.done_jobs.contains("j1"); }));
  const Seen seen = server_.seen();
  EXPECT_EQ(seen.measurements.size(), 10U);
  EXPECT_THAT(seen.measurements, Each(Pair(testing::_, 1)));
  EXPECT_THAT(log_.text(), HasSubstr("results can be stored again"));
  server_.Stop();  // it acknowledges nothing, so that draining would wait
}

TEST_F(AgentTest, FullDiskDoesNotStopWhatCanBeSentAtOnce) {
  signal(SIGXFSZ, SIG_IGN);
  StartAgent();
  ASSERT_TRUE(server_.WaitFor([](const Seen& seen) { return seen.heartbeat.free_slots() == 2; }));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit full{0, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
  server_.Send(JobOf("j1", Tasks("a", 10)));
  EXPECT_TRUE(server_.WaitFor([](const Seen& seen) {
    return seen.done_jobs.contains("j1") && seen.heartbeat.free_slots() == 1 && !seen.heartbeat.trouble().empty();
  }));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  server_.Send(JobOf("j2", Tasks("b", 1)));
  EXPECT_TRUE(server_.WaitFor([](const Seen& seen) {
    return seen.done_jobs.contains("j2") && seen.heartbeat.free_slots() == 2 && seen.heartbeat.trouble().empty();
  }));
  EXPECT_EQ(server_.seen().measurements.size(), 11U);
  EXPECT_THAT(server_.seen().measurements, Each(Pair(testing::_, 1)));
  EXPECT_THAT(log_.text(), HasSubstr("results can be stored again"));
}

TEST_F(AgentTest, SameJobTwiceIsDoneOnce) {
  StartAgent();
  server_.Send(JobOf("j1", {"slow"}));
  server_.Send(JobOf("j1", {"slow"}));
  server_.Send(JobOf("j2", {"fine"}));
  ASSERT_TRUE(server_.WaitFor([](const Seen& seen) { return seen.done_jobs.contains("j2"); }));
  EXPECT_EQ(server_.seen().measurements.at("slow"), 1);
  EXPECT_EQ(server_.seen().done_jobs.at("j1"), 1);
}

TEST_F(AgentTest, WaitsForAServerThatIsNotUpYet) {
  server_.Stop();
  StartAgent();
  for (int i = 0; i < 1'000 && !absl::StrContains(log_.text(), "next try"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  server_.Start();
  EXPECT_TRUE(server_.WaitFor([](const Seen& seen) { return seen.enrolments == 1 && seen.hellos.size() == 1; }));
}

TEST_F(AgentTest, DrainWhileTheServerIsAwayEndsToo) {
  server_.Stop();
  StartAgent();
  for (int i = 0; i < 1'000 && !absl::StrContains(log_.text(), "next try"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(StopAgent().ok());
}

TEST_F(AgentTest, EngineThatDoesNotStartEndsTheAgent) {
  AgentOptions options = Options();
  options.worker.runner.command.argv = {"fake_child", "error"};
  StartAgent(options);
  const absl::Status status = JoinAgent();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no such engine"));
}

TEST_F(AgentTest, SecondAgentInTheFolderEnds) {
  StartAgent();
  ASSERT_TRUE(server_.WaitFor([](const Seen& seen) { return seen.sessions == 1; }));
  Agent second(Options(), &log_);
  EXPECT_EQ(second.Run().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(BackoffTest, DoublesWithJitterUpToItsLongest) {
  Backoff backoff({std::chrono::milliseconds(200), std::chrono::milliseconds(30'000)}, 1);
  for (int64_t range : {200, 400, 800, 1'600, 3'200, 6'400, 12'800, 25'600, 30'000, 30'000}) {
    const int64_t pause = backoff.Next().count();
    EXPECT_GE(pause, range / 2);
    EXPECT_LE(pause, range);
  }
  backoff.Reset();
  EXPECT_LE(backoff.Next().count(), 200);
}

}  // namespace
}  // namespace latimer::agent
