// Intervals from a published mean error.
//
// Where a platform has no measurements of its own, all that is known of a model's error is its published mean absolute
// percentage error m. We take log(measured / estimated) as Laplace distributed around 0 with scale b = log(1 + m); the
// interval at level p is [t / r, t * r] with r = exp(b * ln(1 / (1 - p))). It is an assumption, marked
// INTERVAL_SOURCE_PUBLISHED_ERROR in answers, and its coverage is reported by tests/accuracy.
#ifndef LATIMER_CORE_MODEL_ERROR_SPREAD_H_
#define LATIMER_CORE_MODEL_ERROR_SPREAD_H_

namespace latimer {

class ErrorSpread {
 public:
  ErrorSpread() = default;
  explicit ErrorSpread(double mean_absolute_relative_error);
  // r above, for a level in (0, 1); 1 for a spread of 0.
  double Factor(double level) const;
  // b above.
  double log_scale() const { return log_scale_; }

 private:
  double log_scale_ = 0;
};

}  // namespace latimer

#endif  // LATIMER_CORE_MODEL_ERROR_SPREAD_H_
