#include "server/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace latimer::server {
namespace {

TEST(WorkerPoolTest, RunsEverythingItTookBeforeItEnds) {
  std::atomic<int> done{0};
  {
    WorkerPool pool(3, 1000);
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(pool.TryRun([&] { ++done; }));
  }
  EXPECT_EQ(done, 500);
}

TEST(WorkerPoolTest, RefusesMoreThanTheQueueHolds) {
  std::promise<void> release, started;
  std::shared_future<void> released = release.get_future().share();
  std::atomic<int> done{0};
  {
    WorkerPool pool(1, 2);
    ASSERT_TRUE(pool.TryRun([&, released] {
      started.set_value();
      released.wait();
      ++done;
    }));
    started.get_future().wait();  // the only thread is busy, the queue is empty
    EXPECT_TRUE(pool.TryRun([&] { ++done; }));
    EXPECT_TRUE(pool.TryRun([&] { ++done; }));
    EXPECT_FALSE(pool.TryRun([&] { done += 100; }));
    release.set_value();
  }
  EXPECT_EQ(done, 3) << "the refused task never runs";
}

}  // namespace
}  // namespace latimer::server
