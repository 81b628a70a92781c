#include "metrics/families.h"

#include <algorithm>

namespace latimer::metrics {
namespace {

constexpr size_t kLongestLabel = 128;

// Cut between characters: one broken character would make Prometheus refuse the whole scrape.
absl::string_view Cut(absl::string_view text) {
  if (text.size() <= kLongestLabel) return text;
  size_t end = kLongestLabel;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace

Family::Family(Families* families, prometheus::MetricType type, absl::string_view name, absl::string_view help)
    : families_(families) {
  family_.name = std::string(name);
  family_.help = std::string(help);
  family_.type = type;
}

Family::~Family() {
  if (!family_.metric.empty()) families_->push_back(std::move(family_));
}

prometheus::ClientMetric& Family::AddMetric(const Labels& labels) {
  prometheus::ClientMetric& metric = family_.metric.emplace_back();
  for (const auto& [name, value] : labels) metric.label.push_back({std::string(name), std::string(Cut(value))});
  return metric;
}

void Family::Add(const Labels& labels, double value) {
  prometheus::ClientMetric& metric = AddMetric(labels);
  if (family_.type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
}

Histogram::Histogram(std::vector<double> upper_bounds)
    : upper_bounds_(std::move(upper_bounds)),
      counts_(std::make_unique<std::atomic<uint64_t>[]>(upper_bounds_.size() + 1)) {}

void Histogram::Observe(double value) {
  const auto bucket = std::lower_bound(upper_bounds_.begin(), upper_bounds_.end(), value) - upper_bounds_.begin();
  counts_[static_cast<size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

uint64_t Histogram::count() const {
  uint64_t count = 0;
  for (size_t i = 0; i <= upper_bounds_.size(); ++i) count += counts_[i].load(std::memory_order_relaxed);
  return count;
}

void Histogram::AddTo(HistogramFamily* family, const Labels& labels) const {
  prometheus::ClientMetric::Histogram& histogram = family->AddMetric(labels).histogram;
  uint64_t count = 0;
  for (size_t i = 0; i < upper_bounds_.size(); ++i) {
    count += counts_[i].load(std::memory_order_relaxed);
    histogram.bucket.push_back({count, upper_bounds_[i]});
  }
  histogram.sample_count = count + counts_[upper_bounds_.size()].load(std::memory_order_relaxed);
  histogram.sample_sum = sum_.load(std::memory_order_relaxed);
}

std::vector<double> CallSeconds() {
  return {0.0001, 0.0003, 0.0006, 0.001, 0.002, 0.003, 0.005, 0.008, 0.013, 0.025, 0.05, 0.1, 0.25, 1};
}

std::vector<double> WorkSeconds() { return {0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1800}; }

std::vector<double> ErrorRatios() { return {0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2}; }

}  // namespace latimer::metrics
