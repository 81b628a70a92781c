// Counts what was estimated: per platform and model kind, and how much of it rests on fallbacks.
#ifndef LATIMER_SERVER_METRICS_ESTIMATE_METRICS_H_
#define LATIMER_SERVER_METRICS_ESTIMATE_METRICS_H_

#include <prometheus/collectable.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "core/base/mutex.h"
#include "core/model/platform_model.h"
#include "latimer/v1/estimate.pb.h"
#include "metrics/families.h"
#include "server/catalog.h"

namespace latimer::server {

// Counters of one platform; atomic.
struct PlatformEstimates {
  std::array<std::atomic<uint64_t>, kNumModelKinds> computed{};
  std::array<std::atomic<uint64_t>, kNumModelKinds> cached{};
  std::atomic<uint64_t> units{0};
  std::atomic<uint64_t> type_fallbacks{0};
  std::atomic<uint64_t> kind_fallbacks{0};
  std::atomic<uint64_t> unknown_operators{0};
  std::atomic<uint64_t> outside_space{0};
};

// What one answer adds to the counters. The response cache keeps it with the answer, so that answers it gives count in
// full and without a look into them.
class EstimateTally {
 public:
  EstimateTally() = default;
  EstimateTally(std::shared_ptr<PlatformEstimates> platform, const v1::NetworkEstimate& estimate);

  void CountComputed() const;
  void CountCached() const;

 private:
  void CountLayers() const;

  std::shared_ptr<PlatformEstimates> platform_;  // null: nothing is counted
  size_t kind_ = 0;
  uint64_t units_ = 0;
  uint32_t type_fallbacks_ = 0;
  uint32_t kind_fallbacks_ = 0;
  uint32_t unknown_operators_ = 0;
  uint32_t outside_space_ = 0;
};

// Safe for concurrent use.
class EstimateMetrics final : public prometheus::Collectable {
 public:
  explicit EstimateMetrics(const CatalogHolder* catalog) : catalog_(catalog) {}

  // Tally of an answer that was just computed.
  EstimateTally Tally(const v1::NetworkEstimate& estimate);

  // Forgets platforms that are in the catalogue no more.
  metrics::Families Collect() const override;

 private:
  const CatalogHolder* const catalog_;
  mutable Mutex mutex_;
  mutable std::map<std::string, std::shared_ptr<PlatformEstimates>, std::less<>> platforms_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_METRICS_ESTIMATE_METRICS_H_
