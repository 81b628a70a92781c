#include "server/response_cache.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace latimer::server {
namespace {

using Key = ResponseCache::Key;

std::string Text(const grpc::Slice& slice) { return {reinterpret_cast<const char*>(slice.begin()), slice.size()}; }

TEST(ResponseCacheTest, GivesBackWhatWasInsertedForThoseBytesAndThatGeneration) {
  ResponseCache cache(1 << 20);
  cache.Insert(Key("request"), 1, grpc::Slice("answer"));
  ASSERT_TRUE(cache.Find(Key("request"), 1).has_value());
  EXPECT_EQ(Text(*cache.Find(Key("request"), 1)), "answer");
  EXPECT_FALSE(cache.Find(Key("requesT"), 1).has_value());
  EXPECT_FALSE(cache.Find(Key("request"), 2).has_value()) << "platforms were reloaded since";
  cache.Insert(Key("request"), 2, grpc::Slice("new answer"));
  EXPECT_EQ(Text(*cache.Find(Key("request"), 2)), "new answer");
}

TEST(ResponseCacheTest, StaysUnderItsLimitAndKeepsWhatIsUsed) {
  constexpr size_t kLimit = 1 << 20;
  ResponseCache cache(kLimit);
  cache.Insert(Key("often asked"), 1, grpc::Slice("kept"));
  for (int i = 0; i < 5000; ++i) {
    cache.Insert(Key("request " + std::to_string(i)), 1, grpc::Slice(std::string(1000, 'x')));
    ASSERT_TRUE(cache.Find(Key("often asked"), 1).has_value()) << "after " << i;
  }
  EXPECT_LE(cache.statistics().bytes, static_cast<int64_t>(kLimit));
  EXPECT_GT(cache.statistics().entries, 100);
  EXPECT_FALSE(cache.Find(Key("request 0"), 1).has_value()) << "the oldest made room";
}

TEST(ResponseCacheTest, RemembersNothingWithoutRoom) {
  ResponseCache none(0);
  none.Insert(Key("request"), 1, grpc::Slice("answer"));
  EXPECT_FALSE(none.Find(Key("request"), 1).has_value());
  ResponseCache small(1 << 14);
  small.Insert(Key("request"), 1, grpc::Slice(std::string(1 << 14, 'x')));
  EXPECT_FALSE(small.Find(Key("request"), 1).has_value()) << "an answer larger than a shard is not kept";
}

TEST(ResponseCacheTest, RemembersFromTheSecondTimeOnWhereAsked) {
  ResponseCache cache(1 << 20);
  const auto insert = [&cache](const std::string& request) {
    cache.Insert(Key(request), 1, grpc::Slice("answer"), {}, ResponseCache::Admission::kSecondTime);
  };
  insert("request");
  EXPECT_FALSE(cache.Find(Key("request"), 1).has_value());
  EXPECT_EQ(cache.statistics().bytes, 0);
  insert("request");
  EXPECT_TRUE(cache.Find(Key("request"), 1).has_value());
  for (int i = 0; i < 10'000; ++i) insert("unique " + std::to_string(i));
  EXPECT_LT(cache.statistics().entries, 10) << "what came once takes no room";
}

TEST(ResponseCacheTest, ThreadsSeeWholeAnswers) {
  ResponseCache cache(1 << 18);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        const std::string request = "request " + std::to_string(i % 300);
        if (const std::optional<grpc::Slice> answer = cache.Find(Key(request), 1)) {
          EXPECT_EQ(Text(*answer), request + request);
        } else {
          cache.Insert(Key(request), 1, grpc::Slice(request + request));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(cache.statistics().hits + cache.statistics().misses, 8000);
}

}  // namespace
}  // namespace latimer::server
