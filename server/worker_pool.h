// Threads for requests too large for the thread that received them, behind a bounded queue.
#ifndef LATIMER_SERVER_WORKER_POOL_H_
#define LATIMER_SERVER_WORKER_POOL_H_

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "core/base/mutex.h"

namespace latimer::server {

// Safe for concurrent use.
class WorkerPool {
 public:
  WorkerPool(int threads, size_t max_queued);
  // Runs what is queued, then stops.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False if the queue is full; the task is then not run.
  bool TryRun(std::function<void()> task);

  // Tasks that wait, and how many may.
  size_t queued() const;
  size_t most_queued() const { return max_queued_; }

 private:
  void Work();

  const size_t max_queued_;
  mutable Mutex mutex_;
  CondVar work_;
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_WORKER_POOL_H_
