// Stand-in for TensorRT's trtexec (8.6): builds "engines" and runs them on a SIMULATED Jetson.
#include <cstdio>
#include <iostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tests/standins/standin.h"
#include "tests/standins/tools.h"

namespace latimer::standin {
namespace {

constexpr char kPlan[] = "PLAN of trtexec's stand-in\n";
constexpr char kVersion[] = "v8601 SIMULATED stand-in";

std::string Quoted(absl::string_view text) { return absl::StrCat("\"", text, "\""); }

std::string Times(const std::vector<double>& samples) {
  std::string json = "[\n";
  double now = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    const double ms = samples[i] * 1e3;
    absl::StrAppendFormat(&json,
                          "%s{ \"startEnqMs\" : %.6f, \"endEnqMs\" : %.6f, \"startH2dMs\" : %.6f, \"endH2dMs\" : %.6f, "
                          "\"startComputeMs\" : %.6f, \"endComputeMs\" : %.6f, \"startD2hMs\" : %.6f, \"endD2hMs\" : "
                          "%.6f, \"h2dMs\" : 0, \"computeMs\" : %.6f, \"d2hMs\" : 0, \"latencyMs\" : %.6f }\n",
                          i == 0 ? "  " : ", ", now, now, now, now, now, now + ms, now + ms, now + ms, ms, ms);
    now += ms;
  }
  return json + "]\n";
}

std::string LayerName(const Loaded& loaded, const simulated::SimulatedUnit& unit) {
  return absl::StrJoin(NodesOf(loaded, unit), " + ");
}

std::string Profile(const Loaded& loaded, int runs) {
  std::string json = absl::StrCat("[\n  { \"count\" : ", runs, " }\n");
  const double factor = ProfileFactor();
  double total = 0;
  for (const auto& unit : loaded.run.units) total += unit.seconds * factor * 1e3;
  const auto add = [&](absl::string_view name, double ms) {
    absl::StrAppendFormat(&json,
                          ", { \"name\" : %s, \"timeMs\" : %.6f, \"averageMs\" : %.6f, \"medianMs\" : %.6f, "
                          "\"percentage\" : %.4f }\n",
                          Quoted(name), ms * runs, ms, ms, total > 0 ? 100 * ms / total : 0);
  };
  for (const auto& unit : loaded.run.units) add(LayerName(loaded, unit), unit.seconds * factor * 1e3);
  return json + "]\n";
}

std::string Layers(const Loaded& loaded) {
  std::vector<std::string> layers;
  for (const auto& unit : loaded.run.units) {
    const Layer& last = loaded.network.layers[unit.layers.back()];
    layers.push_back(absl::StrCat("{\"Name\": ", Quoted(LayerName(loaded, unit)), ", \"LayerType\": \"",
                                  loaded.network.layers[unit.layers[0]].source_operator,
                                  "\", \"Outputs\": [{\"Name\": ", Quoted(loaded.network.tensors[last.outputs[0]].name),
                                  "}]}"));
  }
  return absl::StrCat("{\"Layers\": [", absl::StrJoin(layers, ",\n"), "],\n\"Bindings\": []}\n");
}

// What trtexec of that release knows, of what is used here.
std::vector<std::string> OptionsOf(const std::string& release) {
  std::vector<std::string> options{"onnx",
                                   "saveEngine",
                                   "loadEngine",
                                   "profilingVerbosity",
                                   "fp16",
                                   "int8",
                                   "best",
                                   "useDLACore",
                                   "warmUp",
                                   "allowGPUFallback",
                                   "useSpinWait",
                                   "noDataTransfers",
                                   "duration",
                                   "iterations",
                                   "avgRuns",
                                   "useCudaGraph",
                                   "exportTimes",
                                   "exportProfile",
                                   "exportLayerInfo",
                                   "separateProfileRun"};
  const bool is_82 = release == "8.2";
  const bool is_84 = release == "8.4";
  if (is_82) options.push_back("workspace");
  if (!is_82) options.push_back("memPoolSize");
  if (release != "10") options.push_back("buildOnly");
  if (!is_82 && !is_84) options.push_back("skipInference");
  return options;
}

int Fail(absl::string_view words, const Arguments& arguments) {
  std::cerr << "[11/21/2026-10:00:00] [E] " << words << "\n";
  std::cout << "&&&& FAILED TensorRT.trtexec [TensorRT " << kVersion << "] # trtexec " << arguments.line() << "\n";
  return 1;
}

int Build(const Arguments& arguments, const std::string& failure) {
  if (failure == "crash") Crash();
  if (failure == "killed") GetKilled();
  if (failure == "memory") return Fail("Error Code 2: OutOfMemory (no further information)", arguments);
  if (failure == "unsupported") return Fail("No importer registered for op: Einsum", arguments);
  if (failure == "dla_fallback") {
    std::cout << "[I] [TRT] ---------- Layers Running on GPU ----------\n[I] [TRT] [GpuLayer] POINTWISE: relu\n";
  }
  const absl::StatusOr<std::string> onnx = ReadModel(arguments.Get("onnx"));
  if (!onnx.ok()) return Fail("Failed to parse onnx file", arguments);
  if (const auto loaded = Load(arguments.Get("onnx"), "xavier"); !loaded.ok()) {
    return Fail(loaded.status().message(), arguments);
  }
  return WriteFile(arguments.Get("saveEngine"), kPlan + *onnx) ? 0 : Fail("cannot write the engine", arguments);
}

int Infer(const Arguments& arguments, const std::string& failure) {
  if (failure == "hang") Hang();
  if (failure == "stale") {
    return Fail(
        "Error Code 1: Serialization (Serialization assertion magicTagRead == kMAGIC_TAG failed.Magic tag does "
        "not match)",
        arguments);
  }
  absl::StatusOr<std::string> plan = ReadFile(arguments.Get("loadEngine"));
  if (!plan.ok() || !absl::StartsWith(*plan, kPlan)) return Fail("Error opening engine file", arguments);
  const std::string onnx = arguments.Get("loadEngine") + ".onnx";
  if (!WriteFile(onnx, plan->substr(sizeof(kPlan) - 1))) return Fail("cannot write", arguments);
  const absl::StatusOr<Loaded> loaded = Load(onnx, "xavier");
  if (!loaded.ok()) return Fail(loaded.status().message(), arguments);
  const int runs = arguments.Number("iterations", 10);
  // Half a second of warm-up stands in the file, too, up to release 8.4: here a few slow ones.
  std::vector<double> samples = Samples(*loaded, runs + 5);
  for (int i = 0; i < 5; ++i) samples[i] *= 2;
  if (failure == "throttle") {
    for (size_t i = samples.size() / 2; i < samples.size(); ++i) samples[i] *= 1.5;
  }
  bool written = true;
  if (arguments.Has("exportTimes")) written = WriteFile(arguments.Get("exportTimes"), Times(samples));
  if (arguments.Has("exportProfile"))
    written = written && WriteFile(arguments.Get("exportProfile"), Profile(*loaded, runs));
  if (arguments.Has("exportLayerInfo"))
    written = written && WriteFile(arguments.Get("exportLayerInfo"), Layers(*loaded));
  if (!written) return Fail("cannot write a report", arguments);
  if (failure == "unstable") {
    std::cout << "[W] * GPU compute time is unstable, with coefficient of variance = 12.7%.\n";
  }
  std::cout << absl::StrFormat("[I] GPU Compute Time: median = %g ms\n", Median(samples) * 1e3);
  return 0;
}

}  // namespace

int Trtexec(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            {"fp16", "int8", "best", "skipInference", "buildOnly", "allowGPUFallback", "useSpinWait",
                             "noDataTransfers", "useCudaGraph", "separateProfileRun", "help"});
  std::cout << "&&&& RUNNING TensorRT.trtexec [TensorRT " << kVersion << "] # trtexec " << arguments.line() << "\n";
  if (arguments.Has("help")) return 0;
  const auto unknown = arguments.Unknown(OptionsOf(Variable("LATIMER_STANDIN_RELEASE")));
  if (!unknown.empty()) return Fail(absl::StrCat("Unknown option: --", absl::StrJoin(unknown, " --")), arguments);
  const bool builds = arguments.Has("onnx");
  const std::string failure =
      builds ? TakeFailure("trtexec-build", {"crash", "killed", "memory", "unsupported", "dla_fallback"})
             : TakeFailure("trtexec", {"hang", "stale", "throttle", "unstable"});
  const int code = builds ? Build(arguments, failure) : Infer(arguments, failure);
  if (code == 0) {
    std::cout << "&&&& PASSED TensorRT.trtexec [TensorRT " << kVersion << "] # trtexec " << arguments.line() << "\n";
  }
  return code;
}

}  // namespace latimer::standin
