// A flag that wakes one waiting thread; raised from any.
#ifndef LATIMER_AGENT_SESSION_SIGNAL_H_
#define LATIMER_AGENT_SESSION_SIGNAL_H_

#include <chrono>

#include "core/base/mutex.h"

namespace latimer::agent {

class Signal {
 public:
  void Raise() {
    MutexLock lock(&mutex_);
    raised_ = true;
    changed_.SignalAll();
  }

  // Returns when it is raised, which this takes back, or at `deadline`.
  void WaitUntil(std::chrono::steady_clock::time_point deadline) {
    MutexLock lock(&mutex_);
    while (!raised_) {
      const auto left = deadline - std::chrono::steady_clock::now();
      if (left.count() <= 0) return;
      changed_.WaitFor(&mutex_, left);
    }
    raised_ = false;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool raised_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_SESSION_SIGNAL_H_
