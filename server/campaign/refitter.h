// Fits platform models in the background and promotes those that are not clearly worse.
#ifndef LATIMER_SERVER_CAMPAIGN_REFITTER_H_
#define LATIMER_SERVER_CAMPAIGN_REFITTER_H_

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "core/base/mutex.h"
#include "core/benchmark/plan.h"
#include "core/refinement/refine_plan.h"
#include "server/catalog_source.h"
#include "server/log.h"
#include "server/metrics/board_metrics.h"
#include "server/queried_layers.h"
#include "server/store/store.h"

namespace latimer::server {

struct RefitResult {
  ModelVersionRecord version;
  std::vector<v1::Accuracy> accuracy;
  std::vector<benchmark::PlannedMeasurement> refined;  // what was ordered of them
};

// What a campaign has left to measure, to be chosen by the model that is fitted.
struct RefineOrder {
  refinement::RefineOptions options;  // no measurements: nothing is chosen
};

// One thread at a lower priority: estimates go first. Safe for concurrent use.
class Refitter {
 public:
  Refitter(Store* store, CatalogHolder* holder, CatalogSource* source, Logger* logger);
  // Waits for the fit that runs; those that wait are dropped without their callbacks.
  ~Refitter();

  // Fits the platform to all its results; `done` runs on the refitter's thread. A version that is clearly
  // worse than the active one on the same validation networks is stored and not promoted (promotion.h). With `refine`,
  // the new version also chooses what to measure next.
  void Request(std::string platform, int64_t campaign, std::function<void(absl::StatusOr<RefitResult>)> done,
               std::optional<refinement::RefineOptions> refine = std::nullopt);

  // What callers ask about; null: nobody knows. Not owned, outlives this. Before the first Request().
  void UseQueries(const QueriedLayers* queried) { queried_ = queried; }

  // Counts fits; null: nobody does. Before the first Request().
  void SetMetrics(BoardMetrics* metrics) { metrics_ = metrics; }

 private:
  struct Order {
    std::string platform;
    int64_t campaign;
    std::function<void(absl::StatusOr<RefitResult>)> done;
    std::optional<refinement::RefineOptions> refine;
  };
  void Work();
  absl::StatusOr<RefitResult> Refit(const Order& order);

  Store* const store_;
  CatalogHolder* const holder_;
  CatalogSource* const source_;
  Logger* const logger_;
  BoardMetrics* metrics_ = nullptr;
  const QueriedLayers* queried_ = nullptr;
  Mutex mutex_;
  CondVar work_;
  std::deque<Order> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_CAMPAIGN_REFITTER_H_
