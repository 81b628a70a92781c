// Builds what a scrape returns. Values are read when Prometheus asks, so labels of what is gone disappear by
// themselves.
//
// Names follow Prometheus' conventions: prefix latimer_, base units, counters end in _total; labels are of bounded
// number: platforms, agents, calls, layer types, never networks or callers.
#ifndef LATIMER_METRICS_FAMILIES_H_
#define LATIMER_METRICS_FAMILIES_H_

#include <prometheus/metric_family.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace latimer::metrics {

using Families = std::vector<prometheus::MetricFamily>;
using Labels = std::vector<std::pair<absl::string_view, absl::string_view>>;

// One metric with its series; goes into `families` when it is destroyed, unless it is empty.
class Family {
 public:
  Family(Families* families, prometheus::MetricType type, absl::string_view name, absl::string_view help);
  ~Family();
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;

  // A label's value longer than 128 bytes is cut.
  void Add(const Labels& labels, double value);
  prometheus::ClientMetric& AddMetric(const Labels& labels);

 private:
  Families* const families_;
  prometheus::MetricFamily family_;
};

struct Counter : Family {
  Counter(Families* families, absl::string_view name, absl::string_view help)
      : Family(families, prometheus::MetricType::Counter, name, help) {}
};
struct Gauge : Family {
  Gauge(Families* families, absl::string_view name, absl::string_view help)
      : Family(families, prometheus::MetricType::Gauge, name, help) {}
};
struct HistogramFamily : Family {
  HistogramFamily(Families* families, absl::string_view name, absl::string_view help)
      : Family(families, prometheus::MetricType::Histogram, name, help) {}
};

// Counts values in buckets. Safe for concurrent use, without locks.
class Histogram {
 public:
  // Ascending; a last bucket without bound is added.
  explicit Histogram(std::vector<double> upper_bounds);

  void Observe(double value);
  uint64_t count() const;
  void AddTo(HistogramFamily* family, const Labels& labels) const;

 private:
  const std::vector<double> upper_bounds_;
  const std::unique_ptr<std::atomic<uint64_t>[]> counts_;
  std::atomic<double> sum_{0};
};

// Seconds of calls that take from 0.1 ms to a second.
std::vector<double> CallSeconds();
// Seconds of work that takes from 10 ms to half an hour.
std::vector<double> WorkSeconds();
// Relative errors from 1 % to 200 %.
std::vector<double> ErrorRatios();

}  // namespace latimer::metrics

#endif  // LATIMER_METRICS_FAMILIES_H_
