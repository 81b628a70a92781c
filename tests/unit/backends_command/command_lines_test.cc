// The exact command lines and environments that the built-in descriptions become, option by option; each is then run by
// the tool's stand-in, which refuses what the real tool does not know.
#include <unistd.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backends/command/command_backend.h"
#include "backends/timing.h"
#include "gmock/gmock.h"
#include "tests/unit/backends_command/test_tools.h"

namespace latimer::command {
namespace {

using testing::ElementsAreArray;

// Notes its name, its words and what of the environment counts, and becomes the stand-in of that name.
constexpr char kRecorder[] = R"sh(
{
  for name in USE_GPU_INFERENCE VIV_VX_ENABLE_CACHE_GRAPH_BINARY VIV_VX_CACHE_BINARY_GRAPH_DIR SLEEP_MS \
              VPU_MYRIAD_FORCE_RESET; do
    eval "value=\$$name"
    [ -z "$value" ] || printf '%s=%s ' $name "$value"
  done
  printf '%s' "$(basename "$0")"
  for word in "$@";
do
    case "$word" in *quantize_static*) word=SCRIPT ;; esac
    printf ' %s' "$word"
  done
  printf '\n'
} | sed "s|[^ =]*/cache/[0-9a-f]*|WORK|g; s|[^ =]*/run/tool-[^/ ]*|RUN|g" >> "$(dirname "$0")/calls"
)sh";

struct Case {
  std::string toolchain;
  std::map<std::string, std::string> settings;
  int threads = 1;
  std::vector<std::string> lines;  // one after the other, repeated launches once
};

std::vector<std::string> LinesOf(const Case& one) {
  const TempDir folder;
  CommandBackendOptions options;
  options.toolbox.settings = one.settings;
  options.toolbox.threads = one.threads;
  options.toolbox.work_dir = folder / "run";
  options.toolbox.pause_scale = 0.001;
  options.cache_dir = folder / "cache";
  const absl::StatusOr<proto::Toolchain> toolchain = FindToolchain(one.toolchain, "");
  if (!toolchain.ok()) return {toolchain.status().ToString()};
  for (const proto::Program& program : toolchain->programs()) {
    // Scripts of a lab have names of their own.
    const std::string file = program.name().substr(0, 5) == "dnndk" ? program.candidates(0) : program.name();
    WriteScript(folder / file, absl::StrCat(kRecorder, "exec '", LATIMER_STANDINS, "/", file, "' \"$@\"\n"));
    options.toolbox.settings[program.name()] = folder / file;
  }
  const auto backend = CreateCommandBackend(*toolchain, BuiltInParsers(), std::move(options));
  if (!backend.ok()) return {backend.status().ToString()};
  unlink((folder / "calls").c_str());  // those for the version
  const auto network = (*backend)->Prepare(SmallNetwork());
  if (!network.ok()) return {network.status().ToString()};
  const absl::StatusOr<TimingResult> times = TimeNetwork(**network, {});
  if (!times.ok()) return {times.status().ToString()};
  const absl::StatusOr<std::vector<LayerTiming>> layers = (*network)->ProfileLayers({});
  if (!layers.ok() && !absl::IsUnimplemented(layers.status())) return {layers.status().ToString()};
  std::vector<std::string> lines;
  std::istringstream calls(ReadText(folder / "calls"));
  for (std::string line; std::getline(calls, line);) {
    if (lines.empty() || lines.back() != line) lines.push_back(line);
  }
  return lines;
}

void Check(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    SCOPED_TRACE(absl::StrCat(one.toolchain, " ", absl::StrJoin(one.settings, " ", absl::PairFormatter("="))));
    setenv("LATIMER_STANDIN_RELEASE", one.settings.count("release") > 0 ? one.settings.at("release").c_str() : "", 1);
    EXPECT_THAT(LinesOf(one), ElementsAreArray(one.lines));
  }
}

const char kTrtBuild[] =
    "trtexec --onnx=WORK/network.onnx --saveEngine=WORK/network.plan --profilingVerbosity=detailed ";
const char kTrtRun[] =
    "trtexec --loadEngine=WORK/network.plan --warmUp=500 --duration=0 --iterations=200 --avgRuns=1 --useSpinWait "
    "--exportTimes=RUN/times.json";
const char kTrtProfile[] =
    "trtexec --loadEngine=WORK/network.plan --warmUp=500 --duration=0 --iterations=100 --separateProfileRun "
    "--exportProfile=RUN/profile.json --exportLayerInfo=RUN/layers.json";

TEST(CommandLines, TensorRtPrecisionAndReleases) {
  const auto expected = [](absl::string_view build) {
    return std::vector<std::string>{absl::StrCat(kTrtBuild, build), absl::StrCat(kTrtRun, " --noDataTransfers"),
                                    kTrtProfile};
  };
  Check({
      {"tensorrt", {}, 1, expected("--skipInference --memPoolSize=workspace:1024 --fp16")},
      {"tensorrt", {{"precision", "fp32"}}, 1, expected("--skipInference --memPoolSize=workspace:1024")},
      {"tensorrt", {{"precision", "int8"}}, 1, expected("--skipInference --memPoolSize=workspace:1024 --int8")},
      {"tensorrt",
       {{"precision", "int8"}, {"release", "8.2"}, {"workspace_mb", "256"}},
       1,
       expected("--buildOnly --workspace=256 --int8")},
      {"tensorrt", {{"release", "8.4"}}, 1, expected("--buildOnly --memPoolSize=workspace:1024 --fp16")},
      {"tensorrt",
       {{"release", "10"}, {"precision", "best"}},
       1,
       expected("--skipInference --memPoolSize=workspace:1024 --best")},
  });
}

// The profiler needs single launches, so a CUDA graph is only for the time of the whole.
TEST(CommandLines, TensorRtDlaAndCudaGraph) {
  const std::string build = absl::StrCat(kTrtBuild, "--skipInference --memPoolSize=workspace:1024 --int8");
  Check({
      {"tensorrt",
       {{"precision", "int8"}, {"dla_core", "0"}},
       1,
       {build + " --useDLACore=0", absl::StrCat(kTrtRun, " --noDataTransfers --useDLACore=0"),
        absl::StrCat(kTrtProfile, " --useDLACore=0")}},
      {"tensorrt",
       {{"precision", "int8"}, {"dla_core", "1"}, {"fallback", "yes"}},
       1,
       {build + " --useDLACore=1 --allowGPUFallback", absl::StrCat(kTrtRun, " --noDataTransfers --useDLACore=1"),
        absl::StrCat(kTrtProfile, " --useDLACore=1")}},
      {"tensorrt",
       {{"precision", "int8"}, {"cuda_graph", "yes"}, {"transfers", "yes"}, {"runs", "50"}},
       1,
       {build,
        "trtexec --loadEngine=WORK/network.plan --warmUp=500 --duration=0 --iterations=50 --avgRuns=1 "
        "--useSpinWait "
        "--exportTimes=RUN/times.json --useCudaGraph",
        kTrtProfile}},
  });
}

TEST(CommandLines, OpenVino) {
  const auto lines = [](absl::string_view device, absl::string_view api, absl::string_view end) {
    const std::string start =
        absl::StrCat("VPU_MYRIAD_FORCE_RESET=YES benchmark_app -m WORK/network.onnx -d ", device, " -api ");
    return std::vector<std::string>{
        absl::StrCat(start, api, " -hint none -report_type no_counters -report_folder RUN", end),
        absl::StrCat(start,
                     "sync -b 1 -nireq 1 -niter 20 -hint none -pc -report_type detailed_counters -report_folder RUN",
                     end)};
  };
  Check({
      {"openvino", {}, 1, lines("MYRIAD", "sync -b 1 -nireq 1 -niter 100", "")},
      {"openvino", {{"api", "async"}, {"requests", "4"}}, 1, lines("MYRIAD", "async -b 1 -nireq 4 -niter 100", "")},
      {"openvino",
       {{"device", "CPU"}, {"precision", "FP32"}},
       4,
       lines("CPU", "sync -b 1 -nireq 1 -niter 100", " -nthreads 4 -nstreams 1 -infer_precision FP32")},
      {"openvino", {{"device", "GPU"}}, 1, lines("GPU", "sync -b 1 -nireq 1 -niter 100", " -infer_precision FP16")},
  });
}

const char kVx[] = "USE_GPU_INFERENCE=0 VIV_VX_ENABLE_CACHE_GRAPH_BINARY=1 ";
const char kVxRun[] = "USE_GPU_INFERENCE=0 VIV_VX_ENABLE_CACHE_GRAPH_BINARY=1 VIV_VX_CACHE_BINARY_GRAPH_DIR=WORK ";
const char kInt8[] = "onnx2tf -i WORK/network.onnx -o WORK/converted -oiqt";

TEST(CommandLines, TfLiteOnProcessors) {
  const auto lines = [](absl::string_view convert, absl::string_view model, int threads) {
    const std::string start =
        absl::StrCat("benchmark_model --graph=WORK/converted/", model, " --num_threads=", threads, " --warmup_runs=5 ");
    return std::vector<std::string>{absl::StrCat(kVx, "onnx2tf -i WORK/network.onnx -o WORK/converted", convert),
                                    absl::StrCat(kVxRun, start, "--num_runs=100 --min_secs=0 --max_secs=120"),
                                    absl::StrCat(kVx, start,
                                                 "--num_runs=50 --min_secs=0 --max_secs=120 --enable_op_profiling=true "
                                                 "--max_profiling_buffer_entries=65536")};
  };
  Check({
      {"tflite", {}, 4, lines(" -oiqt", "network_full_integer_quant.tflite", 4)},
      {"tflite", {{"precision", "fp16"}}, 1, lines("", "network_float16.tflite", 1)},
      {"tflite", {{"precision", "fp32"}}, 1, lines("", "network_float32.tflite", 1)},
      {"tflite",
       {{"calibration", "input calibration.npy"}},
       1,
       lines(" -oiqt -cind input calibration.npy", "network_full_integer_quant.tflite", 1)},
  });
}

TEST(CommandLines, TfLiteDelegates) {
  const auto run = [](absl::string_view model, absl::string_view library) {
    return absl::StrCat(kVxRun, "benchmark_model --graph=WORK/", model,
                        " --num_threads=1 --warmup_runs=5 --num_runs=100 --min_secs=0 --max_secs=120 "
                        "--external_delegate_path=",
                        library);
  };
  Check({
      {"tflite",
       {{"delegate", "ethosu"}},
       1,
       {absl::StrCat(kVx, kInt8),
        absl::StrCat(kVx,
                     "vela WORK/converted/network_full_integer_quant.tflite --accelerator-config ethos-u65-256 "
                     "--optimise Performance --system-config Ethos_U65_High_End --memory-mode Dedicated_Sram "
                     "--output-dir WORK --verbose-performance --show-cpu-operations"),
        run("network_full_integer_quant_vela.tflite", "/usr/lib/libethosu_delegate.so")}},
      {"tflite",
       {{"delegate", "ethosu"}, {"accelerator", "ethos-u55-128"}, {"vela_config", "/etc/vela.ini"}},
       1,
       {absl::StrCat(kVx, kInt8),
        absl::StrCat(kVx,
                     "vela WORK/converted/network_full_integer_quant.tflite --accelerator-config ethos-u55-128 "
                     "--optimise Performance --system-config Ethos_U65_High_End --memory-mode Dedicated_Sram "
                     "--output-dir WORK --verbose-performance --show-cpu-operations --config /etc/vela.ini"),
        run("network_full_integer_quant_vela.tflite", "/usr/lib/libethosu_delegate.so")}},
      {"tflite",
       {{"delegate", "vx"}},
       1,
       {absl::StrCat(kVx, kInt8), run("converted/network_full_integer_quant.tflite", "/usr/lib/libvx_delegate.so")}},
      {"tflite",
       {{"delegate", "vx"}, {"delegate_path", "/opt/vx/libvx_delegate.so"}},
       1,
       {absl::StrCat(kVx, kInt8), run("converted/network_full_integer_quant.tflite", "/opt/vx/libvx_delegate.so")}},
      {"tflite",
       {{"delegate", "edgetpu"}},
       1,
       {absl::StrCat(kVx, kInt8),
        absl::StrCat(kVx, "edgetpu_compiler -s -t 600 -o WORK WORK/converted/network_full_integer_quant.tflite"),
        run("network_full_integer_quant_edgetpu.tflite", "libedgetpu.so.1")}},
  });
}

TEST(CommandLines, VitisAiAndDnndk) {
  Check({
      {"vitisai",
       {{"arch", "/opt/arch.json"}, {"subgraph", "2"}},
       1,
       {"vai_python -c SCRIPT WORK/network.onnx WORK/quantized.onnx",
        "vai_c_xir -x WORK/quantized.onnx -a /opt/arch.json -o WORK -n network",
        "SLEEP_MS=3000 xdputil benchmark WORK/network.xmodel -i 2 1"}},
      {"dnndk", {}, 1, {"latimer-dnndk-compile WORK/network.onnx WORK", "latimer-dnndk-run WORK"}},
  });
}

// What Vela estimates stands beside what was measured.
TEST(CompilerEstimate, IsVelasOwnAndOnlyWhereVelaCompiled) {
  for (const std::string delegate : {"ethosu", "vx"}) {
    const TempDir folder;
    CommandBackendOptions options;
    options.toolbox.work_dir = folder / "run";
    options.toolbox.settings = {{"delegate", delegate}};
    for (const char* name : {"onnx2tf", "vela", "benchmark_model"}) {
      options.toolbox.settings[name] = absl::StrCat(LATIMER_STANDINS, "/", name);
    }
    const auto backend = CreateCommandBackend(*FindToolchain("tflite", ""), BuiltInParsers(), std::move(options));
    ASSERT_TRUE(backend.ok()) << backend.status();
    const auto network = (*backend)->Prepare(SmallNetwork());
    ASSERT_TRUE(network.ok()) << network.status();
    const absl::StatusOr<double> estimate = (*network)->CompilerEstimateSeconds();
    if (delegate == "vx") {
      EXPECT_TRUE(absl::IsUnimplemented(estimate.status())) << estimate.status();
      continue;
    }
    ASSERT_TRUE(estimate.ok()) << estimate.status();
    const absl::StatusOr<TimingResult> times = TimeNetwork(**network, {});
    ASSERT_TRUE(times.ok()) << times.status();
    EXPECT_NEAR(*estimate / times->median_seconds, 0.8, 0.08);  // as the stand-in has it, and the board's noise
  }
}

}  // namespace
}  // namespace latimer::command
