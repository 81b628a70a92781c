// ONNX Runtime on this machine's processor, through its C++ API.
#ifndef LATIMER_BACKENDS_ONNXRUNTIME_ONNXRUNTIME_BACKEND_H_
#define LATIMER_BACKENDS_ONNXRUNTIME_ONNXRUNTIME_BACKEND_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "backends/backend.h"

namespace latimer {

struct OnnxRuntimeOptions {
  int threads = 1;              // intra-operator threads; at least 1
  int optimization_level = 99;  // 0 none, 1 basic, 2 extended, 99 all (layout changes included), as ONNX Runtime counts
  bool spin = true;             // whether idle threads spin; matters with more than one
  std::string work_dir;         // for profile and graph files; empty: the system's temporary folder
};

// Errors: FAILED_PRECONDITION if the engine cannot start, INVALID_ARGUMENT for bad options.
absl::StatusOr<std::unique_ptr<Backend>> CreateOnnxRuntimeBackend(const OnnxRuntimeOptions& options);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_ONNXRUNTIME_ONNXRUNTIME_BACKEND_H_
