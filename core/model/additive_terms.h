// A layer's time as a sum of what it has to do, each with a price: instructions of its kernel, traffic of activations
// and weights, what is read again, a constant. On processors, whose caches hide only part of the traffic behind the
// arithmetic, the sum fits better than the roofline's maximum. Prices are not negative, so that more work never costs
// less, and estimates beyond the data grow as the work does.
#ifndef LATIMER_CORE_MODEL_ADDITIVE_TERMS_H_
#define LATIMER_CORE_MODEL_ADDITIVE_TERMS_H_

#include <array>
#include <cstddef>

#include "core/model/blocked_kernel.h"

namespace latimer {

inline constexpr size_t kNumAdditiveTerms = 18;
inline constexpr size_t kLeastAdditiveTerms = 12;  // of older platform files; the others cost nothing there
inline constexpr size_t kNumKernelPaths = 8;

// Amounts, in the units of the prices (one, operations, bytes).
using AdditiveTerms = std::array<double, kNumAdditiveTerms>;

AdditiveTerms MakeAdditiveTerms(const UnitFeatures& features, const BlockedKernel& kernel);

// Prices per path through the kernels, seconds per unit of each term; all zero: those of `any`.
struct AdditivePrices {
  std::array<AdditiveTerms, kNumKernelPaths> by_path{};
  AdditiveTerms any{};

  double Seconds(const UnitFeatures& features) const;
  // Part of the time that is arithmetic.
  double ComputeShare(const UnitFeatures& features) const;

 private:
  // Where a path of FitKernel() has no prices of its own it is what FitBlockedKernel() says.
  BlockedKernel KernelOf(const UnitFeatures& features) const;
  const AdditiveTerms& Of(KernelPath path) const;
};

}  // namespace latimer

#endif  // LATIMER_CORE_MODEL_ADDITIVE_TERMS_H_
