// ONNX Runtime's profile (Chrome trace JSON) -> time per executed layer.
#ifndef LATIMER_BACKENDS_ONNXRUNTIME_PROFILE_REPORT_H_
#define LATIMER_BACKENDS_ONNXRUNTIME_PROFILE_REPORT_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backends/backend.h"

namespace latimer {

// Rows in execution order of the first run; each node's kernel times over the runs that count. `counted`: one per run.
// The engine counts whole microseconds; `middle_seconds` has what it cuts off, from when the nodes start.
// Errors: INVALID_ARGUMENT when `json` is not such a report, or has a node that ran in none of those runs.
absl::StatusOr<std::vector<LayerTiming>> ParseOnnxRuntimeProfile(absl::string_view json,
                                                                 const std::vector<bool>& counted);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_ONNXRUNTIME_PROFILE_REPORT_H_
