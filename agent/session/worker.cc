#include "agent/session/worker.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/runner/reference_network.h"

namespace latimer::agent {
namespace {

std::chrono::milliseconds TaskTimeout(const v1::Job& job, const WorkerOptions& options) {
  const double seconds = job.task_timeout_seconds();
  const std::chrono::milliseconds asked =
      seconds > 0 ? std::chrono::milliseconds(static_cast<int64_t>(std::fmin(seconds, 1e6) * 1e3))
                  : options.default_task_timeout;
  return std::max(asked, options.least_task_timeout);
}

}  // namespace

Worker::Worker(WorkerOptions options, Workload* workload, Spool* spool, Log* log)
    : options_(std::move(options)), workload_(workload), spool_(spool), log_(log), thread_([this] { Loop(); }) {}

Worker::~Worker() {
  workload_->Drain();
  thread_.join();
}

void Worker::Loop() {
  // Made here: the engine's process dies with the thread that started it.
  runner_ = std::make_unique<Runner>(options_.runner);
  absl::StatusOr<v1::Hello> hello = runner_->Describe();
  const bool up = hello.ok();
  described_.set_value(std::move(hello));
  while (up) {
    const std::optional<v1::Job> job = workload_->Take();
    if (!job.has_value()) break;
    DoJob(*job);
  }
  runner_.reset();
  workload_->SetIdle();
}

void Worker::MeasureReference(const v1::Job& job) {
  v1::BenchmarkTask task;
  task.set_measurement_id("reference");
  *task.mutable_network() = ReferenceNetwork();
  const v1::Measurement measurement = runner_->Run(task, job.timing(), TaskTimeout(job, options_));
  if (measurement.has_timing()) {
    reference_ms_ = measurement.timing().median_ms();
    if (options_.activity != nullptr) options_.activity->reference_ms = reference_ms_;
  } else {
    log_->Warning(absl::StrCat("the reference network failed: ", measurement.failure().message()));
  }
}

void Worker::Count(const v1::Measurement& measurement) {
  if (options_.activity == nullptr) return;
  ++(measurement.has_failure() ? options_.activity->tasks_failed : options_.activity->tasks_measured);
  options_.activity->task_seconds.Observe(measurement.board_seconds());
}

void Worker::Store(const v1::Measurement& measurement) {
  absl::Status status = spool_->Add(measurement);
  if (!status.ok()) {
    if (!disk_full_) {
      const std::string trouble = absl::StrCat(
          status.message(), "; until there is space, one result at a time is kept in memory and sent at once");
      log_->Error(trouble);
      workload_->SetTrouble(trouble);
      disk_full_ = true;
    }
    spool_->AddUnsaved(measurement);
    workload_->ResultStored();
    // A second result waits until the first is on disk or with the server: a crash costs one task, which is given
    // again.
    const auto delivered = [&] { return !spool_->Contains(measurement.measurement_id()); };
    while (!delivered() && !workload_->draining()) {
      workload_->Pause(options_.disk_retry, delivered);
      if (delivered()) break;
      status = spool_->Save();
      if (status.ok()) break;
    }
  }
  if (status.ok() && disk_full_) {
    log_->Info("results can be stored again");
    workload_->SetTrouble("");
    disk_full_ = false;
  }
}

void Worker::DoJob(const v1::Job& job) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  auto next_progress = begin + options_.progress_every;
  int measured = 0;
  int failed = 0;
  int handled = 0;
  auto progress = [&](absl::string_view what) {
    log_->Info(absl::StrFormat("job %s: %s%d of %d tasks, %d failed, reference %.4g ms, %.1f s", job.job_id(), what,
                               handled, job.tasks_size(), failed, reference_ms_,
                               std::chrono::duration<double>(Clock::now() - begin).count()));
  };
  for (const v1::BenchmarkTask& task : job.tasks()) {
    if (workload_->ShouldStop(job.job_id())) {
      progress("given up after ");
      workload_->Drop(job.job_id());
      return;
    }
    ++handled;
    // Made by an earlier process, and on its way.
    if (spool_->Contains(task.measurement_id())) continue;
    if (measured % options_.tasks_per_reference == 0) MeasureReference(job);
    ++measured;
    v1::Measurement measurement = runner_->Run(task, job.timing(), TaskTimeout(job, options_));
    measurement.set_reference_ms(reference_ms_);
    for (const std::string& incident : measurement.incidents()) {
      log_->Warning(absl::StrCat("task ", task.measurement_id(), " met ", incident));
    }
    if (measurement.has_failure()) {
      ++failed;
      log_->Warning(absl::StrCat("task ", task.measurement_id(), " failed: ", measurement.failure().message()));
    }
    Count(measurement);
    Store(measurement);
    workload_->ResultStored();
    if (Clock::now() >= next_progress) {
      progress("");
      next_progress = Clock::now() + options_.progress_every;
    }
  }
  progress("done, ");
  workload_->Finish(job);
}

}  // namespace latimer::agent
