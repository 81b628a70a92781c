// How hard a unit is to estimate, seen from where it lies among the measurements: the local scale of the logarithm of
// its error (paper II, section III-C).
//
//   CM_TV  how far the trees of a random forest disagree about its time per operation
//   CM_LV  how large held-out errors of the latency were in the leaves it falls into
//   CM_O   its distance to the nearest measured layers
//
// In the logarithm, an error of the time per operation and one of the latency are the same number; what is left of the
// difference between CM_TV and CM_LV is what they are read from. Scales are 1 at the median of held-out measurements.
// Beyond the measured space every scale grows with the distance. Immutable; safe to read from any number of threads.
#ifndef LATIMER_CORE_CONFIDENCE_DIFFICULTY_H_
#define LATIMER_CORE_CONFIDENCE_DIFFICULTY_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/model/tree_ensemble.h"
#include "latimer/model/v1/platform_model.pb.h"

namespace latimer::confidence {

// Numerically equal to latimer.model.v1.ConfidenceMeasure.
enum class Measure : uint8_t { kConstant = 1, kThroughputVariance = 2, kLatencyVariance = 3, kOutliers = 4 };
inline constexpr int kNumMeasures = 5;  // with an unused first

struct LocalScale {
  float scale = 1;
  float distance = 0;  // to the nearest measured layers, in distances that are usual; above 1: outside of them
};

// What a unit's place says, as it is read.
struct RawDifficulty {
  double spread = 0;     // of the forest's trees
  double log_error = 0;  // expected in its leaves
  double distance = 0;   // to the nearest measured layers
};

// What is usual among held-out measurements.
struct UsualDifficulty {
  double spread = 1;           // median
  double log_error = 0;        // median
  double median_distance = 1;  // median
  double distance = 1;         // nine tenths are nearer
  double growth = 0;           // of the scale's logarithm, per `distance` beyond it
};

// 1 where everything is usual.
LocalScale ScaleOf(Measure measure, const RawDifficulty& raw, const UsualDifficulty& usual);

class Difficulty {
 public:
  // Errors are INVALID_ARGUMENT and name the field below `path`.
  static absl::StatusOr<Difficulty> Create(absl::string_view path, const model::v1::Difficulty& from);

  // Whether it can tell the scale of that measure.
  bool Has(Measure measure) const;

  // `row` are the features of `unit` as its type's tree models read them.
  LocalScale Of(Measure measure, const UnitFeatures& unit, const TreeFeatureRow& row) const;

  // What `Of` reads for that measure; the distance for all of them.
  RawDifficulty Look(Measure measure, const UnitFeatures& unit, const TreeFeatureRow& row) const;

 private:
  Difficulty() = default;

  std::optional<TreeEnsemble> forest_;
  std::optional<TreeEnsemble> errors_;
  std::vector<float> points_;
  UsualDifficulty usual_;
};

}  // namespace latimer::confidence

#endif  // LATIMER_CORE_CONFIDENCE_DIFFICULTY_H_
