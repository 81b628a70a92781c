// Remembers what layers callers ask about, so that campaigns can measure where answers matter: features of layers,
// never networks, names or callers; in memory only, bounded, and only where it is switched on.
//
// Of many requests a part is looked at, and of those a uniform sample is kept per platform (Vitter 1985, algorithm R),
// so that a layer is there as often as it was asked for. Safe for concurrent use.
#ifndef LATIMER_SERVER_QUERIED_LAYERS_H_
#define LATIMER_SERVER_QUERIED_LAYERS_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/base/mutex.h"
#include "core/benchmark/random.h"
#include "core/estimation/estimator.h"
#include "core/refinement/refine_plan.h"

namespace latimer::server {

class QueriedLayers {
 public:
  struct Limits {
    size_t layers_per_platform = 2048;  // about 250 bytes each
    size_t platforms = 64;              // further ones are not remembered
    double requests_per_second = 20;    // looked at in the long run …
    double burst = 64;                  // … and at once
  };
  QueriedLayers() : QueriedLayers(Limits()) {}
  explicit QueriedLayers(const Limits& limits) : limits_(limits), tokens_(limits.burst) {}

  // Whether ShouldLook() may say yes; one load of a number.
  bool IsDue(int64_t now_ms) const { return now_ms >= quiet_until_ms_.load(std::memory_order_relaxed); }

  // Whether to look at a request that came at that time.
  bool ShouldLook(int64_t now_ms);

  // The units of one answer.
  void Add(absl::string_view platform, absl::Span<const refinement::QueriedUnit> units);

  // What is remembered of a platform.
  std::vector<refinement::QueriedUnit> Of(absl::string_view platform) const;

 private:
  struct Reservoir {
    std::vector<refinement::QueriedUnit> units;
    uint64_t seen = 0;
  };

  const Limits limits_;
  std::atomic<int64_t> quiet_until_ms_{0};
  mutable Mutex mutex_;
  double tokens_ ABSL_GUARDED_BY(mutex_);
  int64_t last_ms_ ABSL_GUARDED_BY(mutex_) = 0;
  benchmark::Random random_ ABSL_GUARDED_BY(mutex_){1};
  std::map<std::string, Reservoir, std::less<>> platforms_ ABSL_GUARDED_BY(mutex_);
};

// Collects the units of one estimate.
class QueryCollector : public UnitObserver {
 public:
  void Observe(const UnitFeatures& features, double seconds) override { units_.push_back({features, seconds}); }
  // The units with their shares of the latency.
  const std::vector<refinement::QueriedUnit>& Shares();

 private:
  std::vector<refinement::QueriedUnit> units_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_QUERIED_LAYERS_H_
