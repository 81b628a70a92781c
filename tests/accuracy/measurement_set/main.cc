// latimer-measurement-set: measures network excerpts and networks on this machine into a file, fits a model to the
// excerpts of such a file, and judges it on the file's networks.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "core/base/status_macros.h"
#include "core/model/model_kind.h"
#include "tests/accuracy/measurement_set/measure.h"
#include "tests/accuracy/measurement_set/set_file.h"
#include "tests/accuracy/measurement_set/set_fit.h"
#include "tests/accuracy/measurement_set/tables.h"

namespace latimer {
namespace {

void PrintTypes(const fitting::FitResult& result) {
  std::printf("%-18s %6s %9s %9s %9s %9s  %s\n", "unit type", "n", "roofline", "refined", "statist.", "mixed",
              "chosen");
  for (const auto& [type, quality] : result.types) {
    std::printf("%-18s %6lld", type.c_str(), static_cast<long long>(quality.samples));
    for (size_t kind = 2; kind < quality.mape.size(); ++kind) std::printf(" %8.1f%%", 100 * quality.mape[kind]);
    std::printf("  %s\n", std::string(ModelKindName(quality.chosen)).c_str());
  }
  for (const model::v1::Fusion& fusion : result.model.mapping().fusions()) {
    std::printf("fused: %s\n", fusion.ShortDebugString().c_str());
  }
  std::printf("per network: %.1f us; left out: %lld\n", result.model.fixed_seconds_per_network() * 1e6,
              static_cast<long long>(result.ignored_samples));
}

void PrintNetworks(const std::vector<JudgedNetwork>& networks, bool each) {
  std::map<std::string, std::vector<Prediction>> groups;
  std::map<std::string, std::pair<double, int>> noise;
  for (const JudgedNetwork& network : networks) {
    const Prediction& p = network.prediction;
    if (each) {
      std::printf("%-36s %10.3f ms (%.3f to %.3f), measured %10.3f ms, %+6.1f %%, noise %.1f %%\n",
                  network.name.c_str(), p.predicted, p.low, p.high, p.measured, 100 * (p.predicted / p.measured - 1),
                  100 * network.noise_floor);
    }
    const std::string folder(network.name.substr(0, network.name.find('/')));
    for (const std::string& group : {folder, std::string("all")}) {
      groups[group].push_back(p);
      noise[group].first += network.noise_floor;
      noise[group].second += 1;
    }
  }
  std::printf("%-10s %4s %8s %9s %9s %9s %7s\n", "networks", "n", "MAPE", "Spearman", "coverage", "width", "noise");
  for (const auto& [group, predictions] : groups) {
    std::vector<double> a, b;
    for (const Prediction& p : predictions) {
      a.push_back(p.predicted);
      b.push_back(p.measured);
    }
    std::printf("%-10s %4zu %7.2f%% %9.4f %8.1f%% %8.1f%% %6.2f%%\n", group.c_str(), predictions.size(),
                100 * MeanAbsolutePercentageError(predictions).value_or(0), SpearmanCorrelation(a, b).value_or(0),
                100 * Coverage(predictions).value_or(0), 100 * MeanRelativeWidth(predictions).value_or(0),
                100 * noise[group].first / noise[group].second);
  }
}

void PrintPace(const PaceOfSet& pace) {
  if (pace.median_ns == 0) {
    std::printf("pace: not measured\n");
    return;
  }
  std::printf(
      "pace: a pass took %.0f ns (%.0f to %.0f, 5th to 95th percentile); times of repeated networks follow it with "
      "exponent %.2f, correlation %.2f\n",
      pace.median_ns, pace.low_ns, pace.high_ns, pace.exponent, pace.correlation);
}

struct FitOptions {
  int excerpts = 0;  // 0: all
  bool as_measured = false;
  bool each = false;
  bool tables = false;
  std::string model_file;   // written; empty: nowhere
  std::string layers_file;  // written; empty: nowhere
};

absl::Status Fit(const std::string& file, const FitOptions& options) {
  LATIMER_ASSIGN_OR_RETURN(model::v1::MeasurementSet set, ReadMeasurementSet(file));
  if (options.as_measured) ForgetPace(&set);
  double board_seconds = 0;
  int64_t measurements = 0;
  for (const model::v1::MeasuredNetwork& one : set.measurements()) {
    if (one.use() != model::v1::MEASUREMENT_USE_EXCERPT) continue;
    board_seconds += one.measurement().board_seconds();
    ++measurements;
  }
  LATIMER_ASSIGN_OR_RETURN(const fitting::FitInput input, FitInputOf(set, options.excerpts));
  const auto start = std::chrono::steady_clock::now();
  LATIMER_ASSIGN_OR_RETURN(const fitting::FitResult result, fitting::FitPlatform(input));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%s: %zu excerpts (%lld measurements in the set, %.0f s of board time), fitted in %.1f s, %.1f MB\n",
              set.description().c_str(), input.excerpts.size(), static_cast<long long>(measurements), board_seconds,
              seconds, static_cast<double>(result.model.ByteSizeLong()) / 1e6);
  PrintPace(DescribePace(set));
  PrintTypes(result);
  LATIMER_ASSIGN_OR_RETURN(const std::vector<JudgedNetwork> networks, JudgeOn(set, result.model));
  PrintNetworks(networks, options.each);
  if (options.tables) LATIMER_RETURN_IF_ERROR(PrintTables(set, result.model));
  if (!options.layers_file.empty()) LATIMER_RETURN_IF_ERROR(WriteLayers(set, result.model, options.layers_file));
  if (!options.model_file.empty()) {
    std::ofstream(options.model_file, std::ios::binary) << result.model.SerializeAsString();
  }
  return absl::OkStatus();
}

absl::Status Measure(const MeasureOptions& options, const std::string& file) {
  LATIMER_ASSIGN_OR_RETURN(const model::v1::MeasurementSet set, MeasureSet(options));
  return WriteMeasurementSet(set, file);
}

}  // namespace
}  // namespace latimer

int main(int argc, char** argv) {
  CLI::App app("Sets of measurements: measured on this machine, fitted anywhere");
  app.require_subcommand(1);
  std::string file;
  latimer::MeasureOptions options;
  CLI::App* measure = app.add_subcommand("measure", "Measure excerpts and networks into a file");
  measure->add_option("file", file, "File to write")->required();
  measure->add_option("--backend", options.backend, "onnxruntime, opencv, simulated:<board>");
  measure->add_option("--threads", options.threads);
  measure->add_option("--excerpts", options.excerpts);
  measure->add_option("--seed", options.seed);
  measure->add_option("--networks", options.networks, "Folder of ONNX models to judge on");
  measure->add_option("--repeats", options.repeats, "Measurements of each network");
  measure->add_flag("--black-box", options.black_box, "Whole times only: excerpts are also cut off behind each layer");
  latimer::FitOptions fitting;
  CLI::App* fit = app.add_subcommand("fit", "Fit to the excerpts of a file, judge on its networks");
  fit->add_option("file", file)->required()->check(CLI::ExistingFile);
  fit->add_option("--excerpts", fitting.excerpts, "Use only so many");
  fit->add_option("--model-out", fitting.model_file, "Where to write the model (binary)");
  fit->add_flag("--as-measured", fitting.as_measured, "Leave out what is known of the board's pace");
  fit->add_flag("--each", fitting.each, "Print every network");
  fit->add_flag("--tables", fitting.tables, "Print the tables of docs/results.md");
  fit->add_option("--layers-out", fitting.layers_file, "Where to write every layer (CSV)");
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = measure->parsed() ? latimer::Measure(options, file) : latimer::Fit(file, fitting);
  if (status.ok()) return 0;
  std::fprintf(stderr, "latimer-measurement-set: %s\n", std::string(status.message()).c_str());
  return 1;
}
