// Counts what happens with boards: results and how they compare with what was predicted, lost leases, fits.
#ifndef LATIMER_SERVER_METRICS_BOARD_METRICS_H_
#define LATIMER_SERVER_METRICS_BOARD_METRICS_H_

#include <prometheus/collectable.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "core/base/mutex.h"
#include "core/model/platform_model.h"
#include "metrics/families.h"
#include "server/catalog.h"
#include "server/store/store.h"

namespace latimer::server {

enum class RefitOutcome : uint8_t { kPromoted, kRejected, kFailed };

// Safe for concurrent use. Events are rare beside calls: one lock is enough.
class BoardMetrics final : public prometheus::Collectable {
 public:
  explicit BoardMetrics(const CatalogHolder* catalog) : catalog_(catalog) {}

  // A result was stored. One of a whole network is compared with what the platform's model of now says.
  void OnResult(const TaskRecord& task, const v1::Measurement& measurement);
  void OnLeasesLost(int64_t tasks);
  void OnRefitOrdered();
  void OnRefitBegun();
  void OnRefitDone(const std::string& platform, RefitOutcome outcome, double seconds);

  // When a platform's newest result came, in ms; what was there before this server started.
  void SetNewestResult(const std::string& platform, int64_t receive_ms);

  metrics::Families Collect() const override;

 private:
  // Networks compared, by who asked for them: campaigns to validate, or people.
  struct Comparison {
    metrics::Histogram error{metrics::ErrorRatios()};
    uint64_t below = 0;
    uint64_t inside = 0;
    uint64_t above = 0;
  };
  struct Platform {
    uint64_t measured = 0;
    uint64_t failed = 0;
    double board_seconds = 0;
    int64_t newest_ms = 0;
    std::array<Comparison, 2> comparisons;  // validation, request
    std::array<uint64_t, 3> refits{};       // by RefitOutcome
    int64_t last_refit_ms = 0;              // that did not fail
    metrics::Histogram refit_seconds{metrics::WorkSeconds()};
  };
  void Compare(const TaskRecord& task, const v1::Measurement& measurement);

  const CatalogHolder* const catalog_;
  mutable Mutex mutex_;
  std::map<std::string, Platform> platforms_ ABSL_GUARDED_BY(mutex_);
  int64_t leases_lost_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t refits_waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t refits_running_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_METRICS_BOARD_METRICS_H_
