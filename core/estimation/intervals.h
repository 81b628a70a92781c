// Intervals of an answer: of every unit, of their sum, who makes it wide and what would narrow it.
#ifndef LATIMER_CORE_ESTIMATION_INTERVALS_H_
#define LATIMER_CORE_ESTIMATION_INTERVALS_H_

#include "absl/container/inlined_vector.h"
#include "core/confidence/network_confidence.h"
#include "core/model/layer_model.h"
#include "core/model/platform_model.h"
#include "latimer/v1/estimate.pb.h"

namespace latimer {

// Deviation of the logarithm of a unit's error.
inline double LogDeviation(const UnitTypeModels& models, ModelKind kind, const UnitTime& time) {
  return static_cast<double>(time.error_scale) * models.scores[static_cast<size_t>(kind)].deviation();
}

// The interval of a network is [t / factor, t * factor]. `asked` is the kind the caller wants, `most_refined` the most
// refined that answered.
double NetworkFactor(const PlatformModel& platform, ModelKind asked, ModelKind most_refined, double level,
                     const confidence::ErrorSum& errors, double total_seconds);

// Fills in units one after the other, then what depends on all of them. One per answer.
class IntervalWriter {
 public:
  // `platform` outlives this.
  IntervalWriter(const PlatformModel& platform, ModelKind asked, double level);

  // Latency and reason. `type_fallback`: the model is that of another type.
  void WriteUnit(const UnitTypeModels& models, ModelKind kind, const UnitTime& time, uint8_t unit_type,
                 bool type_fallback, v1::UnitEstimate* to);

  // Shares of variance and what to measure; `result` has all units, in the order they were written.
  void WriteShares(const confidence::ErrorSum& errors, double total_seconds, v1::NetworkEstimate* result) const;

 private:
  const PlatformModel& platform_;
  const confidence::NetworkConfidence* const network_;  // null: not calibrated
  const double level_;
  // Quantiles depend on type and kind alone; powers are dear.
  absl::InlinedVector<double, 64 * kNumModelKinds> quantiles_;
  absl::InlinedVector<double, 64> deviations_;  // seconds, by unit
};

}  // namespace latimer

#endif  // LATIMER_CORE_ESTIMATION_INTERVALS_H_
