#include "server/fleet/serial_executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace latimer::server {
namespace {

TEST(SerialExecutorTest, RunsTasksInOrderOnOneThread) {
  std::vector<int> order;
  SerialExecutor executor(std::chrono::hours(1), [] {});
  for (int i = 0; i < 1000; ++i) executor.Post([&order, i] { order.push_back(i); });
  executor.RunAndWait([] {});
  ASSERT_EQ(order.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
}

TEST(SerialExecutorTest, RefusesWhatMayBeRefusedWhenItsQueueIsFull) {
  std::atomic<bool> go_on{false};
  std::atomic<int> done{0};
  SerialExecutor executor(std::chrono::hours(1), [] {});
  executor.Post([&] {
    while (!go_on) std::this_thread::yield();
  });
  while (executor.queued() > 0) std::this_thread::yield();
  for (size_t i = 0; i < SerialExecutor::kMostQueued; ++i) ASSERT_TRUE(executor.TryPost([&] { ++done; }));
  EXPECT_FALSE(executor.TryPost([&] { ++done; }));
  executor.Post([&] { ++done; });  // may not be refused
  go_on = true;
  executor.RunAndWait([] {});
  EXPECT_EQ(done, static_cast<int>(SerialExecutor::kMostQueued) + 1);
  EXPECT_TRUE(executor.TryPost([] {}));
}

TEST(SerialExecutorTest, TicksBetweenTasks) {
  std::atomic<int> ticks{0};
  SerialExecutor executor(std::chrono::milliseconds(5), [&] { ++ticks; });
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (ticks < 5 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_GE(ticks, 5);
}

TEST(SerialExecutorTest, RunsWhatIsQueuedBeforeItStopsAndLateTasksAtOnce) {
  std::atomic<int> done{0};
  SerialExecutor executor(std::chrono::hours(1), [] {});
  for (int i = 0; i < 100; ++i) executor.Post([&] { ++done; });
  executor.Stop();
  EXPECT_EQ(done, 100);
  executor.Post([&] { ++done; });
  EXPECT_EQ(done, 101);
}

}  // namespace
}  // namespace latimer::server
