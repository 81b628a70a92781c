// Chooses measurements that make estimates surer, where that matters.
//
// What matters is a set of demands: layers that callers ask about, each with how much doubt it brings into the answers.
// A measurement of a layer takes some of the doubt from every demand near it, the less the farther it is and the less
// the more is measured there already. Candidates are taken one by one, the best for what is left of the doubt: the
// usual greedy choice for gains that diminish (Nemhauser, Wolsey and Fisher 1978).
#ifndef LATIMER_CORE_REFINEMENT_CHOOSE_H_
#define LATIMER_CORE_REFINEMENT_CHOOSE_H_

#include <vector>

#include "absl/types/span.h"
#include "core/confidence/coverage.h"

namespace latimer::refinement {

struct Demand {
  confidence::CoveragePoint point;
  double doubt = 0;  // how much of answers' error is expected from it, in any unit
};

// One measurement and the layers it tells about.
struct Candidate {
  std::vector<confidence::CoveragePoint> points;
  double cost = 1;  // above 0
};

// Indices of at most `count` candidates, the best first. Deterministic. Stops early when no candidate takes doubt away.
std::vector<size_t> ChooseCandidates(absl::Span<const Candidate> candidates, absl::Span<const Demand> demands,
                                     size_t count);

}  // namespace latimer::refinement

#endif  // LATIMER_CORE_REFINEMENT_CHOOSE_H_
