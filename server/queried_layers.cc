#include "server/queried_layers.h"

#include <algorithm>

namespace latimer::server {

bool QueriedLayers::ShouldLook(int64_t now_ms) {
  if (!IsDue(now_ms)) return false;
  MutexLock lock(&mutex_);
  if (last_ms_ != 0 && now_ms > last_ms_) {
    tokens_ =
        std::min(limits_.burst, tokens_ + limits_.requests_per_second * static_cast<double>(now_ms - last_ms_) / 1000);
  }
  last_ms_ = std::max(last_ms_, now_ms);
  const bool look = tokens_ >= 1;
  if (look) tokens_ -= 1;
  if (tokens_ < 1) {
    quiet_until_ms_.store(now_ms + static_cast<int64_t>(1000 * (1 - tokens_) / limits_.requests_per_second) + 1,
                          std::memory_order_relaxed);
  }
  return look;
}

void QueriedLayers::Add(absl::string_view platform, absl::Span<const refinement::QueriedUnit> units) {
  MutexLock lock(&mutex_);
  const std::string key(platform);
  if (platforms_.size() >= limits_.platforms && platforms_.find(key) == platforms_.end()) return;
  Reservoir& reservoir = platforms_[key];
  for (const refinement::QueriedUnit& unit : units) {
    ++reservoir.seen;
    if (reservoir.units.size() < limits_.layers_per_platform) {
      reservoir.units.push_back(unit);
      continue;
    }
    const uint64_t at = random_.Next() % reservoir.seen;
    if (at < reservoir.units.size()) reservoir.units[at] = unit;
  }
}

std::vector<refinement::QueriedUnit> QueriedLayers::Of(absl::string_view platform) const {
  MutexLock lock(&mutex_);
  const auto found = platforms_.find(std::string(platform));
  return found == platforms_.end() ? std::vector<refinement::QueriedUnit>() : found->second.units;
}

const std::vector<refinement::QueriedUnit>& QueryCollector::Shares() {
  double total = 0;
  for (const refinement::QueriedUnit& unit : units_) total += unit.share;
  if (total > 0) {
    for (refinement::QueriedUnit& unit : units_) unit.share /= total;
  }
  return units_;
}

}  // namespace latimer::server
