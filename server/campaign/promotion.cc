#include "server/campaign/promotion.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace latimer::server {
namespace {

constexpr double kStandardErrors = 2;
// What one measurement of a network is off by anyway: differences of few networks may agree by chance.
constexpr double kNoise = 0.03;

}  // namespace

bool ClearlyWorse(absl::Span<const double> now, absl::Span<const double> before) {
  const size_t count = std::min(now.size(), before.size());
  if (count == 0) return false;
  double sum = 0;
  double squares = 0;
  for (size_t i = 0; i < count; ++i) {
    const double difference = now[i] - before[i];
    sum += difference;
    squares += difference * difference;
  }
  const double n = static_cast<double>(count);
  const double mean = sum / n;
  const double variance = count > 1 ? std::max(0.0, (squares - n * mean * mean) / (n - 1)) : 0;
  return mean > kStandardErrors * std::max(std::sqrt(variance), kNoise) / std::sqrt(n);
}

}  // namespace latimer::server
