// Grows tree ensembles with XGBoost and writes them in the platform format.
#ifndef LATIMER_CORE_FITTING_BOOSTED_TREES_H_
#define LATIMER_CORE_FITTING_BOOSTED_TREES_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/model/tree_features.h"
#include "latimer/model/v1/platform_model.pb.h"

namespace latimer::fitting {

// One row to learn from: log(time / analytical time) lies between the bounds, most likely at the target.
struct TreeRow {
  TreeFeatureRow features;
  float lower = 0;
  float target = 0;
  float upper = 0;
  float weight = 1;
};

struct TreeOptions {
  int rounds = 200;
  double learning_rate = 0.08;
  int max_depth = 4;
  double min_child_weight = 2;
  double subsample = 0.8;
  double columns = 0.6;
  double l2 = 1;
  double ridge = 3;        // of the linear part, in rows; 0: no linear part
  int parallel_trees = 1;  // above 1: a random forest per round
  bool physical = false;   // the target never falls with one of kNeverFasterFeatures
  uint32_t seed = 1;
  std::vector<float>* check = nullptr;  // receives XGBoost's own predictions of the rows, without the intercept
};

// Squared distance to the interval, with a small pull to the target. Single-threaded; the same rows and options give
// the same trees. INVALID_ARGUMENT for no rows or values that are no numbers, INTERNAL with XGBoost's own words.
absl::StatusOr<model::v1::TreeEnsemble> GrowTrees(absl::Span<const TreeRow> rows, const TreeOptions& options);

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_BOOSTED_TREES_H_
