// ONNX Runtime's profile (Chrome trace JSON) -> time per executed layer.
#ifndef LATIMER_BACKENDS_ONNXRUNTIME_PROFILE_REPORT_H_
#define LATIMER_BACKENDS_ONNXRUNTIME_PROFILE_REPORT_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backends/backend.h"

namespace latimer {

// Rows in execution order of the first counted run; each node's kernel times over all runs but the first `skip_runs`.
// The engine counts whole microseconds; `middle_seconds` has what it cuts off, from when the nodes start.
// Errors: INVALID_ARGUMENT when `json` is not such a report or has fewer runs.
absl::StatusOr<std::vector<LayerTiming>> ParseOnnxRuntimeProfile(absl::string_view json, int skip_runs);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_ONNXRUNTIME_PROFILE_REPORT_H_
