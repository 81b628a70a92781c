// OpenCV's DNN module on this machine's processor.
#ifndef LATIMER_BACKENDS_OPENCV_OPENCV_BACKEND_H_
#define LATIMER_BACKENDS_OPENCV_OPENCV_BACKEND_H_

#include <memory>

#include "absl/status/statusor.h"
#include "backends/backend.h"

namespace latimer {

struct OpenCvOptions {
  int threads = 1;  // at least 1; a setting of the whole process
};

// Errors: INVALID_ARGUMENT for bad options.
absl::StatusOr<std::unique_ptr<Backend>> CreateOpenCvBackend(const OpenCvOptions& options);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_OPENCV_OPENCV_BACKEND_H_
