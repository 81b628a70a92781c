// Fits platform models in the background and promotes those that are no worse.
#ifndef LATIMER_SERVER_CAMPAIGN_REFITTER_H_
#define LATIMER_SERVER_CAMPAIGN_REFITTER_H_

#include <deque>
#include <functional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "core/base/mutex.h"
#include "server/catalog_source.h"
#include "server/log.h"
#include "server/store/store.h"

namespace latimer::server {

struct RefitResult {
  ModelVersionRecord version;
  std::vector<v1::Accuracy> accuracy;
};

// One thread at the lowest priority: estimates do not wait for it. Safe for concurrent use.
class Refitter {
 public:
  Refitter(Store* store, CatalogHolder* holder, CatalogSource* source, Logger* logger);
  // Waits for the fit that runs; those that wait are dropped without their callbacks.
  ~Refitter();

  // Fits the platform to all its results; `done` runs on the refitter's thread. A version that is worse than the
  // active one on the same validation networks is stored and not promoted.
  void Request(std::string platform, int64_t campaign, std::function<void(absl::StatusOr<RefitResult>)> done);

 private:
  struct Order {
    std::string platform;
    int64_t campaign;
    std::function<void(absl::StatusOr<RefitResult>)> done;
  };
  void Work();
  absl::StatusOr<RefitResult> Refit(const Order& order);

  Store* const store_;
  CatalogHolder* const holder_;
  CatalogSource* const source_;
  Logger* const logger_;
  Mutex mutex_;
  CondVar work_;
  std::deque<Order> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_CAMPAIGN_REFITTER_H_
