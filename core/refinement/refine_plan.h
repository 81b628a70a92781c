// The last measurements of a campaign: where the model fitted so far is least sure, weighted by what callers asked.
#ifndef LATIMER_CORE_REFINEMENT_REFINE_PLAN_H_
#define LATIMER_CORE_REFINEMENT_REFINE_PLAN_H_

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/benchmark/plan.h"
#include "core/model/platform_model.h"

namespace latimer::refinement {

// One layer that callers asked about.
struct QueriedUnit {
  UnitFeatures features;
  double share = 1;  // of its network's latency, summed over how often it was asked for
};

struct RefineOptions {
  int64_t measurements = 100;
  benchmark::Method method = benchmark::Method::kSmartPadding;  // or kExcerpts
  uint64_t seed = 1;
  // Doubt of the layers networks are made of in general, beside that of the queried ones, 0 to 1.
  double in_general = 0.3;
  absl::flat_hash_set<std::string> known;  // keys of what is measured or planned already
};

// Subjects with their padding, or excerpts, at most `measurements` of them. The same arguments give the same plan.
// Without queries all doubt is that of networks in general.
absl::StatusOr<std::vector<benchmark::PlannedMeasurement>> RefinePlan(const PlatformModel& platform,
                                                                      absl::Span<const QueriedUnit> queries,
                                                                      const RefineOptions& options);

}  // namespace latimer::refinement

#endif  // LATIMER_CORE_REFINEMENT_REFINE_PLAN_H_
