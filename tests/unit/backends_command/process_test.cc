#include "backends/command/process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "gmock/gmock.h"
#include "tests/unit/backends_command/test_tools.h"

namespace latimer::command {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

ProcessRequest Shell(const std::string& script) {
  ProcessRequest request;
  request.argv = {"/bin/sh", "-c", script};
  request.grace = milliseconds(300);
  return request;
}

// Whether the process is there and no zombie.
bool Lives(pid_t pid) {
  const std::string text = ReadText("/proc/" + std::to_string(pid) + "/stat");
  const size_t state = text.rfind(") ");
  return state != std::string::npos && text[state + 2] != 'Z';
}

bool DiesSoon(pid_t pid) {
  for (int i = 0; i < 400 && Lives(pid); ++i) std::this_thread::sleep_for(milliseconds(10));
  return !Lives(pid);
}

TEST(ProcessTest, KeepsStdoutAndStderrApartAndTellsTheExitCode) {
  const auto result = RunProcess(Shell("echo out; echo err >&2; exit 7"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->out, "out\n");
  EXPECT_EQ(result->err, "err\n");
  EXPECT_EQ(result->exit_code, 7);
  EXPECT_FALSE(result->ended_well());
  EXPECT_EQ(result->Ending(), "ended with exit code 7");
}

TEST(ProcessTest, RunsInItsFolderWithItsEnvironmentAndNoInput) {
  const TempDir folder;
  ProcessRequest request = Shell("pwd; echo $ANSWER; cat; ls /proc/self/fd | wc -l");
  request.folder = folder.path();
  request.environment = {{"ANSWER", "42 and more"}};
  const auto result = RunProcess(request);
  ASSERT_TRUE(result.ok()) << result.status();
  // 0, 1, 2, and the folder that ls reads.
  EXPECT_EQ(result->out, std::filesystem::canonical(folder.path()).string() + "\n42 and more\n4\n");
  EXPECT_TRUE(result->ended_well());
}

TEST(ProcessTest, NamesTheSignal) {
  const auto result = RunProcess(Shell("kill -SEGV $$"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->signal, SIGSEGV);
  EXPECT_EQ(result->Ending(), "was killed by signal SIGSEGV");
}

TEST(ProcessTest, ProgramsThatAreNotThereAreErrors) {
  ProcessRequest request;
  request.argv = {"no-such-program-of-latimer"};
  EXPECT_TRUE(absl::IsNotFound(RunProcess(request).status()));
  request.argv = {"/"};
  EXPECT_TRUE(absl::IsNotFound(RunProcess(request).status()));
  request.argv = {};
  EXPECT_TRUE(absl::IsNotFound(RunProcess(request).status()));
  const TempDir folder;
  WriteScript(folder / "no-interpreter", "");
  std::ofstream(folder / "no-interpreter") << "#!/no/such/interpreter\n";
  request.argv = {folder / "no-interpreter"};
  EXPECT_TRUE(absl::IsNotFound(RunProcess(request).status()));
  EXPECT_EQ(FindProgram(folder / "absent"), "");
  EXPECT_THAT(FindProgram("sh"), HasSubstr("/sh"));
}

TEST(ProcessTest, TimeLimitEndsTheWholeGroup) {
  const TempDir folder;
  ProcessRequest request = Shell("trap '' TERM; sleep 1000 & echo $! > child; echo begun; wait");
  request.folder = folder.path();
  request.limit = milliseconds(700);
  const auto result = RunProcess(request);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->timed_out);
  EXPECT_EQ(result->out, "begun\n");
  EXPECT_THAT(result->Ending(), HasSubstr("and was killed"));
  EXPECT_LT(result->seconds, 10);
  EXPECT_TRUE(DiesSoon(std::stoi(ReadText(folder / "child"))));
}

TEST(ProcessTest, AskedToEndAToolMayTidyUp) {
  ProcessRequest request = Shell("trap 'echo tidy; exit 0' TERM; while true; do sleep 0.02; done");
  request.limit = milliseconds(700);
  request.grace = milliseconds(20'000);
  const auto result = RunProcess(request);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->timed_out);
  EXPECT_EQ(result->out, "tidy\n");
  EXPECT_FALSE(result->ended_well());
}

TEST(ProcessTest, WhatAToolLeavesBehindDiesWithIt) {
  const TempDir folder;
  ProcessRequest request = Shell("sleep 1000 & echo $! > child; echo done");
  request.folder = folder.path();
  const auto result = RunProcess(request);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->ended_well());
  EXPECT_EQ(result->out, "done\n");
  EXPECT_LT(result->seconds, 100);
  EXPECT_TRUE(DiesSoon(std::stoi(ReadText(folder / "child"))));
}

TEST(ProcessTest, OutputIsBounded) {
  ProcessRequest request = Shell("head -c 300000 /dev/zero; echo end >&2");
  request.most_output = 1000;
  const auto result = RunProcess(request);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->out.size(), 1000u);
  EXPECT_TRUE(result->output_cut);
  EXPECT_EQ(result->err, "end\n");
  EXPECT_TRUE(result->ended_well());
}

TEST(ProcessTest, Cancelled) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::thread cancels([&] {
    std::this_thread::sleep_for(milliseconds(200));
    ASSERT_EQ(write(ends[1], "x", 1), 1);
  });
  ProcessRequest request = Shell("sleep 1000");
  request.cancel = ends[0];
  const auto result = RunProcess(request);
  cancels.join();
  close(ends[0]);
  close(ends[1]);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->cancelled);
  EXPECT_EQ(result->Ending(), "was cancelled");
}

TEST(ProcessTest, LimitsOfResourcesHold) {
  const TempDir folder;
  ProcessRequest request = Shell("ulimit -v; ulimit -n; head -c 100000 /dev/zero > big; echo $?");
  request.folder = folder.path();
  request.address_space_bytes = int64_t{512} << 20;
  request.open_files = 64;
  request.file_bytes = 4096;
  const auto result = RunProcess(request);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->out, HasSubstr("524288\n64\n"));
  EXPECT_LE(std::filesystem::file_size(folder / "big"), 4096u);
}

TEST(ProcessTest, ToolsDieWithTheProcessThatRunsThem) {
  const TempDir folder;
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ProcessRequest request = Shell("sleep 1000 & echo $! > child; echo $$ > tool; wait");
    request.folder = folder.path();
    RunProcess(request).IgnoreError();
    _exit(0);
  }
  for (int i = 0; i < 1000 && ReadText(folder / "tool").empty(); ++i) std::this_thread::sleep_for(milliseconds(10));
  const pid_t tool = std::stoi(ReadText(folder / "tool"));
  EXPECT_TRUE(Lives(tool));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(DiesSoon(tool));
  EXPECT_TRUE(DiesSoon(std::stoi(ReadText(folder / "child"))));
}

}  // namespace
}  // namespace latimer::command
