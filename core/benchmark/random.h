// A small generator whose sequence is the same with every standard library, so that a seed names a plan.
#ifndef LATIMER_CORE_BENCHMARK_RANDOM_H_
#define LATIMER_CORE_BENCHMARK_RANDOM_H_

#include <cmath>
#include <cstdint>

#include "absl/types/span.h"

namespace latimer::benchmark {

// SplitMix64 (Steele, Lea, Flood 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  // In [0, 1).
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

  // In [0, n); n > 0.
  int64_t Below(int64_t n) { return static_cast<int64_t>(Uniform() * static_cast<double>(n)); }

  // In [low, high], uniform in the logarithm.
  int64_t LogUniform(int64_t low, int64_t high) {
    const double a = std::log(static_cast<double>(low));
    const double b = std::log(static_cast<double>(high) + 0.999);
    const auto value = static_cast<int64_t>(std::exp(a + (b - a) * Uniform()));
    return value < low ? low : (value > high ? high : value);
  }

  template <typename T>
  const T& Pick(absl::Span<const T> choices) {
    return choices[static_cast<size_t>(Below(static_cast<int64_t>(choices.size())))];
  }

 private:
  uint64_t state_;
};

}  // namespace latimer::benchmark

#endif  // LATIMER_CORE_BENCHMARK_RANDOM_H_
