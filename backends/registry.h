// The back ends this program was built with, by name.
#ifndef LATIMER_BACKENDS_REGISTRY_H_
#define LATIMER_BACKENDS_REGISTRY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backends/backend.h"

namespace latimer {

// Settings every engine understands; what one cannot honour is an error, never ignored.
struct BackendOptions {
  int threads = 1;
  int optimization_level = 99;  // onnxruntime only; others accept 99 alone
  std::string work_dir;         // for files an engine writes; empty: the system's temporary folder
};

// Names of the back ends in this build.
std::vector<std::string> BackendNames();

// Errors: NOT_FOUND for a name this build lacks (says which it has, and what to install), and those of the engine.
absl::StatusOr<std::unique_ptr<Backend>> CreateBackend(absl::string_view name, const BackendOptions& options);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_REGISTRY_H_
