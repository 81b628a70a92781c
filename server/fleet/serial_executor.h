// One thread that runs what is posted to it in order: whatever only runs there needs no lock.
#ifndef LATIMER_SERVER_FLEET_SERIAL_EXECUTOR_H_
#define LATIMER_SERVER_FLEET_SERIAL_EXECUTOR_H_

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <thread>

#include "core/base/mutex.h"

namespace latimer::server {

// Safe for concurrent use.
class SerialExecutor {
 public:
  // `tick` runs every `period` between tasks.
  SerialExecutor(std::chrono::milliseconds period, std::function<void()> tick);
  ~SerialExecutor() { Stop(); }
  SerialExecutor(const SerialExecutor&) = delete;
  SerialExecutor& operator=(const SerialExecutor&) = delete;

  void Post(std::function<void()> task);

  // The same for what may be refused: false if kMostQueued tasks wait already. Whoever calls may come back later;
  // sessions, of which each has one message under way, may not be refused.
  bool TryPost(std::function<void()> task);
  static constexpr size_t kMostQueued = 1000;

  // Tasks that wait.
  size_t queued() const;

  // Runs `task` there and waits for it. Not to be called from a task.
  void RunAndWait(const std::function<void()>& task);

  // Runs what is queued, then ends. Tasks posted later run at once where they are posted, one at a time.
  void Stop();

 private:
  void Work();

  const std::chrono::milliseconds period_;
  const std::function<void()> tick_;
  mutable Mutex mutex_;
  CondVar work_;
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  Mutex late_mutex_;
  std::thread thread_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_FLEET_SERIAL_EXECUTOR_H_
