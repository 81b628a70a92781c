#include "agent/session/workload.h"

#include <algorithm>
#include <utility>

namespace latimer::agent {

void Workload::Add(v1::Job job) {
  {
    MutexLock lock(&mutex_);
    const std::string& id = job.job_id();
    bool held = current_ == id || std::any_of(waiting_.begin(), waiting_.end(),
                                              [&id](const v1::Job& other) { return other.job_id() == id; });
    for (Done& done : done_) {
      if (done.job_id != id) continue;
      done.reported = false;
      held = true;
    }
    if (!held && !draining_) {
      waiting_.push_back(std::move(job));
      worker_wakes_.SignalAll();
    }
  }
  changed_();
}

void Workload::Cancel(const std::string& job_id) {
  {
    MutexLock lock(&mutex_);
    if (current_ == job_id) cancelled_.insert(job_id);
    std::erase_if(waiting_, [&job_id](const v1::Job& job) { return job.job_id() == job_id; });
    std::erase_if(done_, [&job_id](const Done& done) { return done.job_id == job_id; });
  }
  changed_();
}

std::vector<std::string> Workload::HeldJobs() const {
  MutexLock lock(&mutex_);
  std::vector<std::string> ids;
  if (!current_.empty()) ids.push_back(current_);
  for (const v1::Job& job : waiting_) ids.push_back(job.job_id());
  for (const Done& done : done_) {
    // Its last results may be on their way: another agent need not do them again.
    if (!done.reported) ids.push_back(done.job_id);
  }
  return ids;
}

int Workload::FreeSlots() const {
  MutexLock lock(&mutex_);
  if (draining_) return 0;
  return std::max(0,
                  (trouble_.empty() ? kMostJobs : 1) - static_cast<int>(waiting_.size()) - (current_.empty() ? 0 : 1));
}

std::string Workload::trouble() const {
  MutexLock lock(&mutex_);
  return trouble_;
}

std::optional<std::string> Workload::NextDone() {
  MutexLock lock(&mutex_);
  for (Done& done : done_) {
    if (done.reported) continue;
    done.reported = true;
    return done.job_id;
  }
  return std::nullopt;
}

void Workload::ForgetReported(const std::function<bool(const std::string&)>& waits) {
  MutexLock lock(&mutex_);
  std::erase_if(done_, [&waits](const Done& done) {
    return done.reported && std::none_of(done.measurement_ids.begin(), done.measurement_ids.end(), waits);
  });
  worker_wakes_.SignalAll();
}

void Workload::SessionLost() {
  MutexLock lock(&mutex_);
  for (Done& done : done_) done.reported = false;
}

std::optional<v1::Job> Workload::Take() {
  std::optional<v1::Job> job;
  {
    MutexLock lock(&mutex_);
    while (waiting_.empty() && !draining_) worker_wakes_.Wait(&mutex_);
    if (draining_) return std::nullopt;
    job = std::move(waiting_.front());
    waiting_.pop_front();
    current_ = job->job_id();
  }
  changed_();
  return job;
}

bool Workload::ShouldStop(const std::string& job_id) const {
  MutexLock lock(&mutex_);
  return draining_ || cancelled_.contains(job_id);
}

void Workload::Finish(const v1::Job& job) {
  {
    MutexLock lock(&mutex_);
    Done done{job.job_id(), {}};
    for (const v1::BenchmarkTask& task : job.tasks()) done.measurement_ids.push_back(task.measurement_id());
    if (!cancelled_.contains(job.job_id())) done_.push_back(std::move(done));
    cancelled_.erase(job.job_id());
    current_.clear();
  }
  changed_();
}

void Workload::Drop(const std::string& job_id) {
  {
    MutexLock lock(&mutex_);
    cancelled_.erase(job_id);
    current_.clear();
  }
  changed_();
}

void Workload::SetTrouble(std::string trouble) {
  {
    MutexLock lock(&mutex_);
    trouble_ = std::move(trouble);
  }
  changed_();
}

void Workload::Pause(std::chrono::milliseconds time, const std::function<bool()>& enough) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  MutexLock lock(&mutex_);
  while (!draining_ && !(enough && enough())) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left.count() <= 0) return;
    worker_wakes_.WaitFor(&mutex_, left);
  }
}

void Workload::Drain() {
  {
    MutexLock lock(&mutex_);
    draining_ = true;
    waiting_.clear();
    worker_wakes_.SignalAll();
  }
  changed_();
}

bool Workload::draining() const {
  MutexLock lock(&mutex_);
  return draining_;
}

void Workload::SetIdle() {
  {
    MutexLock lock(&mutex_);
    idle_ = true;
  }
  changed_();
}

bool Workload::idle() const {
  MutexLock lock(&mutex_);
  return idle_;
}

}  // namespace latimer::agent
