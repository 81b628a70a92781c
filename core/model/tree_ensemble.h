// Boosted regression trees, flattened: a few microseconds per row, no dependency on the library that grew them.
//
// Sums are in single precision in the order of the trees, as XGBoost's own predictor does, so that results are equal to
// the last bit. Immutable; safe to read from any number of threads.
#ifndef LATIMER_CORE_MODEL_TREE_ENSEMBLE_H_
#define LATIMER_CORE_MODEL_TREE_ENSEMBLE_H_

#include <array>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/model/tree_features.h"
#include "latimer/model/v1/platform_model.pb.h"

namespace latimer {

class TreeEnsemble {
 public:
  // Checks that every walk ends in a leaf. Errors are INVALID_ARGUMENT and name the field below `path`.
  static absl::StatusOr<TreeEnsemble> Create(absl::string_view path, const model::v1::TreeEnsemble& definition);

  // Sum of the leaves the row falls into; without the intercept.
  float SumOfLeaves(const TreeFeatureRow& row) const;

  // Of a random forest, whose leaves add up to the mean of its trees: the standard deviation of what each tree says.
  float Disagreement(const TreeFeatureRow& row) const;

  // Intercept, linear part and leaves, within the bounds of the data.
  double LogRatio(const TreeFeatureRow& row) const;

  // The linear part alone.
  double Linear(const TreeFeatureRow& row) const;

  // Whether the row's shape leaves the space of the data by more than a quarter (sizes by a factor of 1.28).
  bool IsOutside(const TreeFeatureRow& row) const;

 private:
  struct Node {
    int32_t feature = -1;
    float value = 0;
    int32_t left = 0;  // index into nodes_; the right child follows
  };

  std::vector<Node> nodes_;
  std::vector<int32_t> roots_;
  TreeFeatureRow feature_min_{};
  TreeFeatureRow feature_max_{};
  std::array<double, kNumTreeFeatures> linear_{};
  double intercept_ = 0;
  double log_ratio_min_ = 0;
  double log_ratio_max_ = 0;
};

}  // namespace latimer

#endif  // LATIMER_CORE_MODEL_TREE_ENSEMBLE_H_
