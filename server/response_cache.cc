#include "server/response_cache.h"

#include <utility>

#include "absl/hash/hash.h"

namespace latimer::server {

static_assert(sizeof(size_t) == sizeof(uint64_t));  // hashes fill 64 bits

ResponseCache::Key::Key(absl::string_view bytes) : request(bytes), hash(absl::HashOf(bytes)) {}

ResponseCache::ResponseCache(size_t max_bytes)
    : max_bytes_per_shard_(max_bytes / kShards), seen_(max_bytes == 0 ? 0 : kSeen) {}

bool ResponseCache::SeenBefore(const Key& key) {
  const auto mark = static_cast<uint32_t>(key.hash);
  return seen_[(key.hash >> 32) % kSeen].exchange(mark, std::memory_order_relaxed) == mark;
}

std::optional<grpc::Slice> ResponseCache::Find(const Key& key, uint64_t generation) {
  if (max_bytes_per_shard_ == 0) return std::nullopt;
  Shard& shard = ShardOf(key);
  MutexLock lock(&shard.mutex);
  const auto found = shard.by_request.find(key);
  if (found == shard.by_request.end() || found->second->generation != generation) {
    ++shard.misses;
    return std::nullopt;
  }
  ++shard.hits;
  shard.entries.splice(shard.entries.begin(), shard.entries, found->second);
  found->second->tally.CountCached();
  return found->second->response;
}

void ResponseCache::Insert(const Key& key, uint64_t generation, const grpc::Slice& response, EstimateTally tally,
                           Admission admission) {
  if (max_bytes_per_shard_ == 0) return;
  if (admission == Admission::kSecondTime && !SeenBefore(key)) return;
  Entry entry{std::string(key.request), key.hash, generation, response, std::move(tally)};
  const size_t bytes = entry.bytes();
  if (bytes > max_bytes_per_shard_ / 4) return;  // one answer must not push out all others
  Shard& shard = ShardOf(key);
  MutexLock lock(&shard.mutex);
  if (const auto found = shard.by_request.find(key); found != shard.by_request.end()) {
    const auto old = found->second;
    shard.bytes -= old->bytes();
    shard.by_request.erase(found);
    shard.entries.erase(old);
  }
  while (!shard.entries.empty() && shard.bytes + bytes > max_bytes_per_shard_) {
    shard.bytes -= shard.entries.back().bytes();
    shard.by_request.erase(shard.entries.back().key());
    shard.entries.pop_back();
  }
  shard.entries.push_front(std::move(entry));
  shard.by_request.emplace(shard.entries.front().key(), shard.entries.begin());
  shard.bytes += bytes;
}

ResponseCache::Statistics ResponseCache::statistics() const {
  Statistics sum;
  for (const Shard& shard : shards_) {
    MutexLock lock(&shard.mutex);
    sum.hits += shard.hits;
    sum.misses += shard.misses;
    sum.entries += static_cast<int64_t>(shard.entries.size());
    sum.bytes += static_cast<int64_t>(shard.bytes);
  }
  return sum;
}

}  // namespace latimer::server
