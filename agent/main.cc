// latimer-agent: measures on a board what a server wants to know.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/agent.h"
#include "agent/options.h"
#include "agent/selftest/self_test.h"
#include "agent/session/channel.h"

namespace {

using latimer::agent::Agent;
using latimer::agent::CommandLine;
using latimer::agent::DescriptorLog;

// The first signal drains, the second ends the process; the engine's process dies with it.
void ObeySignals(const sigset_t& signals, Agent& agent, DescriptorLog& log) {
  for (int received = 0;;) {
    int number = 0;
    if (sigwait(&signals, &number) != 0) continue;
    if (++received > 1) {
      log.Warning("stopping at once");
      _exit(128 + number);
    }
    log.Info("finishing the current task; a second signal stops at once");
    agent.Drain();
  }
}

// 0: nothing failed; what is not there on this board is no failure.
int SelfTest(const CommandLine& line) {
  latimer::agent::SelfTestOptions options;
  options.backend = line.agent.backend;
  options.server = line.agent.connection.server;
  options.state_dir = line.agent.state_dir;
  latimer::agent::RunnerOptions runner_options = line.agent.worker.runner;
  runner_options.start_attempts = 1;
  // What the engine prints must not come between the lines of the list; its last words are in its errors.
  std::error_code error;
  const std::filesystem::path log =
      std::filesystem::temp_directory_path(error) / absl::StrCat("latimer-self-test-", getpid(), ".log");
  runner_options.command.output_path = log.string();
  auto runner = std::make_unique<latimer::agent::Runner>(runner_options);
  const std::vector<latimer::agent::Check> checks = RunSelfTest(
      options, *runner, [&] { return latimer::agent::ReachServer(line.agent.connection); },
      [&](const latimer::agent::Check& check) {
        if (!line.json) std::cout << CheckLine(check) << std::endl;
      });
  runner.reset();  // its process is gone before this one ends
  std::filesystem::remove(log, error);
  if (line.json) std::cout << ChecksJson(options.backend, checks) << std::flush;
  return std::any_of(checks.begin(), checks.end(),
                     [](const auto& check) { return check.outcome == latimer::agent::CheckOutcome::kFail; })
             ? 1
             : 0;
}

}  // namespace

int main(int argc, char** argv) {
  int exit_code = 0;
  const std::optional<CommandLine> line = latimer::agent::ParseCommandLine(argc, argv, &exit_code);
  if (!line.has_value()) return exit_code;
  if (line->run_task) return latimer::agent::ServeTasks(line->engine, latimer::agent::kChildSocket);

  // Before any thread starts: signals are taken by sigwait() alone.
  sigset_t signals;
  sigemptyset(&signals);
  for (int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a file size limit is an error of write(), like a full disk

  if (line->self_test) _exit(SelfTest(*line));
  DescriptorLog log;
  Agent agent(line->agent, &log);
  std::thread([&] { ObeySignals(signals, agent, log); }).detach();
  const absl::Status status = agent.Run();
  if (!status.ok()) log.Error(status.message());
  log.Info("stopped");
  // The thread above and those of gRPC must not outlive static objects.
  _exit(status.ok() ? 0 : 1);
}
