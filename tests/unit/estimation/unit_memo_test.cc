// The memo: what it holds, what it forgets, and that answers do not depend on it.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/unit/estimation/estimation_helpers.h"

namespace latimer {
namespace {

constexpr ModelKind kKind = ModelKind::kStatistical;

UnitFeatures Features(int64_t i) {
  UnitFeatures features;
  features.c_in = i;
  return features;
}

TEST(UnitMemo, FindsWhatWasInserted) {
  const auto platform = MakeTestPlatform();
  UnitMemo memo(1000);
  EXPECT_FALSE(memo.Find(*platform, kKind, Features(1)).has_value());
  memo.Insert(*platform, kKind, Features(1), {1.5, 0.25, Bound::kCompute});
  const std::optional<UnitTime> found = memo.Find(*platform, kKind, Features(1));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->seconds, 1.5);
  EXPECT_EQ(found->utilization, 0.25);
  EXPECT_EQ(found->bound, Bound::kCompute);
  EXPECT_EQ(memo.statistics().hits, 1);
  EXPECT_EQ(memo.statistics().misses, 1);
  EXPECT_EQ(memo.statistics().entries, 1);
}

TEST(UnitMemo, TellsPlatformsKindsAndEveryFeatureApart) {
  const auto platform = MakeTestPlatform();
  const auto same_text = MakeTestPlatform();  // a reload: another model as far as answers go
  UnitMemo memo(1000);
  memo.Insert(*platform, kKind, Features(1), {1, 0, Bound::kMemory});
  EXPECT_FALSE(memo.Find(*same_text, kKind, Features(1)).has_value());
  EXPECT_FALSE(memo.Find(*platform, ModelKind::kMixed, Features(1)).has_value());
  for (auto change :
       {+[](UnitFeatures& f) { ++f.batch; }, +[](UnitFeatures& f) { ++f.out_w; }, +[](UnitFeatures& f) { ++f.groups; },
        +[](UnitFeatures& f) { ++f.kernel_d; }, +[](UnitFeatures& f) { ++f.stride_h; },
        +[](UnitFeatures& f) { ++f.dilation_w; }, +[](UnitFeatures& f) { ++f.num_inputs; },
        +[](UnitFeatures& f) { f.operations = 0.5; }, +[](UnitFeatures& f) { f.weight_bytes = 0.5; },
        +[](UnitFeatures& f) { ++f.unit_type; }, +[](UnitFeatures& f) { f.type = LayerType::kAdd; }}) {
    UnitFeatures features = Features(1);
    change(features);
    EXPECT_FALSE(memo.Find(*platform, kKind, features).has_value());
  }
}

TEST(UnitMemo, TheLaterOfTwoInsertionsStays) {
  const auto platform = MakeTestPlatform();
  UnitMemo memo(1000);
  memo.Insert(*platform, kKind, Features(1), {1, 0, Bound::kMemory});
  memo.Insert(*platform, kKind, Features(1), {2, 0, Bound::kMemory});
  EXPECT_EQ(memo.Find(*platform, kKind, Features(1))->seconds, 2);
  EXPECT_EQ(memo.statistics().entries, 1);
}

TEST(UnitMemo, StaysWithinItsBoundAndKeepsWhatIsNew) {
  const auto platform = MakeTestPlatform();
  UnitMemo memo(1600);
  for (int64_t i = 1; i <= 20'000; ++i) memo.Insert(*platform, kKind, Features(i), {1, 0, Bound::kMemory});
  EXPECT_LE(memo.statistics().entries, 1600);
  EXPECT_GT(memo.statistics().entries, 400);
  // The newest 100 are far fewer than half of any bound.
  for (int64_t i = 19'901; i <= 20'000; ++i) EXPECT_TRUE(memo.Find(*platform, kKind, Features(i)).has_value()) << i;
  EXPECT_FALSE(memo.Find(*platform, kKind, Features(1)).has_value());
}

TEST(UnitMemo, ATinyMemoStillWorks) {
  const auto platform = MakeTestPlatform();
  for (size_t most : {0, 1, 16}) {
    UnitMemo memo(most);
    for (int64_t i = 1; i <= 1000; ++i) {
      memo.Insert(*platform, kKind, Features(i), {static_cast<double>(i), 0, Bound::kMemory});
      ASSERT_TRUE(memo.Find(*platform, kKind, Features(i)).has_value());
    }
    EXPECT_LE(memo.statistics().entries, 32);
  }
}

TEST(UnitMemo, ManyThreadsAtOnce) {
  const auto platform = MakeTestPlatform();
  UnitMemo memo(1000);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int64_t i = 1; i <= 5000; ++i) {
        const int64_t key = i % 700;
        const std::optional<UnitTime> found = memo.Find(*platform, kKind, Features(key));
        if (found.has_value() && found->seconds != static_cast<double>(key)) ++wrong;
        memo.Insert(*platform, kKind, Features(key), {static_cast<double>(key), 0, Bound::kMemory});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(memo.statistics().hits + memo.statistics().misses, 20'000);
}

TEST(UnitMemo, AnswersAreBitEqualWithAndWithoutIt) {
  const Network network = SmallNetwork();
  for (const char* id : {"zcu102-dnndk", "ncs2-openvino"}) {
    const auto platform = LoadShippedPlatform(id);
    UnitMemo memo(1000);
    for (ModelKind kind : {ModelKind::kAuto, ModelKind::kRoofline, ModelKind::kRefinedRoofline, ModelKind::kMixed}) {
      const std::string without = Estimate(network, *platform, kind).SerializeAsString();
      for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(Estimate(network, *platform, kind, 0.9, &memo).SerializeAsString(), without);
      }
    }
    EXPECT_EQ(memo.statistics().entries, 0);  // analytical models cost less than a look-up
  }
}

}  // namespace
}  // namespace latimer
