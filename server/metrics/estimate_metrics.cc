#include "server/metrics/estimate_metrics.h"

#include <iterator>
#include <utility>

#include "absl/strings/strip.h"

namespace latimer::server {
namespace {

void Add(std::atomic<uint64_t>& counter, uint64_t count) {
  if (count > 0) counter.fetch_add(count, std::memory_order_relaxed);
}

double Value(const std::atomic<uint64_t>& counter) {
  return static_cast<double>(counter.load(std::memory_order_relaxed));
}

}  // namespace

EstimateTally::EstimateTally(std::shared_ptr<PlatformEstimates> platform, const v1::NetworkEstimate& estimate)
    : platform_(std::move(platform)), units_(static_cast<uint64_t>(estimate.unit_count())) {
  const auto kind = static_cast<size_t>(estimate.model_kind());
  kind_ = kind < kNumModelKinds ? kind : static_cast<size_t>(ModelKind::kAuto);
  for (const v1::Warning& warning : estimate.warnings()) {
    const auto count = static_cast<uint32_t>(warning.count());
    if (warning.code() == v1::WARNING_CODE_LAYER_TYPE_FALLBACK) type_fallbacks_ += count;
    if (warning.code() == v1::WARNING_CODE_MODEL_KIND_FALLBACK) kind_fallbacks_ += count;
    if (warning.code() == v1::WARNING_CODE_UNKNOWN_OPERATOR) unknown_operators_ += count;
    if (warning.code() == v1::WARNING_CODE_OUTSIDE_BENCHMARKED_SPACE) outside_space_ += count;
  }
}

void EstimateTally::CountComputed() const {
  if (platform_ == nullptr) return;
  Add(platform_->computed[kind_], 1);
  CountLayers();
}

void EstimateTally::CountCached() const {
  if (platform_ == nullptr) return;
  Add(platform_->cached[kind_], 1);
  CountLayers();
}

void EstimateTally::CountLayers() const {
  Add(platform_->units, units_);
  Add(platform_->type_fallbacks, type_fallbacks_);
  Add(platform_->kind_fallbacks, kind_fallbacks_);
  Add(platform_->unknown_operators, unknown_operators_);
  Add(platform_->outside_space, outside_space_);
}

EstimateTally EstimateMetrics::Tally(const v1::NetworkEstimate& estimate) {
  const absl::string_view id = absl::StripPrefix(estimate.platform(), "platforms/");
  std::shared_ptr<PlatformEstimates> platform;
  {
    MutexLock lock(&mutex_);
    const auto found = platforms_.find(id);
    platform = found != platforms_.end()
                   ? found->second
                   : platforms_.emplace(std::string(id), std::make_shared<PlatformEstimates>()).first->second;
  }
  return EstimateTally(std::move(platform), estimate);
}

metrics::Families EstimateMetrics::Collect() const {
  const std::shared_ptr<const Catalog> catalog = catalog_->Get();
  metrics::Families families;
  metrics::Counter estimates(&families, "latimer_estimates_total",
                             "Estimates answered, by the kind of model and by where the answer came from");
  metrics::Counter units(&families, "latimer_estimate_units_total", "Execution units in all estimates");
  metrics::Counter fallbacks(&families, "latimer_estimate_fallback_layers_total",
                             "Layers for which a more general model answered, by what was missing");
  metrics::Counter outside(&families, "latimer_estimate_outside_space_layers_total",
                           "Layers outside the space the platform was benchmarked in");
  MutexLock lock(&mutex_);
  for (auto at = platforms_.begin(); at != platforms_.end();) {
    at = catalog->platforms.count(at->first) == 0 ? platforms_.erase(at) : std::next(at);
  }
  for (const auto& [id, model] : catalog->platforms) {
    std::shared_ptr<PlatformEstimates>& platform = platforms_[id];
    if (platform == nullptr) platform = std::make_shared<PlatformEstimates>();
    for (size_t kind = 0; kind < kNumModelKinds; ++kind) {
      const absl::string_view name = ModelKindName(static_cast<ModelKind>(kind));
      const bool always = kind == static_cast<size_t>(ModelKind::kAuto);
      for (const auto& [source, counters] :
           {std::make_pair("computed", &platform->computed), std::make_pair("cache", &platform->cached)}) {
        const double count = Value((*counters)[kind]);
        if (count > 0 || always) estimates.Add({{"platform", id}, {"model_kind", name}, {"source", source}}, count);
      }
    }
    units.Add({{"platform", id}}, Value(platform->units));
    fallbacks.Add({{"platform", id}, {"missing", "layer_type"}}, Value(platform->type_fallbacks));
    fallbacks.Add({{"platform", id}, {"missing", "model_kind"}}, Value(platform->kind_fallbacks));
    fallbacks.Add({{"platform", id}, {"missing", "operator"}}, Value(platform->unknown_operators));
    outside.Add({{"platform", id}}, Value(platform->outside_space));
  }
  return families;
}

}  // namespace latimer::server
