// The back ends this program was built with, by name.
#ifndef LATIMER_BACKENDS_REGISTRY_H_
#define LATIMER_BACKENDS_REGISTRY_H_

#include <map>
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
  // Of vendors' toolchains only: settings their descriptions declare, where more descriptions are, and a folder for
  // converted networks that outlives the process (empty: none does).
  std::map<std::string, std::string> settings;
  std::string toolchains_dir;
  std::string cache_dir;
  double pause_scale = 1;  // of pauses before a failed tool is run again
};

// Names of the engines in this build.
std::vector<std::string> BackendNames();

// Names of the toolchains that are described, here or in `folder`; their programs may not be installed.
std::vector<std::string> ToolchainBackendNames(const std::string& folder);

// The longest that one network may take by the toolchain's description; 0: no such toolchain, or no limit.
double ToolchainNetworkSeconds(absl::string_view name, const std::string& folder);

// Errors: NOT_FOUND for a name this build lacks (says which it has, and what to install), and those of the engine.
absl::StatusOr<std::unique_ptr<Backend>> CreateBackend(absl::string_view name, const BackendOptions& options);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_REGISTRY_H_
