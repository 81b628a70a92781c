#include "cli/terminal/rate_meter.h"

namespace latimer::cli {

void RateMeter::Add(absl::Time now, double value) {
  if (!samples_.empty() && value < samples_.back().second) samples_.clear();
  samples_.emplace_back(now, value);
  // One sample older than the window stays: the window is full only with it.
  while (samples_.size() > 2 && samples_[1].first <= now - window_) samples_.pop_front();
}

std::optional<double> RateMeter::PerSecond() const {
  if (samples_.size() < 2) return std::nullopt;
  const double seconds = absl::ToDoubleSeconds(samples_.back().first - samples_.front().first);
  const double grown = samples_.back().second - samples_.front().second;
  if (!(seconds > 0) || !(grown > 0)) return std::nullopt;
  return grown / seconds;
}

}  // namespace latimer::cli
