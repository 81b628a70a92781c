// Stand-ins for the tools around TensorFlow Lite: onnx2tf, Vela, and benchmark_model on a SIMULATED i.MX 93.
// A converted "model" is the ONNX file behind a mark.
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "tests/standins/standin.h"
#include "tests/standins/tools.h"

namespace latimer::standin {
namespace {

constexpr char kModel[] = "TFL3 of onnx2tf's stand-in\n";
constexpr char kCompiled[] = "VELA of vela's stand-in\n";
constexpr char kEdgeTpu[] = "EDGE of edgetpu_compiler's stand-in\n";

int Complain(absl::string_view words, int code = 1) {
  std::cerr << words << "\n";
  return code;
}

// The file's name without folder and extension.
std::string Stem(absl::string_view path) {
  path = path.substr(path.rfind('/') + 1);
  return std::string(path.substr(0, path.rfind('.')));
}

// The arguments a tool does not have, as it refuses them; 0: there are none.
int RefuseUnknown(const Arguments& arguments, const std::vector<std::string>& known) {
  const std::vector<std::string> unknown = arguments.Unknown(known);
  return unknown.empty() ? 0 : Complain("error: unrecognized arguments: --" + absl::StrJoin(unknown, " --"), 2);
}

// Vela's summary, with what its model of the processor says: 0.8 of what the simulated board takes.
bool WriteSummary(const std::string& folder, const std::string& onnx, const Arguments& arguments) {
  const std::string stem = Stem(arguments.positional()[0]);
  const std::string copy = absl::StrCat(folder, "/", stem, ".onnx");
  if (!WriteFile(copy, onnx)) return false;
  const absl::StatusOr<Loaded> loaded = Load(copy, "imx93");
  if (!loaded.ok()) return false;
  const double cycles = std::round(0.8e9 * loaded->run.total_seconds);
  return WriteFile(absl::StrCat(folder, "/", stem, "_summary_", arguments.Get("system-config"), ".csv"),
                   absl::StrFormat("experiment,network,accelerator_configuration,system_config,memory_mode,core_clock,"
                                   "inference_time,cycles_total\ndefault,%s,%s,%s,%s,1000000000.0,%.9f,%.0f\n",
                                   stem, arguments.Get("accelerator-config"), arguments.Get("system-config"),
                                   arguments.Get("memory-mode"), cycles / 1e9, cycles));
}

void PrintProfile(const Loaded& loaded, bool delegated) {
  struct Row {
    std::string type;
    std::string name;
    double ms;
  };
  const double factor = ProfileFactor();
  std::vector<Row> rows;
  bool in_partition = false;
  for (const auto& unit : loaded.run.units) {
    const Layer& last = loaded.network.layers[unit.layers.back()];
    const std::string tensor(loaded.network.tensors[last.outputs[0]].name);
    const double ms = unit.seconds * factor * 1e3;
    if (delegated && !unit.on_cpu) {
      // One row for all that runs on the delegate without a break, named by its last tensor.
      if (!in_partition) rows.push_back({"EthosuDelegate", "", 0});
      in_partition = true;
      rows.back().name = tensor;
      rows.back().ms += ms;
    } else {
      in_partition = false;
      rows.push_back({std::string(loaded.network.layers[unit.layers[0]].source_operator), tensor, ms});
    }
  }
  double total = 0;
  for (const Row& row : rows) total += row.ms;
  std::cout
      << "Operator-wise Profiling Info for Regular Benchmark Runs:\n"
      << "============================== Run Order ==============================\n"
      << "\t             [node type]\t  [first]\t [avg ms]\t     [%]\t  [cdf%]\t  [mem KB]\t[times called]\t[Name]\n";
  for (size_t i = 0; i < rows.size(); ++i) {
    std::cout << absl::StrFormat("\t%24s\t%9.3f\t%9.3f\t%7.3f%%\t%7.3f%%\t%10.3f\t%9d\t[%s]:%d\n", rows[i].type,
                                 rows[i].ms, rows[i].ms, 100 * rows[i].ms / total, 0.0, 0.0, 1, rows[i].name, i);
  }
  std::cout << "\n============================== Top by Computation Time ==============================\n\n"
            << absl::StrFormat(
                   "Timings (microseconds): count=50 first=%.0f curr=%.0f min=%.0f max=%.0f avg=%.0f std=1\n",
                   total * 1e3, total * 1e3, total * 1e3, total * 1e3, total * 1e3)
            << rows.size() << " nodes observed\n";
}

void PrintBlock(const std::vector<double>& samples) {
  double sum = 0;
  for (const double sample : samples) sum += sample;
  const double mean = sum / static_cast<double>(samples.size());
  double squares = 0;
  for (const double sample : samples) squares += (sample - mean) * (sample - mean);
  const auto [low, high] = std::minmax_element(samples.begin(), samples.end());
  std::cout << absl::StrFormat("INFO: count=%d first=%.0f curr=%.0f min=%.0f max=%.0f avg=%g std=%.0f\n\n",
                               samples.size(), samples.front() * 1e6, samples.back() * 1e6, *low * 1e6, *high * 1e6,
                               mean * 1e6, std::sqrt(squares / static_cast<double>(samples.size())) * 1e6);
}

}  // namespace

int Onnx2tf(int argc, char** argv) {
  const Arguments arguments(argc, argv, {"oiqt"});
  if (const int code = RefuseUnknown(arguments, {"i", "o", "oiqt", "cind"}); code != 0) return code;
  const std::string failure = TakeFailure("onnx2tf", {"crash", "traceback", "unsupported", "memory"});
  if (failure == "crash") Crash();
  if (failure == "traceback")
    return Complain("Traceback (most recent call last):\n  File \"onnx2tf.py\"\nValueError: bad");
  if (failure == "unsupported") return Complain("ERROR: Einsum OP is not yet implemented.");
  if (failure == "memory") return Complain("MemoryError");
  const absl::StatusOr<std::string> onnx = ReadModel(arguments.Get("i"));
  const std::string folder = arguments.Get("o");
  if (!onnx.ok() || folder.empty()) return Complain("onnx2tf: -i and -o are needed");
  mkdir(folder.c_str(), 0755);
  const std::string stem = absl::StrCat(folder, "/", Stem(arguments.Get("i")));
  bool written =
      WriteFile(stem + "_float32.tflite", kModel + *onnx) && WriteFile(stem + "_float16.tflite", kModel + *onnx);
  if (arguments.Has("oiqt")) written = written && WriteFile(stem + "_full_integer_quant.tflite", kModel + *onnx);
  std::cout << "Float32 tflite output complete!\n";
  return written ? 0 : 1;
}

int Vela(int argc, char** argv) {
  const Arguments arguments(argc, argv, {"verbose-performance", "show-cpu-operations", "version"});
  if (arguments.Has("version")) {
    std::cout << "3.12.0 " << kVersionMark << "\n";
    return 0;
  }
  if (const int code =
          RefuseUnknown(arguments, {"accelerator-config", "optimise", "config", "system-config", "memory-mode",
                                    "output-dir", "verbose-performance", "show-cpu-operations"});
      code != 0) {
    return code;
  }
  const std::string failure = TakeFailure("vela", {"vela_crash", "cpu_only"});
  if (failure == "vela_crash") return Complain("Traceback (most recent call last):\n  File \"vela.py\"\nIndexError");
  const absl::StatusOr<std::string> model = ReadFile(arguments.positional().empty() ? "" : arguments.positional()[0]);
  if (!model.ok() || !absl::StartsWith(*model, kModel)) return Complain("Error: Invalid TFLite file.");
  const int npu = failure == "cpu_only" ? 0 : 44;
  std::cout << "Network summary for network\nCPU operators = " << 44 - npu << "\nNPU operators = " << npu << " ("
            << (npu > 0 ? "100.0%" : "0.0%")
            << ")\nBatch Inference time 0.23 ms, 4382.18 inferences/s (batch size 1)\n";
  const std::string folder = arguments.Get("output-dir", "output");
  const std::string onnx = model->substr(sizeof(kModel) - 1);
  const bool written =
      WriteFile(absl::StrCat(folder, "/", Stem(arguments.positional()[0]), "_vela.tflite"), kCompiled + onnx) &&
      WriteSummary(folder, onnx, arguments);
  return written ? 0 : 1;
}

int EdgetpuCompiler(int argc, char** argv) {
  const Arguments arguments(argc, argv, {"s", "a", "d"});
  if (const int code = RefuseUnknown(arguments, {"s", "a", "d", "t", "o"}); code != 0) return code;
  const std::string failure = TakeFailure("edgetpu_compiler", {"edge_failed", "edge_crash", "edge_cpu_only"});
  if (failure == "edge_crash") Crash();
  if (failure == "edge_failed") return Complain("Compilation failed: Compilation timeout reached.");
  const absl::StatusOr<std::string> model = ReadFile(arguments.positional().empty() ? "" : arguments.positional()[0]);
  if (!model.ok() || !absl::StartsWith(*model, kModel)) return Complain("Invalid model: not quantized");
  const int mapped = failure == "edge_cpu_only" ? 0 : 44;
  std::cout << "Edge TPU Compiler version 16.0." << kVersionMark << "\nModel compiled successfully in 3173 ms.\n"
            << "Number of Edge TPU subgraphs: 1\nTotal number of operations: 44\n"
            << "Number of operations that will run on Edge TPU: " << mapped
            << "\nNumber of operations that will run on CPU: " << 44 - mapped << "\n";
  const std::string out =
      absl::StrCat(arguments.Get("o", "."), "/", Stem(arguments.positional()[0]), "_edgetpu.tflite");
  return WriteFile(out, kEdgeTpu + model->substr(sizeof(kModel) - 1)) ? 0 : 1;
}

int BenchmarkModel(int argc, char** argv) {
  const Arguments arguments(argc, argv, {"help"});
  if (arguments.Has("help")) {
    std::cout << "TensorFlow Lite 2.16.2 " << kVersionMark << "\nusage: benchmark_model --graph=…\n";
    return 1;
  }
  if (const int code =
          RefuseUnknown(arguments, {"graph", "num_threads", "warmup_runs", "num_runs", "min_secs", "max_secs",
                                    "external_delegate_path", "enable_op_profiling", "max_profiling_buffer_entries"});
      code != 0) {
    return code;
  }
  std::cout << "INFO: STARTING!\nINFO: Num threads: [" << arguments.Get("num_threads", "1")
            << "]\nINFO: Graph: [network]\n";
  const bool delegated = arguments.Has("external_delegate_path");
  const std::string failure =
      TakeFailure("benchmark_model", {"npu_hang", "npu_error", "no_delegate", "usb", "run_memory", "run_crash"});
  if (failure == "npu_hang") Hang();
  if (failure == "run_crash") Crash();
  if (failure == "npu_error")
    return Complain("ERROR: Ethos_u inference failed\nERROR: Node number 0 (EthosuDelegate) failed to invoke.");
  if (failure == "usb") return Complain("ERROR: Failed to load delegate from libedgetpu.so.1");
  if (failure == "run_memory") return Complain("ERROR: Failed to allocate tensors!");
  const std::string graph = arguments.Get("graph");
  absl::StatusOr<std::string> model = ReadFile(graph);
  if (!model.ok()) return Complain("ERROR: Failed to load model " + graph);
  absl::string_view onnx = *model;
  const bool compiled = absl::ConsumePrefix(&onnx, kCompiled) || absl::ConsumePrefix(&onnx, kEdgeTpu);
  if (!compiled && !absl::ConsumePrefix(&onnx, kModel)) return Complain("ERROR: The model is not a valid Flatbuffer");
  const std::string copy = graph + ".onnx";
  if (!WriteFile(copy, onnx)) return Complain("ERROR: cannot write");
  const absl::StatusOr<Loaded> loaded = Load(copy, "imx93");
  if (!loaded.ok()) return Complain(loaded.status().message());
  if (failure == "no_delegate") {
    std::cout << "INFO: Though EXTERNAL delegate is explicitly applied, the model graph will not be executed by the "
                 "delegate.\n";
  } else if (delegated) {
    std::cout
        << "INFO: EXTERNAL delegate created.\nINFO: Explicitly applied EXTERNAL delegate, and the model graph will be "
           "completely executed by the delegate w/ 1 delegate kernels.\n";
  }
  // The VX delegate compiles for a minute at the first inference, and keeps what it made.
  double first = 1.5;
  const std::string graphs = Variable("VIV_VX_CACHE_BINARY_GRAPH_DIR");
  if (absl::StrContains(arguments.Get("external_delegate_path"), "libvx_delegate")) {
    const std::string kept = graphs + "/graph.nb";
    if (Variable("VIV_VX_ENABLE_CACHE_GRAPH_BINARY") != "1" || !ReadFile(kept).ok()) first = 1000;
    if (!WriteFile(kept, "graph of the VX delegate's stand-in\n")) return Complain("ERROR: cannot keep the graph");
  }
  std::cout << "INFO: Initialized session in 2.5ms.\n";
  const std::vector<double> warmup = Samples(*loaded, 5);
  const std::vector<double> samples = Samples(*loaded, arguments.Number("num_runs", 50));
  PrintBlock(warmup);
  PrintBlock(samples);
  double sum = 0;
  for (const double sample : samples) sum += sample;
  const double mean = sum / static_cast<double>(samples.size()) * 1e6;
  std::cout << absl::StrFormat(
      "INFO: Inference timings in us: Init: 2500, First inference: %.0f, Warmup (avg): %g, "
      "Inference (avg): %g\n",
      mean * first, mean, mean);
  if (arguments.Get("enable_op_profiling") == "true") PrintProfile(*loaded, delegated);
  return 0;
}

}  // namespace latimer::standin
