#include "backends/registry.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "backends/command/command_backend.h"
#include "backends/command/toolchain_file.h"
#include "backends/simulated/simulated_backend.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

#ifdef LATIMER_WITH_ONNXRUNTIME
#include "backends/onnxruntime/onnxruntime_backend.h"
#endif
#ifdef LATIMER_WITH_OPENCV
#include "backends/opencv/opencv_backend.h"
#endif

namespace latimer {
namespace {

absl::StatusOr<std::unique_ptr<Backend>> CreateToolchain(absl::string_view name, const BackendOptions& options) {
  LATIMER_ASSIGN_OR_RETURN(command::proto::Toolchain toolchain, command::FindToolchain(name, options.toolchains_dir));
  if (options.optimization_level != 99) {
    return InvalidArgument("BAD_OPTION", "toolchains have no optimisation levels; leave the option out")
        .Field("optimization_level");
  }
  command::CommandBackendOptions engine;
  engine.toolbox.settings = options.settings;
  engine.toolbox.threads = options.threads;
  engine.toolbox.work_dir = options.work_dir;
  engine.toolbox.pause_scale = options.pause_scale;
  engine.cache_dir = options.cache_dir;
  return command::CreateCommandBackend(std::move(toolchain), command::BuiltInParsers(), std::move(engine));
}

bool IsToolchain(absl::string_view name, const std::string& folder) {
  const std::vector<std::string> names = command::ToolchainNames(folder);
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::vector<std::string> ToolchainBackendNames(const std::string& folder) { return command::ToolchainNames(folder); }

double ToolchainNetworkSeconds(absl::string_view name, const std::string& folder) {
  if (!IsToolchain(name, folder)) return 0;
  const absl::StatusOr<command::proto::Toolchain> toolchain = command::FindToolchain(name, folder);
  return toolchain.ok() ? toolchain->limits().network_seconds() : 0;
}

std::vector<std::string> BackendNames() {
  std::vector<std::string> names;
#ifdef LATIMER_WITH_ONNXRUNTIME
  names.emplace_back("onnxruntime");
#endif
#ifdef LATIMER_WITH_OPENCV
  names.emplace_back("opencv");
#endif
  for (const std::string& board : simulated::BoardNames()) names.push_back("simulated:" + board);
  return names;
}

absl::StatusOr<std::unique_ptr<Backend>> CreateBackend(absl::string_view name, const BackendOptions& options) {
  if (IsToolchain(name, options.toolchains_dir)) return CreateToolchain(name, options);
  if (!options.settings.empty()) {
    return InvalidArgument("BAD_OPTION",
                           absl::StrCat("back end '", name, "' has no settings; toolchains have: ",
                                        absl::StrJoin(ToolchainBackendNames(options.toolchains_dir), ", ")))
        .Field("settings");
  }
#ifdef LATIMER_WITH_ONNXRUNTIME
  if (name == "onnxruntime") {
    OnnxRuntimeOptions engine;
    engine.threads = options.threads;
    engine.optimization_level = options.optimization_level;
    engine.work_dir = options.work_dir;
    return CreateOnnxRuntimeBackend(engine);
  }
#endif
#ifdef LATIMER_WITH_OPENCV
  if (name == "opencv") {
    if (options.optimization_level != 99) {
      return InvalidArgument("BAD_OPTION", "back end 'opencv' has no optimisation levels; leave the option out")
          .Field("optimization_level");
    }
    OpenCvOptions engine;
    engine.threads = options.threads;
    return CreateOpenCvBackend(engine);
  }
#endif
  if (absl::string_view board = name; absl::ConsumePrefix(&board, "simulated:")) {
    if (options.threads != 1 || options.optimization_level != 99) {
      return InvalidArgument("BAD_OPTION", "simulated boards have no threads and no optimisation levels")
          .Field("threads");
    }
    simulated::SimulatedOptions engine;
    engine.board = std::string(board);
    return simulated::CreateSimulatedBackend(engine);
  }
  absl::string_view hint;
  if (name == "onnxruntime") hint = "; for ONNX Runtime run scripts/setup_onnxruntime.sh and build again";
  if (name == "opencv") hint = "; for OpenCV install libopencv-dnn-dev and build again";
  return NotFound("UNKNOWN_BACKEND",
                  absl::StrCat("this build has no back end '", name, "'; it has: ", absl::StrJoin(BackendNames(), ", "),
                               ", and toolchains: ", absl::StrJoin(ToolchainBackendNames(options.toolchains_dir), ", "),
                               hint))
      .With("backend", name);
}

}  // namespace latimer
