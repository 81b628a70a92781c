// A measurement with the engine's report -> an excerpt for the fit.
#ifndef LATIMER_CORE_FITTING_MEASURED_EXCERPT_H_
#define LATIMER_CORE_FITTING_MEASURED_EXCERPT_H_

#include "absl/status/statusor.h"
#include "core/fitting/fit_platform.h"
#include "latimer/v1/measurement.pb.h"

namespace latimer::fitting {

// `network` is what was run, simplified. FAILED_PRECONDITION where the measurement failed or has no report.
absl::StatusOr<ExcerptSample> MakeExcerpt(Network network, const v1::Measurement& measurement, double flushed_bytes);

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_MEASURED_EXCERPT_H_
