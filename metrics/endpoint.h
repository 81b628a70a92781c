// Serves metrics over HTTP at /metrics, on a port of its own: a scrape never waits behind calls, and the port can be
// closed to those who may only estimate.
#ifndef LATIMER_METRICS_ENDPOINT_H_
#define LATIMER_METRICS_ENDPOINT_H_

#include <prometheus/collectable.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace prometheus {
class Exposer;
}

namespace latimer::metrics {

class Endpoint {
 public:
  // `address` is "host:port"; port 0 picks a free one. Errors: INVALID_ARGUMENT (no such address), UNAVAILABLE (another
  // process has it).
  static absl::StatusOr<std::unique_ptr<Endpoint>> Start(
      const std::string& address, std::vector<std::shared_ptr<prometheus::Collectable>> collectables);
  // Waits for scrapes that run.
  ~Endpoint();

  // "host:port" with the bound port.
  const std::string& address() const { return address_; }

 private:
  Endpoint() = default;

  // In this order: scrapes end before what they read.
  std::vector<std::shared_ptr<prometheus::Collectable>> collectables_;
  std::string address_;
  std::unique_ptr<prometheus::Exposer> exposer_;
};

}  // namespace latimer::metrics

#endif  // LATIMER_METRICS_ENDPOINT_H_
