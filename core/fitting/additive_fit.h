// Prices of a layer's terms, by non-negative least squares of relative errors. Internal to core/fitting.
#ifndef LATIMER_CORE_FITTING_ADDITIVE_FIT_H_
#define LATIMER_CORE_FITTING_ADDITIVE_FIT_H_

#include "absl/types/span.h"
#include "core/fitting/data_point.h"
#include "core/model/additive_terms.h"

namespace latimer::fitting {

// `points` are of one unit type and not empty.
AdditivePrices FitAdditive(absl::Span<const DataPoint> points);

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_ADDITIVE_FIT_H_
