// Whether a new version of a model may answer.
#ifndef LATIMER_SERVER_CAMPAIGN_PROMOTION_H_
#define LATIMER_SERVER_CAMPAIGN_PROMOTION_H_

#include "absl/types/span.h"

namespace latimer::server {

// Whether the errors of a new version are larger than those of the old one by more than the luck of which networks they
// are judged on: by two standard errors of the mean difference. Absolute relative errors, in the order of the same
// networks in both; a few dozen at most. A new version has seen more measurements, so doubt speaks for it. False where
// there is nothing to compare.
bool ClearlyWorse(absl::Span<const double> now, absl::Span<const double> before);

}  // namespace latimer::server

#endif  // LATIMER_SERVER_CAMPAIGN_PROMOTION_H_
