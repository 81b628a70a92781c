#include "server/response_cache.h"

#include "absl/hash/hash.h"

namespace latimer::server {

ResponseCache::ResponseCache(size_t max_bytes) : max_bytes_per_shard_(max_bytes / kShards) {}

ResponseCache::Shard& ResponseCache::ShardOf(absl::string_view request) {
  // The map's hash decides places inside a shard; other bits choose the shard.
  return shards_[(absl::HashOf(request) >> 20) % kShards];
}

std::optional<grpc::Slice> ResponseCache::Find(absl::string_view request, uint64_t generation) {
  if (max_bytes_per_shard_ == 0) return std::nullopt;
  Shard& shard = ShardOf(request);
  MutexLock lock(&shard.mutex);
  const auto found = shard.by_request.find(request);
  if (found == shard.by_request.end() || found->second->generation != generation) {
    ++shard.misses;
    return std::nullopt;
  }
  ++shard.hits;
  shard.entries.splice(shard.entries.begin(), shard.entries, found->second);
  return found->second->response;
}

void ResponseCache::Insert(absl::string_view request, uint64_t generation, const grpc::Slice& response) {
  Entry entry{std::string(request), generation, response};
  const size_t bytes = entry.bytes();
  if (bytes > max_bytes_per_shard_ / 4) return;  // one answer must not push out all others
  Shard& shard = ShardOf(request);
  MutexLock lock(&shard.mutex);
  if (const auto found = shard.by_request.find(request); found != shard.by_request.end()) {
    const auto old = found->second;
    shard.bytes -= old->bytes();
    shard.by_request.erase(found);
    shard.entries.erase(old);
  }
  while (!shard.entries.empty() && shard.bytes + bytes > max_bytes_per_shard_) {
    shard.bytes -= shard.entries.back().bytes();
    shard.by_request.erase(shard.entries.back().request);
    shard.entries.pop_back();
  }
  shard.entries.push_front(std::move(entry));
  shard.by_request.emplace(shard.entries.front().request, shard.entries.begin());
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
