// Reports of TensorRT's trtexec, 7.1 to 10.
#ifndef LATIMER_BACKENDS_REPORTS_TENSORRT_H_
#define LATIMER_BACKENDS_REPORTS_TENSORRT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backends/reports/report.h"

namespace latimer {

// --exportProfile: one row per executed layer of the engine, in order; averages over profiled_inferences. Names are
// taken apart into nodes (tensorrt_names.h). Facts of rows: "median_seconds" (from 8.4 on). Rows of zero time are kept.
absl::StatusOr<Report> ParseTensorRtProfile(absl::string_view json);

// --exportTimes: latency of the network alone (computeMs), one sample per inference. Up to 8.4 the first ones are
// warm-up. Fact "mean_seconds_with_transfers".
absl::StatusOr<Report> ParseTensorRtTimes(absl::string_view json);

// One layer of --exportLayerInfo; all but the name is empty where the engine was built without detail.
struct TensorRtLayer {
  std::string name;
  std::string type;
  std::string tactic;
  std::vector<std::string> outputs;  // tensors
  std::vector<std::string> nodes;    // source nodes, from 8.6 on
};
absl::StatusOr<std::vector<TensorRtLayer>> ParseTensorRtLayers(absl::string_view json);

// Adds to the rows of a profile what the layers tell: kind, kernel, source nodes, and the written tensors where the
// name says nothing. Layers are found by position where the names agree, else by name. INVALID_ARGUMENT when not a
// single name agrees: the two belong to different engines.
absl::Status AddTensorRtLayers(const std::vector<TensorRtLayer>& layers, Report* profile);

// What trtexec prints: the performance summary. Latency is "GPU Compute Time" (for the network alone). Facts: version,
// command, and throughput. An error where the run did not end with PASSED, with trtexec's own last error line.
absl::StatusOr<Report> ParseTrtexecLog(absl::string_view text);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_REPORTS_TENSORRT_H_
