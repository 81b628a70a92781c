#include "core/estimation/unit_memo.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/base/mutex.h"

namespace latimer {
namespace {

constexpr size_t kShards = 16;  // a power of two

struct Key {
  uint64_t platform = 0;
  ModelKind kind = ModelKind::kUnspecified;
  UnitFeatures features;

  bool operator==(const Key&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, const Key& key) {
    return H::combine(std::move(h), key.platform, key.kind, key.features);
  }
};

}  // namespace

struct UnitMemo::Shard {
  // Two generations: when the young one is full it becomes the old one, and what was old is forgotten.
  mutable Mutex mutex;
  absl::flat_hash_map<Key, UnitTime> young ABSL_GUARDED_BY(mutex);
  absl::flat_hash_map<Key, UnitTime> old ABSL_GUARDED_BY(mutex);
  mutable std::atomic<int64_t> hits{0};
  mutable std::atomic<int64_t> misses{0};
};

UnitMemo::UnitMemo(size_t max_entries)
    : shards_(std::make_unique<Shard[]>(kShards)), max_entries_per_shard_(std::max<size_t>(2, max_entries / kShards)) {}

UnitMemo::~UnitMemo() = default;

std::optional<UnitTime> UnitMemo::Find(const PlatformModel& platform, ModelKind kind,
                                       const UnitFeatures& features) const {
  const Key key{platform.instance(), kind, features};
  const Shard& shard = shards_[absl::HashOf(key) % kShards];
  {
    MutexLock lock(&shard.mutex);
    for (const auto* generation : {&shard.young, &shard.old}) {
      if (const auto found = generation->find(key); found != generation->end()) {
        shard.hits.fetch_add(1, std::memory_order_relaxed);
        return found->second;
      }
    }
  }
  shard.misses.fetch_add(1, std::memory_order_relaxed);
  return std::nullopt;
}

void UnitMemo::Insert(const PlatformModel& platform, ModelKind kind, const UnitFeatures& features,
                      const UnitTime& time) {
  const Key key{platform.instance(), kind, features};
  Shard& shard = shards_[absl::HashOf(key) % kShards];
  MutexLock lock(&shard.mutex);
  if (shard.young.size() >= max_entries_per_shard_ / 2) {
    shard.old = std::move(shard.young);
    shard.young.clear();
  }
  shard.young.insert_or_assign(key, time);
}

UnitMemo::Statistics UnitMemo::statistics() const {
  Statistics sum;
  for (size_t i = 0; i < kShards; ++i) {
    const Shard& shard = shards_[i];
    sum.hits += shard.hits.load(std::memory_order_relaxed);
    sum.misses += shard.misses.load(std::memory_order_relaxed);
    MutexLock lock(&shard.mutex);
    sum.entries += static_cast<int64_t>(shard.young.size() + shard.old.size());
  }
  return sum;
}

}  // namespace latimer
