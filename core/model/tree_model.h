// Statistical and mixed layer models (paper I, section V-A.3 and 4): an analytical model corrected by boosted trees.
#ifndef LATIMER_CORE_MODEL_TREE_MODEL_H_
#define LATIMER_CORE_MODEL_TREE_MODEL_H_

#include <memory>
#include <utility>

#include "core/confidence/difficulty.h"
#include "core/model/analytical_model.h"
#include "core/model/tree_ensemble.h"

namespace latimer {

// STATISTICAL corrects the roofline, MIXED the refined roofline: T = T_analytical * exp(trees). The correction is
// bounded by what the data showed, so that beyond the data the analytical model carries the estimate.
class TreeModel : public LayerModel {
 public:
  TreeModel(ModelKind kind, AnalyticalModel roofline, AnalyticalModel refined,
            std::shared_ptr<const TreeEnsemble> trees)
      : kind_(kind), roofline_(std::move(roofline)), refined_(std::move(refined)), trees_(std::move(trees)) {}

  // The same, which tells the local scale of its error.
  TreeModel(ModelKind kind, AnalyticalModel roofline, AnalyticalModel refined,
            std::shared_ptr<const TreeEnsemble> trees, std::shared_ptr<const confidence::Difficulty> difficulty,
            confidence::Measure measure)
      : kind_(kind),
        roofline_(std::move(roofline)),
        refined_(std::move(refined)),
        trees_(std::move(trees)),
        difficulty_(std::move(difficulty)),
        measure_(measure) {}

  ModelKind kind() const override { return kind_; }
  UnitTime Estimate(const UnitFeatures& features) const override;

 private:
  const ModelKind kind_;
  const AnalyticalModel roofline_;
  const AnalyticalModel refined_;
  const std::shared_ptr<const TreeEnsemble> trees_;                           // not null
  const std::shared_ptr<const confidence::Difficulty> difficulty_ = nullptr;  // null: the scale is the same everywhere
  const confidence::Measure measure_ = confidence::Measure::kConstant;
};

}  // namespace latimer

#endif  // LATIMER_CORE_MODEL_TREE_MODEL_H_
