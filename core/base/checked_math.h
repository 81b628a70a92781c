// 64-bit arithmetic on numbers that come from a model file: overflow is an answer, not undefined behaviour.
#ifndef LATIMER_CORE_BASE_CHECKED_MATH_H_
#define LATIMER_CORE_BASE_CHECKED_MATH_H_

#include <cstdint>
#include <optional>

namespace latimer {

inline std::optional<int64_t> CheckedAdd(int64_t a, int64_t b) {
  int64_t result;
  if (__builtin_add_overflow(a, b, &result)) return std::nullopt;
  return result;
}

inline std::optional<int64_t> CheckedSub(int64_t a, int64_t b) {
  int64_t result;
  if (__builtin_sub_overflow(a, b, &result)) return std::nullopt;
  return result;
}

inline std::optional<int64_t> CheckedMul(int64_t a, int64_t b) {
  int64_t result;
  if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
  return result;
}

// ceil(a / b) for b > 0.
inline int64_t CeilDiv(int64_t a, int64_t b) { return a / b + (a % b > 0 ? 1 : 0); }

}  // namespace latimer

#endif  // LATIMER_CORE_BASE_CHECKED_MATH_H_
