// The thread that measures: job after job, task after task, whether the server is reachable or not.
#ifndef LATIMER_AGENT_SESSION_WORKER_H_
#define LATIMER_AGENT_SESSION_WORKER_H_

#include <chrono>
#include <future>
#include <thread>

#include "absl/status/statusor.h"
#include "agent/base/log.h"
#include "agent/runner/runner.h"
#include "agent/session/activity.h"
#include "agent/session/workload.h"
#include "agent/storage/spool.h"

namespace latimer::agent {

struct WorkerOptions {
  RunnerOptions runner;
  int tasks_per_reference = 20;
  std::chrono::milliseconds default_task_timeout{120'000};
  // Raises what the server allows, for engines that convert networks first.
  std::chrono::milliseconds least_task_timeout{0};
  std::chrono::milliseconds disk_retry{1'000};
  std::chrono::milliseconds progress_every{10'000};
  Activity* activity = nullptr;  // null: nobody counts
};

class Worker {
 public:
  // The pointers outlive the worker, which starts its thread, and in it the engine, at once.
  Worker(WorkerOptions options, Workload* workload, Spool* spool, Log* log);
  // Drains and waits for the current task.
  ~Worker();

  // Waits until the engine is up, and says what it is. Call once.
  absl::StatusOr<v1::Hello> Describe() { return described_.get_future().get(); }

 private:
  void Loop();
  void DoJob(const v1::Job& job);
  void MeasureReference(const v1::Job& job);
  void Count(const v1::Measurement& measurement);
  void Store(const v1::Measurement& measurement);

  const WorkerOptions options_;
  Workload* const workload_;
  Spool* const spool_;
  Log* const log_;
  std::promise<absl::StatusOr<v1::Hello>> described_;
  // Used by the thread alone.
  std::unique_ptr<Runner> runner_;
  double reference_ms_ = 0;
  bool disk_full_ = false;
  std::thread thread_;
};

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_SESSION_WORKER_H_
