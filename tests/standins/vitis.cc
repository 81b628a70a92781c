// Stand-ins for Vitis AI's tools and for a lab's scripts around DNNDK, on a SIMULATED ZCU102.
#include <sys/stat.h>

#include <algorithm>
#include <iostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "tests/standins/standin.h"
#include "tests/standins/tools.h"

namespace latimer::standin {
namespace {

constexpr char kModel[] = "XMODEL of vai_c_xir's stand-in\n";
constexpr int kCaffe = 30;  // columns of a name in DNNDK's table

int Complain(absl::string_view words, int code = 1) {
  std::cerr << words << "\n";
  return code;
}

// Ends as VART does when the DPU is stuck.
int ReportStuckDpu() {
  return Complain(
      "W1121 10:00:00 xrt_cu.cpp:120] cu timeout! device_core_idx 0\nF1121 10:00:00 dpu_control.cpp:157] "
      "dpu timeout! core_idx = 0",
      134);
}

}  // namespace

int VaiPython(int argc, char** argv) {
  // python -c SCRIPT IN OUT
  if (argc != 5 || absl::string_view(argv[1]) != "-c" || !absl::StrContains(argv[2], "quantize_static(")) {
    return Complain("usage: python -c SCRIPT IN OUT");
  }
  const std::string failure = TakeFailure("vai_python", {"traceback", "crash"});
  if (failure == "traceback") return Complain("Traceback (most recent call last):\n  File \"<string>\"\nKeyError: 'x'");
  if (failure == "crash") Crash();
  const absl::StatusOr<std::string> onnx = ReadModel(argv[3]);
  return onnx.ok() && WriteFile(argv[4], *onnx) ? 0 : Complain("FileNotFoundError");
}

int VaiCXir(int argc, char** argv) {
  const Arguments arguments(argc, argv, {"version"});
  if (arguments.Has("version")) {
    std::cout << "vai_c_xir 3.5 " << kVersionMark << "\n";
    return 0;
  }
  const std::string failure = TakeFailure("vai_c_xir", {"cpu_parts", "compiler_fatal"});
  if (failure == "compiler_fatal") return Complain("[UNILOG][FATAL][XCOM_OP_UNSUPPORTED] cannot compile");
  const absl::StatusOr<std::string> onnx = ReadFile(arguments.Get("x"));
  if (!onnx.ok()) return Complain("[UNILOG][FATAL] cannot read the model");
  std::cout << "[UNILOG][INFO] Target architecture: DPUCZDX8G_ISA1_B4096\n[UNILOG][INFO] Total device subgraph number "
            << (failure == "cpu_parts" ? "5, DPU subgraph number 2" : "3, DPU subgraph number 1") << "\n";
  const std::string out = absl::StrCat(arguments.Get("o"), "/", arguments.Get("n"), ".xmodel");
  return WriteFile(out, kModel + *onnx) ? 0 : 1;
}

int Xdputil(int argc, char** argv) {
  const Arguments arguments(argc, argv, {"help"});
  const std::vector<std::string>& words = arguments.positional();
  if (arguments.Has("help")) {
    std::cout << "xdputil 3.5 " << kVersionMark << "\n";
    return 0;
  }
  if (!words.empty() && words[0] == "query") {
    std::cout << "{\n  \"kernels\": [ { \"fingerprint\": \"0x101000056010407\" } ]\n}\n";
    return 0;
  }
  if (words.size() < 2 || words[0] != "benchmark") return Complain("usage: xdputil benchmark XMODEL -i N THREADS", 2);
  const std::string failure = TakeFailure("xdputil", {"dpu_timeout", "dpu_hang", "mismatch", "unreachable"});
  if (failure == "dpu_hang") Hang();
  if (failure == "dpu_timeout") return ReportStuckDpu();
  if (failure == "mismatch") {
    return Complain(
        "CHECK fingerprint fail! model_fingerprint 0x1 is un-matched with actual dpu_fingerprint 0x2\n"
        "F1121 dpu_runner.cpp:1] fingerprint check failure.",
        134);
  }
  if (failure == "unreachable") return Complain("ssh: connect to host zcu102 port 22: Connection refused", 255);
  absl::StatusOr<std::string> model = ReadFile(words[1]);
  if (!model.ok() || !absl::StartsWith(*model, kModel)) return Complain("F1121 cannot open the xmodel", 134);
  if (!WriteFile(words[1] + ".onnx", model->substr(sizeof(kModel) - 1))) return Complain("cannot write");
  const absl::StatusOr<Loaded> loaded = Load(words[1] + ".onnx", "zcu102");
  if (!loaded.ok()) return Complain(loaded.status().message());
  double seconds = 0;
  const std::vector<double> samples = Samples(*loaded, 50);
  for (const double sample : samples) seconds += sample;
  std::cout << absl::StrFormat(
      "I1121 10:00:00.000000  1080 test_dpu_runner_mt.cpp:474] shuffle results for batch...\n"
      "I1121 10:00:00.000000  1080 performance_test.hpp:73] 0%% ...\n"
      "FPS= %.4f number_of_frames= %d time= %.6f seconds.\n",
      static_cast<double>(samples.size()) / seconds, samples.size(), seconds);
  return 0;
}

int DnndkCompile(int argc, char** argv) {
  if (argc != 3) return Complain("usage: latimer-dnndk-compile ONNX FOLDER", 2);
  const std::string failure = TakeFailure("dnndk-compile", {"caffe_crash", "cpu_layer"});
  if (failure == "caffe_crash") return Complain("F1121 10:00:00 net.cpp:1] Check failed: bottom.size() == 1");
  if (failure == "cpu_layer") {
    std::cout << "[DNNC][Warning] layer [prob] (type: Softmax) is not supported in DPU, deploy it in CPU instead.\n";
  }
  const absl::StatusOr<std::string> onnx = ReadModel(argv[1]);
  return onnx.ok() && WriteFile(absl::StrCat(argv[2], "/kernel.onnx"), *onnx) ? 0 : 1;
}

int DnndkRun(int argc, char** argv) {
  if (argc != 2) return Complain("usage: latimer-dnndk-run FOLDER", 2);
  if (absl::string_view(argv[1]) == "--version") {
    std::cout << "DNNDK 3.1 " << kVersionMark << "\n";
    return 0;
  }
  const std::string failure = TakeFailure("dnndk-run", {"dpu_timeout", "dpu_hang"});
  if (failure == "dpu_hang") Hang();
  if (failure == "dpu_timeout") return ReportStuckDpu();
  const absl::StatusOr<Loaded> loaded = Load(absl::StrCat(argv[1], "/kernel.onnx"), "zcu102");
  if (!loaded.ok()) return Complain(loaded.status().message());
  const std::string line(101, '=');
  std::cout
      << "[DNNDK] Performance profile - DPU Kernel \"network_0\" DPU Task \"network_0-0\"\n"
      << line
      << "\n  ID                       NodeName Workload(MOP) Mem(MB) RunTime(ms) Perf(GOPS) Utilization    MB/S\n";
  const double factor = Samples(*loaded, 1)[0] / loaded->run.total_seconds;
  double total = 0;
  int id = 0;
  for (const auto& unit : loaded->run.units) {
    if (unit.on_cpu) continue;
    const double ms = unit.seconds * factor * 1e3;
    total += ms;
    std::string name = absl::StrReplaceAll(NodeOf(loaded->network.layers[unit.layers[0]]), {{"/", "_"}});
    if (name.size() > kCaffe) name = name.substr(0, kCaffe - 1) + "*";
    std::cout << absl::StrFormat("%4d %30s %13.3f %7.2f %11.3f %10.1f %11.1f%% %7.1f\n", ++id, name, 1.0, 0.1, ms, 1.0,
                                 1.0, 1.0);
  }
  std::cout << "\n                Total Nodes In Avg:\n"
            << absl::StrFormat("%35s %13.3f %7.2f %11.3f %10.1f %11.1f%% %7.1f\n", "All", 1.0, 0.1, total, 1.0, 1.0,
                               1.0)
            << line << "\n";
  return 0;
}

}  // namespace latimer::standin
