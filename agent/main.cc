// latimer-agent: measures on a board what a server wants to know.
#include <signal.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "agent/agent.h"
#include "agent/options.h"

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

  DescriptorLog log;
  Agent agent(line->agent, &log);
  std::thread([&] { ObeySignals(signals, agent, log); }).detach();
  const absl::Status status = agent.Run();
  if (!status.ok()) log.Error(status.message());
  log.Info("stopped");
  // The thread above and those of gRPC must not outlive static objects.
  _exit(status.ok() ? 0 : 1);
}
