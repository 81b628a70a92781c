// Every failure that a built-in description names is recognised by its signature, in the tools' own words.
#include <csignal>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "backends/command/signatures.h"
#include "backends/command/toolchain_file.h"
#include "gmock/gmock.h"

namespace latimer::command {
namespace {

enum Ending { kExit1, kWell, kCrash, kAbort, kKilled, kTimeout };

struct Sample {
  std::string toolchain;
  std::string stage;
  Ending ending;
  std::string words;
  std::string name;  // empty: none of them
  std::string action;
  Values settings = {};
};

const std::vector<Sample>& Samples() {
  static const auto* const samples = new std::vector<Sample>{
      // TensorRT
      {"tensorrt", "latency", kExit1,
       "[E] Error Code 1: Serialization (Serialization assertion magicTagRead == kMAGIC_TAG failed.Magic tag does not "
       "match)",
       "ENGINE_MISMATCH", "RETRY"},
      {"tensorrt", "profile", kExit1,
       "[E] 6: The engine plan file is not compatible with this version of TensorRT, expecting library version 8.6.1",
       "ENGINE_MISMATCH", "RETRY"},
      {"tensorrt", "build", kExit1, "[E] Error Code 2: OutOfMemory (no further information)", "OUT_OF_MEMORY",
       "REFUSE"},
      {"tensorrt", "build", kKilled, "", "KILLED_FOR_MEMORY", "REFUSE"},
      {"tensorrt", "build", kExit1, "[E] [TRT] ModelImporter.cpp:773: ERROR: No importer registered for op: Einsum",
       "UNSUPPORTED_OPERATOR", "REFUSE"},
      {"tensorrt",
       "build",
       kWell,
       "[I] [TRT] [GpuLayer] POINTWISE: relu",
       "FELL_BACK_TO_GPU",
       "REFUSE",
       {{"dla_core", "0"}}},
      {"tensorrt",
       "build",
       kWell,
       "[I] [TRT] [GpuLayer] POINTWISE: relu",
       "",
       "",
       {{"dla_core", "0"}, {"fallback", "yes"}}},
      {"tensorrt", "build", kWell, "[I] [TRT] [GpuLayer] CONVOLUTION: Conv_0 + Relu_1", "", ""},
      {"tensorrt", "latency", kWell, "[W] * GPU compute time is unstable, with coefficient of variance = 12.7%.",
       "CLOCKS_UNSTABLE", "RETRY"},
      {"tensorrt", "latency", kWell, "[W] * Throughput may be bound by Enqueue Time rather than GPU Compute", "", ""},
      {"tensorrt", "latency", kWell, "System throttled due to over-current", "THROTTLED", "RETRY"},
      {"tensorrt", "build", kCrash, "", "CONVERTER_CRASHED", "REFUSE"},
      {"tensorrt", "build", kAbort, "", "CONVERTER_CRASHED", "REFUSE"},
      {"tensorrt", "build", kTimeout, "", "BUILD_TOO_SLOW", "REFUSE"},
      {"tensorrt", "latency", kTimeout, "", "GPU_HANG", "RESTART_BOARD"},
      {"tensorrt", "latency", kExit1, "[E] Cuda failure: an illegal memory access was encountered", "GPU_FAULT",
       "RESTART_BOARD"},
      {"tensorrt", "latency", kExit1, "NvMapMemAllocInternalTagged: 1075072515 error 12", "OUT_OF_MEMORY", "REFUSE"},
      // OpenVINO
      {"openvino", "latency", kExit1,
       "E: [ncAPI] [    123456] [benchmark_app] ncDeviceOpen:1011 Failed to find booted device after boot",
       "NCS2_DEVICE_LOST", "RETRY"},
      {"openvino", "profile", kExit1, "[ ERROR ] Can not init Myriad device: NC_ERROR", "NCS2_DEVICE_LOST", "RETRY"},
      {"openvino", "latency", kExit1, "[ ERROR ] Failed to allocate graph: MYRIAD device is not opened",
       "NCS2_DEVICE_LOST", "RETRY"},
      {"openvino", "latency", kExit1, "[ ERROR ] Failed to compile layer \"/op\": Unsupported layer type Einsum",
       "UNSUPPORTED_OPERATOR", "REFUSE"},
      {"openvino", "latency", kCrash, "", "CONVERTER_CRASHED", "REFUSE"},
      {"openvino", "latency", kExit1, "[ ERROR ] std::bad_alloc", "OUT_OF_MEMORY", "REFUSE"},
      {"openvino", "latency", kKilled, "", "KILLED_FOR_MEMORY", "REFUSE"},
      {"openvino", "profile", kTimeout, "", "DEVICE_HANG", "RESTART_BOARD"},
      {"openvino", "latency", kWell, "[ INFO ] Count: 100 iterations", "", ""},
      // TensorFlow Lite
      {"tflite",
       "latency",
       kExit1,
       "ERROR: Ethos_u inference failed",
       "NPU_HANG",
       "RESTART_BOARD",
       {{"delegate", "ethosu"}}},
      {"tflite",
       "latency",
       kExit1,
       "NPU error(s) occured during inference",
       "NPU_HANG",
       "RESTART_BOARD",
       {{"delegate", "ethosu"}}},
      {"tflite", "latency", kTimeout, "", "NPU_HANG", "RESTART_BOARD", {{"delegate", "vx"}}},
      {"tflite",
       "latency",
       kExit1,
       "ERROR: Failed to load delegate from libedgetpu.so.1",
       "USB_REENUMERATED",
       "RETRY",
       {{"delegate", "edgetpu"}}},
      {"tflite",
       "latency",
       kExit1,
       "ERROR: Failed to load delegate from /usr/lib/libvx_delegate.so",
       "DELEGATE_NOT_USED",
       "REFUSE",
       {{"delegate", "vx"}}},
      {"tflite",
       "latency",
       kWell,
       "INFO: Though EXTERNAL delegate is explicitly applied, the model graph will not be executed by the delegate.",
       "DELEGATE_NOT_USED",
       "REFUSE",
       {{"delegate", "ethosu"}}},
      {"tflite",
       "latency",
       kWell,
       "Restored original execution plan after delegate application failure.",
       "DELEGATE_NOT_USED",
       "REFUSE",
       {{"delegate", "vx"}}},
      {"tflite",
       "vela",
       kWell,
       "CPU operators = 3 (6.8%)",
       "OPERATORS_ON_CPU",
       "REFUSE",
       {{"delegate", "ethosu"}, {"fallback", "no"}}},
      {"tflite", "vela", kWell, "CPU operators = 0 (0.0%)", "", "", {{"delegate", "ethosu"}, {"fallback", "no"}}},
      {"tflite",
       "latency",
       kWell,
       "INFO: Explicitly applied EXTERNAL delegate, and the model graph will be partially executed by the delegate w/ "
       "2 "
       "delegate kernels.",
       "OPERATORS_ON_CPU",
       "REFUSE",
       {{"delegate", "vx"}, {"fallback", "no"}}},
      {"tflite",
       "latency",
       kWell,
       "INFO: Explicitly applied XNNPACK delegate, and the model graph will be partially executed by the delegate w/ 2 "
       "delegate kernels.",
       "",
       "",
       {{"delegate", "vx"}, {"fallback", "no"}}},
      {"tflite", "vela", kWell, "NPU operators = 0 (0.0%)", "NOT_ON_NPU", "REFUSE", {{"delegate", "ethosu"}}},
      {"tflite",
       "edgetpu",
       kWell,
       "Number of operations that will run on Edge TPU: 0",
       "NOT_ON_NPU",
       "REFUSE",
       {{"delegate", "edgetpu"}}},
      {"tflite",
       "edgetpu",
       kWell,
       "Number of operations that will run on Edge TPU: 264",
       "",
       "",
       {{"delegate", "edgetpu"}}},
      {"tflite", "convert", kExit1, "MemoryError", "OUT_OF_MEMORY", "REFUSE"},
      {"tflite", "convert", kKilled, "", "KILLED_FOR_MEMORY", "REFUSE"},
      {"tflite", "convert", kExit1, "ERROR: Einsum OP is not yet implemented.", "UNSUPPORTED_OPERATOR", "REFUSE"},
      {"tflite",
       "edgetpu",
       kExit1,
       "Compilation failed: Compilation timeout reached.",
       "UNSUPPORTED_OPERATOR",
       "REFUSE",
       {{"delegate", "edgetpu"}}},
      {"tflite",
       "vela",
       kExit1,
       "Traceback (most recent call last):",
       "CONVERTER_CRASHED",
       "REFUSE",
       {{"delegate", "ethosu"}}},
      {"tflite", "edgetpu", kCrash, "", "CONVERTER_CRASHED", "REFUSE", {{"delegate", "edgetpu"}}},
      {"tflite", "convert", kTimeout, "", "CONVERSION_TOO_SLOW", "REFUSE"},
      // Vitis AI
      {"vitisai", "latency", kAbort, "F1121 10:00:00 dpu_control.cpp:157] dpu timeout! core_idx = 0", "DPU_HANG",
       "RESTART_BOARD"},
      {"vitisai", "latency", kTimeout, "", "DPU_HANG", "RESTART_BOARD"},
      {"vitisai", "latency", kAbort, "F1121 dpu_runner.cpp:1] fingerprint check failure.", "DPU_MISMATCH", "REFUSE"},
      {"vitisai", "compile", kWell, "[UNILOG][INFO] Total device subgraph number 5, DPU subgraph number 2",
       "OPERATORS_ON_CPU", "REFUSE"},
      {"vitisai", "compile", kWell, "[UNILOG][INFO] Total device subgraph number 23, DPU subgraph number 11",
       "OPERATORS_ON_CPU", "REFUSE"},
      {"vitisai", "compile", kWell, "[UNILOG][INFO] Total device subgraph number 3, DPU subgraph number 1", "", ""},
      {"vitisai", "quantize", kExit1, "MemoryError", "OUT_OF_MEMORY", "REFUSE"},
      {"vitisai", "quantize", kKilled, "", "KILLED_FOR_MEMORY", "REFUSE"},
      {"vitisai", "compile", kAbort, "[UNILOG][FATAL][XCOM_OP_UNSUPPORTED] cannot compile", "CONVERTER_CRASHED",
       "REFUSE"},
      {"vitisai", "compile", kCrash, "", "CONVERTER_CRASHED", "REFUSE"},
      {"vitisai", "latency", kExit1, "ssh: connect to host zcu102 port 22: Connection refused", "BOARD_UNREACHABLE",
       "RETRY"},
      // DNNDK
      {"dnndk", "latency", kAbort, "W1121 10:00:00 xrt_cu.cpp:120] cu timeout! device_core_idx 0", "DPU_HANG",
       "RESTART_BOARD"},
      {"dnndk", "profile", kTimeout, "", "DPU_HANG", "RESTART_BOARD"},
      {"dnndk", "convert", kWell,
       "[DNNC][Warning] layer [prob] (type: Softmax) is not supported in DPU, deploy it in CPU instead.",
       "OPERATORS_ON_CPU", "REFUSE"},
      {"dnndk", "convert", kExit1, "F1121 10:00:00 net.cpp:1] Check failed: bottom.size() == 1", "CONVERTER_CRASHED",
       "REFUSE"},
      {"dnndk", "convert", kCrash, "", "CONVERTER_CRASHED", "REFUSE"},
      {"dnndk", "convert", kExit1, "MemoryError", "OUT_OF_MEMORY", "REFUSE"},
      {"dnndk", "convert", kKilled, "", "KILLED_FOR_MEMORY", "REFUSE"},
      {"dnndk", "latency", kExit1, "ssh: connect to host zcu102 port 22: No route to host", "BOARD_UNREACHABLE",
       "RETRY"},
  };
  return *samples;
}

ProcessResult Ended(Ending ending, const std::string& words) {
  ProcessResult result;
  result.err = absl::StrCat("something before\n", words, "\nsomething after\n");
  result.exit_code = ending == kExit1 ? 1 : (ending == kWell ? 0 : -1);
  result.signal = ending == kCrash ? SIGSEGV : (ending == kAbort ? SIGABRT : (ending == kKilled ? SIGKILL : 0));
  result.timed_out = ending == kTimeout;
  if (result.timed_out) result.signal = SIGKILL;
  return result;
}

TEST(FailureNames, AllAreRecognised) {
  for (const std::string& name : ToolchainNames("")) {
    const auto toolchain = FindToolchain(name, "");
    ASSERT_TRUE(toolchain.ok()) << toolchain.status();
    const Signatures signatures(*toolchain);
    std::set<const proto::Failure*> seen;
    for (const Sample& sample : Samples()) {
      if (sample.toolchain != name) continue;
      SCOPED_TRACE(absl::StrCat(name, " ", sample.stage, ": ", sample.words, " ", sample.name));
      Values values{{"threads", "1"}};
      for (const proto::Setting& setting : toolchain->settings()) values[setting.name()] = setting.default_value();
      for (const auto& [setting, value] : sample.settings) values[setting] = value;
      const auto recognised =
          signatures.Find(sample.stage, Ended(sample.ending, sample.words), sample.ending == kWell, values);
      if (sample.name.empty()) {
        EXPECT_FALSE(recognised.has_value()) << recognised->failure->name();
        continue;
      }
      ASSERT_TRUE(recognised.has_value());
      EXPECT_EQ(recognised->failure->name(), sample.name);
      EXPECT_EQ(proto::Action_Name(recognised->failure->action()), sample.action);
      seen.insert(recognised->failure);
    }
    // A signature that nothing shows may as well be wrong.
    for (const proto::Failure& failure : toolchain->failures()) {
      EXPECT_TRUE(seen.count(&failure) > 0) << name << ": no sample for " << failure.ShortDebugString();
    }
  }
}

}  // namespace
}  // namespace latimer::command
