// How good the models are that answer now, per platform: on the networks that boards measured, and per layer type.
//
// Networks are judged on a thread of its own at the lowest priority, when a model or its measurements changed; a scrape
// tells the last judgement.
#ifndef LATIMER_SERVER_METRICS_MODEL_METRICS_H_
#define LATIMER_SERVER_METRICS_MODEL_METRICS_H_

#include <prometheus/collectable.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "core/base/mutex.h"
#include "core/evaluation/statistics.h"
#include "core/network/import_options.h"
#include "metrics/families.h"
#include "server/catalog.h"
#include "server/metrics/board_metrics.h"
#include "server/store/store.h"

namespace latimer::server {

class ModelMetrics final : public prometheus::Collectable {
 public:
  // `store` and `boards` may be null: then nothing was measured. All outlive Stop().
  ModelMetrics(const CatalogHolder* catalog, Store* store, BoardMetrics* boards, const ImportLimits& limits);
  ~ModelMetrics() override { Stop(); }

  // Ends the thread. Later calls return at once.
  void Stop();

  metrics::Families Collect() const override;

 private:
  // What was judged, so that only changes are judged again.
  struct Key {
    uint64_t model = 0;  // PlatformModel::instance()
    const void* measured = nullptr;
    bool operator==(const Key&) const = default;
  };
  struct Figures {
    int64_t networks = 0;
    std::optional<double> mape;
    std::optional<double> spearman;
    std::optional<double> coverage;
    std::optional<double> width;
  };
  struct Judgement {
    Key key;
    std::shared_ptr<const MeasuredNetworks> measured;  // keeps the pointer in `key` from being given again
    double level = 0;
    std::array<Figures, 2> figures;  // networks of campaigns that validate, networks people asked for
    int64_t create_ms = 0;           // of the version; 0: not known
    int64_t measurements = 0;        // it was fitted to
  };
  void Work();
  void JudgeChanged();
  Judgement Judge(const Catalog& catalog, const PlatformModel& model) const;

  const CatalogHolder* const catalog_;
  Store* const store_;
  BoardMetrics* const boards_;
  const ImportLimits limits_;
  mutable Mutex mutex_;
  CondVar wake_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, Judgement> judgements_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_METRICS_MODEL_METRICS_H_
