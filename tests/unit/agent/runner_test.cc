#include "agent/runner/runner.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "agent/runner/failure.h"
#include "agent/runner/wire.h"
#include "core/base/error.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "tests/unit/temp_dir.h"

namespace latimer::agent {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr milliseconds kTime{20'000};

class RunnerTest : public testing::Test {
 protected:
  RunnerOptions Options(const std::string& start = "normal") {
    RunnerOptions options;
    options.command.program = LATIMER_FAKE_CHILD;
    options.command.argv = {"fake_child", start};
    options.command.output_path = temp_ / "engine.log";
    options.start_attempts = 2;
    options.start_pause = milliseconds(10);
    options.start_timeout = milliseconds(5'000);
    return options;
  }
  static v1::Measurement Run(Runner& runner, const std::string& id, milliseconds timeout = kTime) {
    v1::BenchmarkTask task;
    task.set_measurement_id(id);
    v1::Measurement measurement = runner.Run(task, {}, timeout);
    EXPECT_EQ(measurement.measurement_id(), id);
    EXPECT_GT(measurement.measure_time_unix_ms(), 0);
    return measurement;
  }
  // A task that works, in whichever child there is now; its process id.
  static std::string Pid(Runner& runner) {
    const v1::Measurement measurement = Run(runner, "fine");
    EXPECT_TRUE(measurement.has_timing()) << measurement.failure().message();
    return measurement.fingerprint_digest();
  }
  static bool Runs(const std::string& pid) {
    std::ifstream stat("/proc/" + pid + "/stat");
    std::string number, name, state;
    stat >> number >> name >> state;
    return !state.empty() && state != "Z" && state != "X";
  }

  const TempDir temp_;
};

TEST_F(RunnerTest, OneChildServesManyTasks) {
  Runner runner(Options());
  const absl::StatusOr<v1::Hello> hello = runner.Describe();
  ASSERT_TRUE(hello.ok()) << hello.status();
  EXPECT_EQ(hello->fingerprint().digest(), "0123456789abcdef");
  const std::string pid = Pid(runner);
  for (int i = 0; i < 200; ++i) ASSERT_EQ(Run(runner, absl::StrCat("task", i)).fingerprint_digest(), pid);
}

TEST_F(RunnerTest, CrashFailsTheTaskAndTheNextGetsAFreshChild) {
  Runner runner(Options());
  for (const auto& [id, words] : std::vector<std::pair<std::string, std::string>>{
           {"crash", "SIGSEGV"}, {"kill", "SIGKILL"}, {"exit", "exit code 3"}}) {
    const std::string before = Pid(runner);
    const v1::Measurement measurement = Run(runner, id);
    EXPECT_EQ(measurement.failure().code(), static_cast<int>(absl::StatusCode::kAborted)) << id;
    EXPECT_THAT(measurement.failure().message(), HasSubstr(words));
    EXPECT_NE(Pid(runner), before);
  }
}

TEST_F(RunnerTest, LastWordsOfTheEngineAreKept) {
  Runner runner(Options());
  Pid(runner);
  const v1::Measurement measurement = Run(runner, "words");
  EXPECT_EQ(measurement.failure().code(), static_cast<int>(absl::StatusCode::kAborted));
  EXPECT_THAT(measurement.failure().message(), HasSubstr("SIGABRT"));
  EXPECT_THAT(measurement.failure().message(), HasSubstr("tensor is sad"));
  // They are those of the task, not of an earlier one.
  EXPECT_THAT(Run(runner, "crash").failure().message(), testing::Not(HasSubstr("tensor is sad")));
}

TEST_F(RunnerTest, HangIsKilledAtTheTimeLimit) {
  Runner runner(Options());
  const std::string before = Pid(runner);
  const v1::Measurement measurement = Run(runner, "hang", milliseconds(200));
  EXPECT_EQ(measurement.failure().code(), static_cast<int>(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(measurement.failure().message(), HasSubstr("0.2 s"));
  EXPECT_GE(measurement.board_seconds(), 0.2);
  EXPECT_FALSE(Runs(before));
  EXPECT_NE(Pid(runner), before);
}

TEST_F(RunnerTest, NonsenseIsNoResult) {
  Runner runner(Options());
  for (const char* id : {"garbage", "empty", "other"}) {
    const std::string before = Pid(runner);
    const v1::Measurement measurement = Run(runner, id);
    EXPECT_EQ(measurement.failure().code(), static_cast<int>(absl::StatusCode::kAborted)) << id;
    EXPECT_THAT(measurement.failure().message(), HasSubstr("nonsense"));
    EXPECT_FALSE(Runs(before));
  }
}

// Sanitizers reserve terabytes of address space.
#if !defined(__SANITIZE_ADDRESS__) && !defined(_GLIBCXX_TSAN)
TEST_F(RunnerTest, OutOfMemoryEndsTheChildOnly) {
  RunnerOptions options = Options();
  options.command.address_space_bytes = int64_t{512} << 20;
  Runner runner(options);
  const v1::Measurement measurement = Run(runner, "memory");
  // The C++ library's last words say what it was.
  EXPECT_EQ(measurement.failure().code(), static_cast<int>(absl::StatusCode::kResourceExhausted))
      << measurement.failure().message();
  EXPECT_THAT(measurement.failure().message(), HasSubstr("bad_alloc"));
  Pid(runner);
}
#endif

TEST_F(RunnerTest, WhatTheEngineStartedDiesWithIt) {
  Runner runner(Options());
  const v1::Measurement measurement = Run(runner, "grandchild");
  ASSERT_TRUE(measurement.has_timing());
  std::string group = measurement.fingerprint_digest();
  EXPECT_EQ(Run(runner, "crash").failure().code(), static_cast<int>(absl::StatusCode::kAborted));
  int number = 0;
  ASSERT_TRUE(absl::SimpleAtoi(group, &number));
  // A killed grandchild may stay a zombie of whoever adopts it; zombies do not count as running.
  for (int i = 0; i < 200; ++i) {
    bool any = false;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      std::ifstream stat(entry.path() / "stat");
      std::string pid, name, state, parent, pgrp;
      stat >> pid >> name >> state >> parent >> pgrp;
      any = any || (pgrp == group && state != "Z" && state != "X");
    }
    if (!any) return;
    std::this_thread::sleep_for(milliseconds(10));
  }
  ADD_FAILURE() << "processes of group " << group << " still run";
}

TEST_F(RunnerTest, ChildDiesWithTheAgent) {
  int pipes[2];
  ASSERT_EQ(pipe(pipes), 0);
  const pid_t agent = fork();
  if (agent == 0) {
    Runner runner(Options());
    const std::string pid = Pid(runner);
    if (write(pipes[1], pid.data(), pid.size()) < 0) _exit(1);
    kill(getpid(), SIGKILL);
  }
  close(pipes[1]);
  char text[32] = "";
  ASSERT_GT(read(pipes[0], text, sizeof(text) - 1), 0);
  close(pipes[0]);
  ASSERT_EQ(waitpid(agent, nullptr, 0), agent);
  for (int i = 0; i < 500 && Runs(text); ++i) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_FALSE(Runs(text));
}

TEST_F(RunnerTest, ChildThatDoesNotStartSaysWhy) {
  Runner error(Options("error"));
  EXPECT_EQ(error.Describe().status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(error.Describe().status().message()), HasSubstr("no such engine"));
  Runner exits(Options("exit"));
  EXPECT_EQ(exits.Describe().status().code(), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(exits.Describe().status().message()), HasSubstr("exit code 4"));
  Runner garbage(Options("garbage"));
  EXPECT_THAT(std::string(garbage.Describe().status().message()), HasSubstr("nonsense"));
  RunnerOptions hangs = Options("hang");
  hangs.start_timeout = milliseconds(100);
  Runner hang(hangs);
  EXPECT_EQ(hang.Describe().status().code(), absl::StatusCode::kDeadlineExceeded);
  RunnerOptions missing = Options();
  missing.command.program = temp_ / "none";
  Runner none(missing);
  EXPECT_THAT(std::string(none.Describe().status().message()), HasSubstr("could not be started"));
}

TEST_F(RunnerTest, TaskWhoseChildDoesNotStartFails) {
  Runner runner(Options("exit"));
  const v1::Measurement measurement = Run(runner, "fine");
  EXPECT_EQ(measurement.failure().code(), static_cast<int>(absl::StatusCode::kAborted));
}

TEST(FailureTest, CodesAreThoseOfTheContract) {
  using absl::StatusCode;
  auto code = [](const absl::Status& status) { return static_cast<StatusCode>(ToFailure(status).code()); };
  EXPECT_EQ(code(absl::UnimplementedError("x")), StatusCode::kInvalidArgument);
  EXPECT_EQ(code(absl::InvalidArgumentError("x")), StatusCode::kInvalidArgument);
  EXPECT_EQ(code(absl::DeadlineExceededError("x")), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(code(absl::ResourceExhaustedError("x")), StatusCode::kResourceExhausted);
  EXPECT_EQ(code(absl::InternalError("x")), StatusCode::kAborted);
  EXPECT_EQ(code(absl::InternalError("Failed to allocate memory for buffer")), StatusCode::kResourceExhausted);
}

TEST(FailureTest, KeepsReasonAndCleansText) {
  const google::rpc::Status failure =
      ToFailure(InvalidArgument("ENGINE_REFUSED_NETWORK", "layer \xFF 'conv1'").With("layer", "conv1"));
  EXPECT_EQ(failure.message(), "layer ? 'conv1'");
  google::rpc::ErrorInfo info;
  ASSERT_EQ(failure.details_size(), 1);
  ASSERT_TRUE(failure.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "ENGINE_REFUSED_NETWORK");
  EXPECT_EQ(info.metadata().at("layer"), "conv1");
}

TEST(WireTest, LargeFramesCrossASmallSocket) {
  int sockets[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
  const std::string payload(5'000'000, 'x');
  const WireDeadline deadline = std::chrono::steady_clock::now() + kTime;
  std::thread sender([&] { EXPECT_TRUE(SendFrame(sockets[0], WireKind::kTask, payload, deadline).ok()); });
  const absl::StatusOr<WireFrame> frame = ReceiveFrame(sockets[1], deadline);
  sender.join();
  ASSERT_TRUE(frame.ok()) << frame.status();
  EXPECT_EQ(frame->payload, payload);
  close(sockets[0]);
  EXPECT_EQ(ReceiveFrame(sockets[1], deadline).status().code(), absl::StatusCode::kUnavailable);
  close(sockets[1]);
}

}  // namespace
}  // namespace latimer::agent
