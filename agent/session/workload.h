// The jobs an agent holds: between the session, which gets and reports them, and the worker, which does them.
//
// Safe for concurrent use.
#ifndef LATIMER_AGENT_SESSION_WORKLOAD_H_
#define LATIMER_AGENT_SESSION_WORKLOAD_H_

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/mutex.h"
#include "latimer/v1/agent_service.pb.h"

namespace latimer::agent {

class Workload {
 public:
  // One job runs and one waits, so that the board need not wait for the network between jobs.
  static constexpr int kMostJobs = 2;

  // `changed` is called, from any thread and without locks held, when there is news for the session.
  explicit Workload(std::function<void()> changed) : changed_(std::move(changed)) {}

  // For the session.
  void Add(v1::Job job);  // one that is held already is ignored; one already done is reported again
  void Cancel(const std::string& job_id);
  std::vector<std::string> HeldJobs() const;
  int FreeSlots() const;
  // What keeps the agent from working as it should, for people; empty: nothing.
  std::string trouble() const;
  // A job that is done and was not reported in this session.
  std::optional<std::string> NextDone();
  // Measurements were acknowledged: forgets reported jobs of which none waits in the spool, as `waits` says.
  void ForgetReported(const std::function<bool(const std::string& measurement_id)>& waits);
  // The session was lost: what it was told may not have arrived.
  void SessionLost();

  // For the worker. Take() waits for a job; nullopt when draining.
  std::optional<v1::Job> Take();
  bool ShouldStop(const std::string& job_id) const;  // cancelled, or draining
  void Finish(const v1::Job& job);                   // every task has its result in the spool
  void Drop(const std::string& job_id);              // given up
  void ResultStored() { changed_(); }
  // While there is trouble the agent holds one job at a time.
  void SetTrouble(std::string trouble);
  // Waits; returns early when draining, or when `enough` holds after an acknowledgement.
  void Pause(std::chrono::milliseconds time, const std::function<bool()>& enough = nullptr);

  // Take() and ShouldStop() end the work after the current task.
  void Drain();
  bool draining() const;
  // The worker's thread has ended.
  void SetIdle();
  bool idle() const;

 private:
  struct Done {
    std::string job_id;
    std::vector<std::string> measurement_ids;
    bool reported = false;
  };

  const std::function<void()> changed_;
  mutable Mutex mutex_;
  CondVar worker_wakes_;
  std::deque<v1::Job> waiting_ ABSL_GUARDED_BY(mutex_);
  std::string current_ ABSL_GUARDED_BY(mutex_);  // empty: none
  std::set<std::string> cancelled_ ABSL_GUARDED_BY(mutex_);
  std::vector<Done> done_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool idle_ ABSL_GUARDED_BY(mutex_) = false;
  std::string trouble_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_SESSION_WORKLOAD_H_
