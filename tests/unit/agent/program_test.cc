// The real program against a server in this process: signals, kills, exit codes.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "agent/runner/reference_network.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/agent/fake_server.h"
#include "tests/unit/temp_dir.h"

namespace latimer::agent {
namespace {

using Seen = FakeServer::Seen;

class AgentProgramTest : public testing::Test {
 protected:
  void SetUp() override { server_.Start(); }
  void TearDown() override {
    if (pid_ > 0) Kill(SIGKILL);
  }
  void StartAgent() {
    std::vector<std::string> words{"latimer-agent", "--server",        server_.address(), "--token",   "T",
                                   "--backend",     "simulated:imx93", "--state-dir",     temp_.path()};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ASSERT_EQ(posix_spawn(&pid_, LATIMER_AGENT, nullptr, nullptr, argv.data(), environ), 0);
  }
  // The exit code, or minus the signal.
  int Wait() {
    int status = 0;
    EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  int Kill(int number) {
    kill(pid_, number);
    return Wait();
  }
  void SendJob(const std::string& id, int tasks) {
    v1::SessionResponse response;
    v1::Job* job = response.mutable_job();
    job->set_job_id(id);
    job->set_task_timeout_seconds(20);
    for (int i = 0; i < tasks; ++i) {
      v1::BenchmarkTask* task = job->add_tasks();
      task->set_measurement_id(absl::StrCat(id, "-", i));
      *task->mutable_network() = ReferenceNetwork();
    }
    server_.Send(response);
  }
  // Process id of the engine's process.
  int EnginePid() {
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      std::ifstream stat(entry.path() / "stat");
      std::string pid, name, state, parent;
      stat >> pid >> name >> state >> parent;
      int number = 0;
      if (parent == absl::StrCat(pid_) && state != "Z" && absl::SimpleAtoi(pid, &number)) return number;
    }
    return 0;
  }

  const TempDir temp_;
  FakeServer server_;
  pid_t pid_ = 0;
};

TEST_F(AgentProgramTest, TermDrainsAndExitsWithZero) {
  StartAgent();
  SendJob("j1", 3);
  ASSERT_TRUE(server_.WaitFor([](const Seen& seen) { return seen.done_jobs.contains("j1"); }));
  EXPECT_EQ(Kill(SIGTERM), 0);
  EXPECT_TRUE(server_.seen().hellos[0].fingerprint().simulated());
  EXPECT_EQ(server_.seen().measurements.size(), 3U);
}

TEST_F(AgentProgramTest, RevokedExitsWithOne) {
  server_.RefuseCredential(true);
  StartAgent();
  EXPECT_EQ(Wait(), 1);
}

TEST_F(AgentProgramTest, KilledAgentKeepsItsResults) {
  server_.Acknowledge(false);
  StartAgent();
  SendJob("j1", 2'000);
  ASSERT_TRUE(server_.WaitFor([](const Seen& seen) { return seen.measurements.size() >= 20; }));
  EXPECT_EQ(Kill(SIGKILL), -SIGKILL);
  const std::map<std::string, int> before = server_.seen().measurements;
  ASSERT_LT(before.size(), 2'000U);
  server_.Acknowledge(true);
  StartAgent();
  // What was sent was on disk first, so that it comes again.
  EXPECT_TRUE(server_.WaitFor([&before](const Seen& seen) {
    for (const auto& [id, times] : before) {
      if (seen.measurements.at(id) <= times) return false;
    }
    return seen.heartbeat.spooled_measurements() == 0;
  }));
  EXPECT_EQ(server_.seen().enrolments, 1);
  EXPECT_EQ(Kill(SIGTERM), 0);
}

TEST_F(AgentProgramTest, KilledEngineCostsAtMostOneTask) {
  StartAgent();
  SendJob("j1", 300);
  ASSERT_TRUE(server_.WaitFor([](const Seen& seen) { return seen.measurements.size() >= 10; }));
  const int engine = EnginePid();
  ASSERT_GT(engine, 0);
  kill(engine, SIGKILL);
  ASSERT_TRUE(server_.WaitFor([](const Seen& seen) { return seen.done_jobs.contains("j1"); }));
  int failures = 0;
  for (const auto& [id, measurement] : server_.seen().last) failures += measurement.has_failure() ? 1 : 0;
  EXPECT_LE(failures, 1);
  EXPECT_EQ(server_.seen().measurements.size(), 300U);
  EXPECT_EQ(Kill(SIGTERM), 0);
}

TEST_F(AgentProgramTest, SecondTermStopsAtOnce) {
  StartAgent();
  SendJob("j1", 1);
  ASSERT_TRUE(server_.WaitFor([](const Seen& seen) { return seen.done_jobs.contains("j1"); }));
  const int engine = EnginePid();
  ASSERT_GT(engine, 0);
  kill(engine, SIGSTOP);  // a task that never ends
  SendJob("j2", 1);
  ASSERT_TRUE(server_.WaitFor(
      [](const Seen& seen) { return seen.heartbeat.job_ids_size() == 1 && seen.heartbeat.job_ids(0) == "j2"; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));  // until the task has begun
  kill(pid_, SIGTERM);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(waitpid(pid_, nullptr, WNOHANG), 0);  // it waits for the task
  EXPECT_EQ(Kill(SIGTERM), 128 + SIGTERM);
}

}  // namespace
}  // namespace latimer::agent
