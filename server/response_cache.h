// Remembers whole answers by the exact bytes of the request: a NAS loop asks for the same network again and again.
#ifndef LATIMER_SERVER_RESPONSE_CACHE_H_
#define LATIMER_SERVER_RESPONSE_CACHE_H_

#include <grpcpp/support/slice.h>

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "core/base/mutex.h"

namespace latimer::server {

// Safe for concurrent use; entries are spread over independently locked shards. The least recently used entries make
// room for new ones. Bytes are compared in full: two requests of one hash are two entries.
class ResponseCache {
 public:
  // 0: nothing is remembered.
  explicit ResponseCache(size_t max_bytes);

  // The answer to `request` under catalogue `generation`. Its bytes are shared, not copied.
  std::optional<grpc::Slice> Find(absl::string_view request, uint64_t generation);
  void Insert(absl::string_view request, uint64_t generation, const grpc::Slice& response);

  struct Statistics {
    int64_t hits = 0;
    int64_t misses = 0;
    int64_t entries = 0;
    int64_t bytes = 0;
  };
  Statistics statistics() const;

 private:
  static constexpr size_t kShards = 16;

  struct Entry {
    std::string request;
    uint64_t generation;
    grpc::Slice response;
    size_t bytes() const { return request.size() + response.size() + 200; }
  };
  struct Shard {
    mutable Mutex mutex;
    std::list<Entry> entries ABSL_GUARDED_BY(mutex);  // most recently used first
    absl::flat_hash_map<absl::string_view, std::list<Entry>::iterator> by_request ABSL_GUARDED_BY(mutex);
    size_t bytes ABSL_GUARDED_BY(mutex) = 0;
    int64_t hits ABSL_GUARDED_BY(mutex) = 0;
    int64_t misses ABSL_GUARDED_BY(mutex) = 0;
  };

  Shard& ShardOf(absl::string_view request);

  const size_t max_bytes_per_shard_;
  std::array<Shard, kShards> shards_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_RESPONSE_CACHE_H_
