// Remembers whole answers by the exact bytes of the request: a NAS loop asks for the same network again and again.
//
// Most of what it asks comes once, though, and remembering that costs more than a quick answer did: a copy, and an
// entry evicted that lies in no processor's cache any more. Such answers are remembered from the second request on.
#ifndef LATIMER_SERVER_RESPONSE_CACHE_H_
#define LATIMER_SERVER_RESPONSE_CACHE_H_

#include <grpcpp/support/slice.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "core/base/mutex.h"
#include "server/metrics/estimate_metrics.h"

namespace latimer::server {

// Safe for concurrent use; entries are spread over independently locked shards. The least recently used entries make
// room for new ones. Bytes are compared in full: two requests of one hash are two entries.
class ResponseCache {
 public:
  // The bytes of a request, which it does not own, and their hash, which is computed once.
  struct Key {
    explicit Key(absl::string_view bytes);
    Key(absl::string_view bytes, uint64_t hash_of_bytes) : request(bytes), hash(hash_of_bytes) {}
    absl::string_view request;
    uint64_t hash;
    bool operator==(const Key& other) const { return hash == other.hash && request == other.request; }
  };
  // When an answer is remembered.
  enum class Admission { kAtOnce, kSecondTime };

  // 0: nothing is remembered.
  explicit ResponseCache(size_t max_bytes);

  // The answer to the request under catalogue `generation`, which is counted. Its bytes are shared, not copied.
  std::optional<grpc::Slice> Find(const Key& key, uint64_t generation);
  // kSecondTime: only notes that the request came, unless it was the last of its kind (one of 65 536, by hash) to come.
  void Insert(const Key& key, uint64_t generation, const grpc::Slice& response, EstimateTally tally = {},
              Admission admission = Admission::kAtOnce);

  struct Statistics {
    int64_t hits = 0;
    int64_t misses = 0;
    int64_t entries = 0;
    int64_t bytes = 0;
  };
  Statistics statistics() const;

 private:
  static constexpr size_t kShards = 16;
  static constexpr size_t kSeen = 1 << 16;

  struct KeyHash {
    size_t operator()(const Key& key) const { return key.hash; }
  };
  struct Entry {
    std::string request;
    uint64_t hash;
    uint64_t generation;
    grpc::Slice response;
    EstimateTally tally;
    Key key() const { return {request, hash}; }
    size_t bytes() const { return request.size() + response.size() + 256; }
  };
  struct Shard {
    mutable Mutex mutex;
    std::list<Entry> entries ABSL_GUARDED_BY(mutex);  // most recently used first
    absl::flat_hash_map<Key, std::list<Entry>::iterator, KeyHash> by_request ABSL_GUARDED_BY(mutex);
    size_t bytes ABSL_GUARDED_BY(mutex) = 0;
    int64_t hits ABSL_GUARDED_BY(mutex) = 0;
    int64_t misses ABSL_GUARDED_BY(mutex) = 0;
  };

  // The map's hash decides places inside a shard; other bits choose the shard.
  Shard& ShardOf(const Key& key) { return shards_[key.hash >> 60]; }
  // Whether the request was the last of its kind; from now on it is.
  bool SeenBefore(const Key& key);

  const size_t max_bytes_per_shard_;
  std::array<Shard, kShards> shards_;
  std::vector<std::atomic<uint32_t>> seen_;  // by the first bits of the hash, the last ones
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_RESPONSE_CACHE_H_
