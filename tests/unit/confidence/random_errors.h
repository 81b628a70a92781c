// Errors with known distributions.
#ifndef LATIMER_TESTS_UNIT_CONFIDENCE_RANDOM_ERRORS_H_
#define LATIMER_TESTS_UNIT_CONFIDENCE_RANDOM_ERRORS_H_

#include <cmath>

#include "core/benchmark/random.h"

namespace latimer::confidence {

// Standard normal, by Box and Muller.
inline double Normal(benchmark::Random& random) {
  return std::sqrt(-2 * std::log(1 - random.Uniform())) * std::cos(6.283185307179586 * random.Uniform());
}

// Laplace with mean absolute value 1.
inline double Laplace(benchmark::Random& random) {
  const double u = random.Uniform() - 0.5;
  return (u < 0 ? 1 : -1) * std::log(1 - 2 * std::abs(u));
}

}  // namespace latimer::confidence

#endif  // LATIMER_TESTS_UNIT_CONFIDENCE_RANDOM_ERRORS_H_
