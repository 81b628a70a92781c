// Runs tasks in a child process, so that a crash, a hang or the hunger of an engine cannot take the agent down.
//
// The child loads the engine once and serves many tasks. When it dies, hangs or talks nonsense, the task has failed
// and the next one gets a fresh child.
#ifndef LATIMER_AGENT_RUNNER_RUNNER_H_
#define LATIMER_AGENT_RUNNER_RUNNER_H_

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "agent/runner/child_process.h"
#include "latimer/v1/agent_service.pb.h"

namespace latimer::agent {

struct RunnerOptions {
  ChildCommand command;
  std::chrono::milliseconds start_timeout{60'000};
  // How often a child that does not come up is started for one task, and the pause between.
  int start_attempts = 3;
  std::chrono::milliseconds start_pause{1'000};
};

// Used from one thread, which outlives it (see ChildProcess).
class Runner {
 public:
  explicit Runner(RunnerOptions options) : options_(std::move(options)) {}

  // What the engine is, from a child that is started where none runs. Errors: those of the engine, in its words;
  // ABORTED where the child dies, DEADLINE_EXCEEDED.
  absl::StatusOr<v1::Hello> Describe();

  // One task. Never fails: what goes wrong is the measurement's `failure`, as measurement.proto says. The id, the time
  // and board_seconds are always set.
  v1::Measurement Run(const v1::BenchmarkTask& task, const v1::TimingOptions& timing,
                      std::chrono::milliseconds timeout);

 private:
  absl::Status EnsureChild();
  absl::StatusOr<v1::Measurement> Ask(const v1::BenchmarkTask& task, const v1::TimingOptions& timing,
                                      std::chrono::milliseconds timeout);
  // Ends the child and says how it ended, with its last words.
  std::string Bury(std::chrono::milliseconds patience);

  const RunnerOptions options_;
  std::unique_ptr<ChildProcess> child_;
  v1::Hello hello_;
};

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_RUNNER_RUNNER_H_
