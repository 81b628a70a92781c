#include "server/fleet/serial_executor.h"

#include <utility>

namespace latimer::server {

SerialExecutor::SerialExecutor(std::chrono::milliseconds period, std::function<void()> tick)
    : period_(period), tick_(std::move(tick)), thread_([this] { Work(); }) {}

void SerialExecutor::Post(std::function<void()> task) {
  {
    MutexLock lock(&mutex_);
    if (!stopped_) {
      queue_.push_back(std::move(task));
      work_.Signal();
      return;
    }
  }
  MutexLock late(&late_mutex_);
  task();
}

bool SerialExecutor::TryPost(std::function<void()> task) {
  if (queued() >= kMostQueued) return false;
  Post(std::move(task));
  return true;
}

size_t SerialExecutor::queued() const {
  MutexLock lock(&mutex_);
  return queue_.size();
}

void SerialExecutor::RunAndWait(const std::function<void()>& task) {
  Mutex mutex;
  CondVar ended;
  bool done = false;
  Post([&] {
    task();
    MutexLock lock(&mutex);
    done = true;
    ended.Signal();
  });
  MutexLock lock(&mutex);
  while (!done) ended.Wait(&mutex);
}

void SerialExecutor::Stop() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    work_.Signal();
  }
  if (thread_.joinable()) thread_.join();
}

void SerialExecutor::Work() {
  auto next_tick = std::chrono::steady_clock::now() + period_;
  while (true) {
    std::function<void()> task;
    {
      MutexLock lock(&mutex_);
      while (queue_.empty() && !stopping_ && std::chrono::steady_clock::now() < next_tick) {
        work_.WaitFor(&mutex_, next_tick - std::chrono::steady_clock::now());
      }
      if (!queue_.empty()) {
        task = std::move(queue_.front());
        queue_.pop_front();
      } else if (stopping_) {
        stopped_ = true;
        return;
      }
    }
    if (task != nullptr) task();
    if (std::chrono::steady_clock::now() >= next_tick) {
      tick_();
      next_tick = std::chrono::steady_clock::now() + period_;
    }
  }
}

}  // namespace latimer::server
