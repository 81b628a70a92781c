// Decision trees for what runs in the unit before it, from engines' reports (paper I, section V-B). Internal to
// core/fitting.
#ifndef LATIMER_CORE_FITTING_FUSION_FIT_H_
#define LATIMER_CORE_FITTING_FUSION_FIT_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/mapping/graph_matcher.h"
#include "core/mapping/pair_features.h"
#include "latimer/model/v1/platform_model.pb.h"

namespace latimer::fitting {

// One unit as far as it had grown, and the only reader of its result.
struct FusionSample {
  LayerType primary = LayerType::kUnspecified;
  LayerType secondary = LayerType::kUnspecified;
  LayerType after = LayerType::kUnspecified;  // the unit's last layer
  PairFeatures features{};
  bool fused = false;
  int group = 0;  // samples of one network are held out together
};

// What the report of a network says of each of its units and the layers behind them.
void CollectFusions(const Network& network, const BlockedLayout& layout, const ReportMatch& match, int group,
                    std::vector<FusionSample>* samples);

// Writes trees for every pair that is sometimes fused and sometimes not, one for each type of last layer with which it
// ever is; a plain rule for pairs that always are; and the score of each pair with F1 and Matthews correlation on a
// fifth of the groups. Layers whose types `free` lists are no primaries.
absl::Status FitFusions(absl::Span<const FusionSample> samples, const LayerTypeSet& free, uint64_t seed,
                        model::v1::Mapping* mapping);

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_FUSION_FIT_H_
