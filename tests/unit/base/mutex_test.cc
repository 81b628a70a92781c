#include "core/base/mutex.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace latimer {
namespace {

TEST(MutexTest, ExcludesOtherThreads) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 20'000;
  Mutex mutex;
  int64_t sum = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kRounds; ++i) {
        MutexLock lock(&mutex);
        ++sum;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  MutexLock lock(&mutex);
  EXPECT_EQ(sum, int64_t{kThreads} * kRounds);
}

TEST(CondVarTest, HandsValuesFromThreadToThread) {
  constexpr int kValues = 1'000;
  Mutex mutex;
  CondVar changed;
  int slot = 0;  // 0: empty
  int64_t received = 0;
  std::thread consumer([&] {
    for (int i = 0; i < kValues; ++i) {
      MutexLock lock(&mutex);
      while (slot == 0) changed.Wait(&mutex);
      received += slot;
      slot = 0;
      changed.SignalAll();
    }
  });
  for (int i = 1; i <= kValues; ++i) {
    MutexLock lock(&mutex);
    while (slot != 0) changed.Wait(&mutex);
    slot = i;
    changed.SignalAll();
  }
  consumer.join();
  EXPECT_EQ(received, int64_t{kValues} * (kValues + 1) / 2);
}

TEST(CondVarTest, WaitForGivesUpAndHoldsTheLockAgain) {
  Mutex mutex;
  CondVar never;
  const auto start = std::chrono::steady_clock::now();
  mutex.Lock();
  while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(20)) {
    never.WaitFor(&mutex, std::chrono::milliseconds(5));
  }
  bool entered = false;
  std::thread other([&] {
    MutexLock lock(&mutex);
    entered = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(entered);  // still locked by this thread, so reading is safe
  mutex.Unlock();
  other.join();
  EXPECT_TRUE(entered);
}

TEST(CondVarTest, SignalWakesAWaiter) {
  Mutex mutex;
  CondVar changed;
  bool ready = false;
  std::thread waiter([&] {
    MutexLock lock(&mutex);
    while (!ready) changed.Wait(&mutex);
  });
  {
    MutexLock lock(&mutex);
    ready = true;
    changed.Signal();
  }
  waiter.join();
  EXPECT_TRUE(ready);
}

}  // namespace
}  // namespace latimer
