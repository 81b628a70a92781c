// The platforms a server knows, in one immutable value, and the place where it is swapped.
#ifndef LATIMER_SERVER_CATALOG_H_
#define LATIMER_SERVER_CATALOG_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "core/base/mutex.h"
#include "core/model/platform_model.h"
#include "latimer/v1/estimate.pb.h"

namespace latimer::server {

// Measurements of whole networks of one platform, by structural hash (core/network/structural_hash.h).
using MeasuredNetworks = absl::flat_hash_map<uint64_t, v1::MeasuredLatency>;

// Immutable. A request takes one at its start and keeps it, whatever is swapped in meanwhile.
struct Catalog {
  uint64_t generation = 0;  // grows with every catalogue of this process
  std::map<std::string, std::shared_ptr<const PlatformModel>, std::less<>> platforms;    // by id
  std::map<std::string, std::shared_ptr<const MeasuredNetworks>, std::less<>> measured;  // by platform id

  // Null: nothing was measured there.
  const MeasuredNetworks* MeasuredOn(const std::string& platform) const;

  // `name` is "platforms/<id>" or "<id>". Errors: INVALID_ARGUMENT (empty), NOT_FOUND (lists known ones, names
  // `field`).
  absl::StatusOr<std::shared_ptr<const PlatformModel>> Find(absl::string_view name, absl::string_view field) const;
};

// Reads every *.textproto of the folders. Errors: NOT_FOUND (no folder), INVALID_ARGUMENT (a file; names it; or two
// files of one platform; names both), FAILED_PRECONDITION (no platform in any of them).
absl::StatusOr<std::shared_ptr<const Catalog>> LoadCatalog(const std::vector<std::string>& folders);

// A number greater than that of every catalogue made before in this process.
uint64_t NextGeneration();

// Holds the catalogue that serves now. Safe for concurrent use; readers never wait for a writer that loads.
class CatalogHolder {
 public:
  std::shared_ptr<const Catalog> Get() const;
  void Set(std::shared_ptr<const Catalog> catalog);

 private:
  // std::atomic<std::shared_ptr> of GCC 12 uses a lock ThreadSanitizer cannot see; this one is held for a copy only.
  mutable Mutex mutex_;
  std::shared_ptr<const Catalog> catalog_ ABSL_GUARDED_BY(mutex_);
};

// The first folder that exists of: LATIMER_PLATFORMS_DIR, ../share/latimer/platforms beside the program, the source
// tree this was built from. Errors: NOT_FOUND, naming where it looked.
absl::StatusOr<std::string> FindPlatformsDir();

}  // namespace latimer::server

#endif  // LATIMER_SERVER_CATALOG_H_
