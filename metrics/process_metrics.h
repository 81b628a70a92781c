// What every program tells of itself: which build it is, and the usual process_ metrics (Linux).
#ifndef LATIMER_METRICS_PROCESS_METRICS_H_
#define LATIMER_METRICS_PROCESS_METRICS_H_

#include <prometheus/collectable.h>

#include <string>

#include "metrics/families.h"

namespace latimer::metrics {

class ProcessMetrics final : public prometheus::Collectable {
 public:
  // `component`: "server" or "agent".
  ProcessMetrics(std::string component, std::string version)
      : component_(std::move(component)), version_(std::move(version)) {}

  Families Collect() const override;

 private:
  const std::string component_;
  const std::string version_;
};

}  // namespace latimer::metrics

#endif  // LATIMER_METRICS_PROCESS_METRICS_H_
