// Stand-in for OpenVINO's benchmark_app (C++, 2022.3): its options, console and CSV reports, on a SIMULATED board.
#include <algorithm>
#include <cstdio>
#include <iostream>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tests/standins/standin.h"
#include "tests/standins/tools.h"

namespace latimer::standin {
namespace {

const std::vector<std::string> kKnown{
    "m",  "d",           "api",           "b", "nireq",    "niter",    "hint",
    "pc", "report_type", "report_folder", "h", "nthreads", "nstreams", "infer_precision"};

absl::string_view KindOf(const Layer& layer) {
  if (layer.source_operator == "Conv") return "Convolution";
  if (layer.source_operator == "Relu") return "ReLU";
  if (layer.source_operator == "MaxPool" || layer.source_operator == "AveragePool") return "Pooling";
  if (layer.source_operator == "Gemm") return "FullyConnected";
  return layer.source_operator;
}

void AddRow(absl::string_view name, absl::string_view status, absl::string_view type, absl::string_view exec, double ms,
            std::string* csv) {
  absl::StrAppend(csv, name, ";", status, ";", type, ";", exec, ";", absl::StrFormat("%.6f", ms), ";0.000000\n");
}

std::string Counters(const Loaded& loaded) {
  std::string csv = "layerName;execStatus;layerType;execType;realTime (ms);cpuTime (ms)\n";
  absl::flat_hash_map<LayerId, const simulated::SimulatedUnit*> units;
  for (const simulated::SimulatedUnit& unit : loaded.run.units) {
    for (const LayerId layer : unit.layers) units[layer] = &unit;
  }
  for (const TensorId input : loaded.network.inputs) {
    AddRow(loaded.network.tensors[input].name, "NOT_RUN", "Input", "NONE", 0, &csv);
  }
  const double factor = ProfileFactor();
  const double extra = loaded.run.start_seconds / 20 * 1e3;
  AddRow("<Extra>", "EXECUTED", "<Extra>", "Convert", extra, &csv);
  double total = extra;
  for (LayerId id = 0; id < static_cast<LayerId>(loaded.network.layers.size()); ++id) {
    const Layer& layer = loaded.network.layers[id];
    const auto found = units.find(id);
    if (found == units.end()) {
      AddRow(NodeOf(layer), "NOT_RUN", KindOf(layer), "NONE", 0, &csv);
    } else if (found->second->layers[0] != id) {
      AddRow(NodeOf(layer), "OPTIMIZED_OUT", KindOf(layer), "<none>", 0, &csv);
    } else {
      const double ms = std::stod(absl::StrFormat("%.6f", found->second->seconds * factor * 1e3));
      AddRow(NodeOf(layer), "EXECUTED", KindOf(layer), "MyriadXHwOp", ms, &csv);
      total += ms;
    }
  }
  absl::StrAppend(&csv, "Total;;;;", absl::StrFormat("%.6f", total), ";0.000000\n\n");
  return csv;
}

std::string Summary(const Arguments& arguments, std::vector<double> samples) {
  double sum = 0;
  for (const double sample : samples) sum += sample;
  const auto [low, high] = std::minmax_element(samples.begin(), samples.end());
  const auto ms = [](double seconds) { return absl::StrFormat("%.6f", seconds * 1e3); };
  return absl::StrCat("Command line parameters\nd;", arguments.Get("d"), "\nniter;", samples.size(),
                      "\n\nConfiguration setup\ntopology;network\ntarget device;", arguments.Get("d"), "\nAPI;",
                      arguments.Get("api"), "\nnumber of parallel infer requests;", arguments.Get("nireq"),
                      "\n\nExecution results\nread network time (ms);1.2\nfirst inference time (ms);", ms(1.4 * *high),
                      "\ntotal execution time (ms);", ms(sum), "\ntotal number of iterations;", samples.size(),
                      "\nMedian latency (ms);", ms(Median(samples)), "\nAverage latency (ms);",
                      ms(sum / static_cast<double>(samples.size())), "\nMin latency (ms);", ms(*low),
                      "\nMax latency (ms);", ms(*high), "\nthroughput;",
                      absl::StrFormat("%.6f", static_cast<double>(samples.size()) / sum), "\n");
}

int Refuse(absl::string_view words) {
  std::cerr << "[ ERROR ] " << words << "\n";
  return 1;
}

}  // namespace

int BenchmarkApp(int argc, char** argv) {
  const Arguments arguments(argc, argv, {"pc", "h"});
  std::cout << "[Step 1/11] Parsing and validating input arguments\n[ INFO ] OpenVINO:\n[ INFO ] Build "
            << "................................. 2022.3.0-" << kVersionMark << "\n";
  if (arguments.Has("h")) return 0;
  if (const auto unknown = arguments.Unknown(kKnown); !unknown.empty()) {
    return Refuse(absl::StrCat("unknown command line flag '", absl::StrJoin(unknown, "', '"), "'"));
  }
  const std::string failure =
      TakeFailure("benchmark_app", {"usb_lost", "hang", "unsupported", "crash", "memory", "killed", "nonsense"});
  if (failure == "usb_lost") {
    std::cerr << "E: [ncAPI] [    123456] [benchmark_app] ncDeviceOpen:1011 Failed to find booted device after boot\n";
    return Refuse("Can not init Myriad device: NC_ERROR");
  }
  if (failure == "hang") Hang();
  if (failure == "crash") Crash();
  if (failure == "killed") GetKilled();
  if (failure == "memory") return Refuse("std::bad_alloc");
  if (failure == "unsupported") return Refuse("Failed to compile layer \"/op\": Unsupported layer type Einsum");
  absl::StatusOr<Loaded> loaded = Load(arguments.Get("m"), "ncs2");
  if (!loaded.ok()) return Refuse(loaded.status().message());
  const std::string folder = arguments.Get("report_folder", ".");
  const std::vector<double> samples = Samples(*loaded, arguments.Number("niter", 100));
  bool written = WriteFile(folder + "/benchmark_report.csv", Summary(arguments, samples));
  if (arguments.Get("report_type") == "detailed_counters" && arguments.Has("pc")) {
    std::string counters = Counters(*loaded);
    if (failure == "nonsense") counters.resize(counters.size() / 2);
    written = written && WriteFile(folder + "/benchmark_detailed_counters_report.csv", counters);
  }
  if (!written) return Refuse("Report can't be stored to specified folder");
  std::cout << "[ INFO ] Count: " << samples.size() << " iterations\n[ INFO ] Latency:\n"
            << absl::StrFormat("[ INFO ]    Median:        %.2f ms\n", Median(samples) * 1e3);
  return 0;
}

}  // namespace latimer::standin
