// A layer that callers asked about, as a subject of benchmarks. Only its features are remembered, never the network.
#ifndef LATIMER_CORE_REFINEMENT_QUERIED_SUBJECT_H_
#define LATIMER_CORE_REFINEMENT_QUERIED_SUBJECT_H_

#include <optional>

#include "core/model/unit_features.h"
#include "core/network/network.h"

namespace latimer::refinement {

// A network of one layer with the features' sizes; nullopt for types of which features do not tell enough, and for
// layers larger than benchmarks may be (2 G multiply-accumulates, 32 million elements).
std::optional<Network> QueriedSubject(const UnitFeatures& features);

}  // namespace latimer::refinement

#endif  // LATIMER_CORE_REFINEMENT_QUERIED_SUBJECT_H_
