// Caches, queues, connections and files of the server.
#ifndef LATIMER_SERVER_METRICS_RESOURCE_METRICS_H_
#define LATIMER_SERVER_METRICS_RESOURCE_METRICS_H_

#include <prometheus/collectable.h>

#include <atomic>
#include <string>
#include <utility>

#include "metrics/families.h"
#include "server/certificate_files.h"
#include "server/estimation_engine.h"
#include "server/response_cache.h"
#include "server/worker_pool.h"

namespace latimer::server {

class ResourceMetrics final : public prometheus::Collectable {
 public:
  struct Parts {
    const ResponseCache* cache;
    const EstimationEngine* engine;
    const WorkerPool* workers;
    const std::atomic<int>* port;          // 0 while there is none
    const CertificateFiles* certificates;  // null: no TLS
    std::string data_dir;                  // empty: no store
  };
  // The parts outlive this.
  explicit ResourceMetrics(Parts parts) : parts_(std::move(parts)) {}

  metrics::Families Collect() const override;

 private:
  const Parts parts_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_METRICS_RESOURCE_METRICS_H_
