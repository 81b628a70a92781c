// latimer-fit-local: measures a plan on a back end of this machine, fits, and judges the fit on networks, without a
// server. To see whether a change of planner, padding or fit helps.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "backends/registry.h"
#include "core/base/status_macros.h"
#include "core/benchmark/plan.h"
#include "core/benchmark/validation_networks.h"
#include "core/estimation/estimator.h"
#include "core/evaluation/statistics.h"
#include "core/fitting/fit_platform.h"
#include "core/network/onnx/onnx_import.h"
#include "core/network/simplify.h"
#include "tests/accuracy/fit_local/measurements.h"

namespace latimer::fit_local {
namespace {

struct Options {
  std::string backend = "simulated:zcu102";
  std::string method = "smart";
  std::string cache;
  std::string networks;
  std::string model_out;
  int64_t measurements = 600;
  int threads = 1;
  int rounds = 250;
  double budget_ms = 80;
  bool minimum = false;
  bool cpu_time = false;
  int64_t flush_kb = 0;
  bool offline = false;
  bool layers = false;
  bool samples = false;
  std::string profile;
};

benchmark::Method MethodOf(const std::string& name) {
  if (name == "single") return benchmark::Method::kSingleLayer;
  return name == "report" ? benchmark::Method::kLayerReport : benchmark::Method::kSmartPadding;
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

class Study {
 public:
  Study(const Options& options, Backend* backend)
      : options_(options), measurements_(options.cache, backend, Timing(options), options.cpu_time) {}

  absl::Status Run(const Fingerprint& fingerprint) {
    LATIMER_RETURN_IF_ERROR(Measure());
    DescribeBase(fingerprint);
    const auto start = std::chrono::steady_clock::now();
    fitting::FitOptions fit;
    fit.rounds = options_.rounds;
    LATIMER_ASSIGN_OR_RETURN(const fitting::FitResult result, fitting::FitPlatform(input_, fit));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::printf("fit of %zu samples (%lld ignored) in %.2f s\n", input_.samples.size(),
                static_cast<long long>(result.ignored_samples), took.count());
    PrintTypes(result);
    LATIMER_RETURN_IF_ERROR(JudgeFiles(result));
    if (!options_.profile.empty()) LATIMER_RETURN_IF_ERROR(Profile(result));
    if (options_.samples) LATIMER_RETURN_IF_ERROR(PrintSamples(result));
    if (!options_.model_out.empty()) {
      std::ofstream(options_.model_out, std::ios::binary) << result.model.SerializeAsString();
    }
    return absl::OkStatus();
  }

 private:
  static TimingOptions Timing(const Options& options) {
    TimingOptions timing;
    timing.budget_seconds = options.budget_ms / 1e3;
    timing.flush_bytes = options.flush_kb << 10;
    timing.wall_budget_seconds = 2 * timing.budget_seconds;
    return timing;
  }

  double Seconds(const Measured& measured) const {
    return options_.minimum ? measured.min_seconds : measured.median_seconds;
  }

  absl::Status Measure() {
    benchmark::PlanOptions plan_options;
    plan_options.max_measurements = options_.measurements;
    plan_options.method = MethodOf(options_.method);
    LATIMER_ASSIGN_OR_RETURN(std::vector<benchmark::PlanStage> plan, benchmark::MakePlan(plan_options));
    benchmark::PaddingTable table;
    int64_t refused = 0;
    for (benchmark::PlanStage& stage : plan) {
      for (benchmark::PlannedMeasurement& planned : stage.measurements) {
        // The same run has the same key whatever the plan: padded subjects are measured once for two methods.
        const char* kind = planned.kind == benchmark::MeasurementKind::kValidation    ? "net:"
                           : planned.kind == benchmark::MeasurementKind::kPaddingOnly ? "only:"
                           : planned.network.layers.empty()                           ? "single:"
                                                                                      : "padded:";
        const bool report = plan_options.method == benchmark::Method::kLayerReport &&
                            planned.kind == benchmark::MeasurementKind::kSubject;
        LATIMER_ASSIGN_OR_RETURN(
            const Measured measured,
            measurements_.Of(absl::StrCat(report ? "report-" : "", kind, planned.key), planned.runs(), report));
        if (!measured.error.empty()) {
          if (++refused <= 5) std::printf("refused: %s: %s\n", planned.key.c_str(), measured.error.c_str());
          continue;
        }
        LATIMER_RETURN_IF_ERROR(Take(stage.name, planned, measured, table));
      }
      std::printf("%s: %zu measurements\n", stage.name.c_str(), stage.measurements.size());
      std::fflush(stdout);
    }
    std::printf("%lld measured now, %lld refused\n", static_cast<long long>(measurements_.measured()),
                static_cast<long long>(refused));
    return absl::OkStatus();
  }

  absl::Status Take(const std::string& stage, benchmark::PlannedMeasurement& planned, const Measured& measured,
                    benchmark::PaddingTable& table) {
    const double seconds = Seconds(measured);
    switch (planned.kind) {
      case benchmark::MeasurementKind::kValidation:
        input_.validation.push_back({planned.key, Simplify(std::move(planned.subject)), seconds});
        return absl::OkStatus();
      case benchmark::MeasurementKind::kPaddingOnly:
        table.AddKey(planned.key, seconds);
        input_.paddings.push_back({std::move(planned.subject), seconds});
        return absl::OkStatus();
      case benchmark::MeasurementKind::kSubject:
        break;
    }
    fitting::Sample sample;
    sample.stage = stage;
    sample.relative_spread = measured.spread;
    sample.seconds = {seconds, seconds};
    if (options_.method == "report") sample.seconds = {measured.reported_seconds, measured.reported_seconds};
    if (options_.method == "smart") {
      absl::StatusOr<benchmark::TimeInterval> interval = table.SubjectTime(planned.subject, seconds);
      if (!interval.ok()) return absl::OkStatus();  // its padding-only model was refused
      sample.seconds = *interval;
    }
    sample.subject = std::move(planned.subject);
    input_.samples.push_back(std::move(sample));
    return absl::OkStatus();
  }

  void DescribeBase(const Fingerprint& fingerprint) {
    model::v1::PlatformModel& base = input_.base;
    base.set_format_version(1);
    base.set_id("local");
    base.set_version("1");
    base.set_display_name(options_.backend);
    base.set_hardware("this machine");
    base.set_toolchain(options_.backend);
    base.set_precision(fingerprint.simulated ? "INT8" : "FP32");
    base.set_activation_bits(fingerprint.simulated ? 8 : 32);
    base.set_weight_bits(fingerprint.simulated ? 8 : 32);
    base.set_description("fitted by latimer-fit-local");
    base.set_create_date("2026");
    base.set_simulated(fingerprint.simulated);
  }

  void PrintTypes(const fitting::FitResult& result) const {
    auto percent = [](double value) { return value == 0 ? std::string("-") : absl::StrFormat("%.1f", 100 * value); };
    std::printf("%-18s %5s %8s %8s %8s %8s  %s\n", "unit type", "n", "roofline", "refined", "statist.", "mixed",
                "chosen");
    for (const auto& [type, quality] : result.types) {
      std::printf("%-18s %5lld %8s %8s %8s %8s  %s\n", type.c_str(), static_cast<long long>(quality.samples),
                  percent(quality.mape[2]).c_str(), percent(quality.mape[3]).c_str(), percent(quality.mape[4]).c_str(),
                  percent(quality.mape[5]).c_str(), std::string(ModelKindName(quality.chosen)).c_str());
    }
    for (const model::v1::LayerModel& model : result.model.layer_models()) {
      const auto& refined = model.has_refined_roofline() ? model.refined_roofline() : model.roofline();
      std::printf("  %s: %.3g Gop/s, %.3g GB/s, %.3g us", model.unit_type().c_str(),
                  refined.peak_ops_per_second() / 1e9, refined.bandwidth_bytes_per_second() / 1e9,
                  refined.overhead_seconds() * 1e6);
      for (const auto& one : refined.unrolling()) {
        std::printf(", %s s=%lld a=%.2f", model::v1::Dimension_Name(one.dimension()).c_str() + 10,
                    static_cast<long long>(one.size()), one.alpha());
      }
      std::printf("\n");
    }
    std::printf("%s", result.model.mapping().ShortDebugString().c_str());
    std::printf("\nper network: %.3g us; padding before the subject: %.2f\n",
                result.model.fixed_seconds_per_network() * 1e6, result.padding_share);
    std::printf("validation MAPE: roofline %s, refined %s, statistical %s, mixed %s, auto %s; spearman %.4f (%zu)\n",
                percent(result.validation_mape[2]).c_str(), percent(result.validation_mape[3]).c_str(),
                percent(result.validation_mape[4]).c_str(), percent(result.validation_mape[5]).c_str(),
                percent(result.validation_mape[1]).c_str(), result.validation_spearman, input_.validation.size());
  }

  // Prints the estimate of one network with its measured time.
  absl::Status Show(const PlatformModel& platform, const std::string& name, const Network& network, double seconds,
                    std::vector<Prediction>& predictions) const {
    v1::NetworkEstimate estimate;
    LATIMER_RETURN_IF_ERROR(EstimateNetwork(network, platform, {}, nullptr, &estimate));
    const v1::Latency& latency = estimate.latency();
    predictions.push_back({latency.estimate_ms(), latency.lower_ms(), latency.upper_ms(), seconds * 1e3});
    std::printf("%-40s %9.3f ms, measured %9.3f ms, %+6.1f %%\n", name.c_str(), latency.estimate_ms(), seconds * 1e3,
                100 * (latency.estimate_ms() / (seconds * 1e3) - 1));
    if (!options_.layers) return absl::OkStatus();
    std::map<std::string, std::pair<int, double>> sums;
    for (const v1::UnitEstimate& unit : estimate.units()) {
      auto& [count, ms] = sums[absl::StrCat(unit.unit_type(), " by ", v1::ModelKind_Name(unit.model_kind()))];
      ++count;
      ms += unit.latency().estimate_ms();
    }
    for (const auto& [type, sum] : sums) std::printf("    %-50s %4d %9.3f ms\n", type.c_str(), sum.first, sum.second);
    return absl::OkStatus();
  }

  absl::Status JudgeFiles(const fitting::FitResult& result) {
    LATIMER_ASSIGN_OR_RETURN(const auto platform, PlatformModel::Create(result.model));
    std::vector<Prediction> predictions;
    for (const fitting::ValidationSample& sample : input_.validation) {
      LATIMER_RETURN_IF_ERROR(Show(*platform, sample.name, sample.network, sample.seconds, predictions));
    }
    if (options_.networks.empty()) return absl::OkStatus();
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(options_.networks)) {
      if (entry.path().extension() == ".onnx") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    predictions.clear();
    std::vector<double> estimated;
    std::vector<double> truth;
    for (const std::filesystem::path& file : files) {
      const std::string name = file.stem().string();
      const std::string bytes = ReadFile(file);
      const absl::StatusOr<Measured> measured = measurements_.OfModel("file:" + name, bytes, false);
      if (!measured.ok() || !measured->error.empty()) {
        std::printf("%-40s %s\n", name.c_str(),
                    measured.ok() ? measured->error.c_str() : std::string(measured.status().message()).c_str());
        continue;
      }
      absl::StatusOr<Network> network = ImportOnnx(bytes);
      if (!network.ok()) {
        std::printf("%-40s %s\n", name.c_str(), std::string(network.status().message()).c_str());
        continue;
      }
      LATIMER_RETURN_IF_ERROR(Show(*platform, name, Simplify(*std::move(network)), Seconds(*measured), predictions));
      estimated.push_back(predictions.back().predicted);
      truth.push_back(predictions.back().measured);
    }
    std::printf("%zu files: MAPE %.2f %%, spearman %.4f, coverage of 90 %% intervals %.2f, mean width %.2f\n",
                predictions.size(), 100 * MeanAbsolutePercentageError(predictions).value_or(0),
                SpearmanCorrelation(estimated, truth).value_or(0), Coverage(predictions).value_or(0),
                MeanRelativeWidth(predictions).value_or(0));
    return absl::OkStatus();
  }

  // Units of one validation network beside the engine's own report.
  absl::Status Profile(const fitting::FitResult& result) {
    LATIMER_ASSIGN_OR_RETURN(const auto platform, PlatformModel::Create(result.model));
    LATIMER_ASSIGN_OR_RETURN(Network network, benchmark::ValidationNetwork(options_.profile));
    LATIMER_ASSIGN_OR_RETURN(const std::vector<LayerTiming> rows, measurements_.Profile(network));
    network = Simplify(std::move(network));
    v1::NetworkEstimate estimate;
    LATIMER_RETURN_IF_ERROR(EstimateNetwork(network, *platform, {}, nullptr, &estimate));
    for (const LayerTiming& row : rows) {
      std::printf("%-12s %-40s %9.1f us", row.operation.c_str(), row.name.c_str(), row.min_seconds * 1e6);
      for (const v1::UnitEstimate& unit : estimate.units()) {
        const bool reported = std::any_of(unit.nodes().begin(), unit.nodes().end(), [&](const std::string& node) {
          return row.name == node || absl::StartsWith(row.name, absl::StrCat(node, "_"));
        });
        if (!reported) continue;
        std::printf("  %9.1f us %s", unit.latency().estimate_ms() * 1e3, unit.unit_type().c_str());
        for (const v1::Shape& shape : unit.input_shapes()) {
          std::printf(" %s", absl::StrJoin(shape.dims(), "x").c_str());
        }
        std::printf(" -> %s k%s s%s", absl::StrJoin(unit.output_shapes(0).dims(), "x").c_str(),
                    absl::StrJoin(unit.kernel(), "x").c_str(), absl::StrJoin(unit.stride(), "x").c_str());
        break;
      }
      std::printf("\n");
    }
    return absl::OkStatus();
  }

  // Every sample with what the fitted model says of it (it was fitted to it).
  absl::Status PrintSamples(const fitting::FitResult& result) const {
    for (const fitting::HeldOutPrediction& one : result.held_out) {
      const UnitFeatures& f = one.features;
      std::printf("heldout\t%s\t%lldx%lldx%lld in %lldx%lld c%lld-%lld k%lldx%lldx%lld s%lld g%lld b%lld",
                  one.unit_type.c_str(), static_cast<long long>(f.out_d), static_cast<long long>(f.out_h),
                  static_cast<long long>(f.out_w), static_cast<long long>(f.in_h), static_cast<long long>(f.in_w),
                  static_cast<long long>(f.c_in), static_cast<long long>(f.c_out), static_cast<long long>(f.kernel_d),
                  static_cast<long long>(f.kernel_h), static_cast<long long>(f.kernel_w),
                  static_cast<long long>(f.stride_w), static_cast<long long>(f.groups),
                  static_cast<long long>(f.batch));
      std::printf("\t%.2f\t%.2f", one.measured.lower_seconds * 1e6, one.measured.upper_seconds * 1e6);
      for (size_t kind = 2; kind < one.seconds.size(); ++kind) std::printf("\t%.2f", one.seconds[kind] * 1e6);
      std::printf("\n");
    }
    LATIMER_ASSIGN_OR_RETURN(const auto platform, PlatformModel::Create(result.model));
    for (const fitting::Sample& sample : input_.samples) {
      v1::NetworkEstimate estimate;
      LATIMER_RETURN_IF_ERROR(EstimateNetwork(sample.subject, *platform, {}, nullptr, &estimate));
      std::string types;
      for (const Layer& layer : sample.subject.layers) absl::StrAppend(&types, LayerTypeName(layer.type), " ");
      for (TensorId id : sample.subject.inputs) {
        absl::StrAppend(&types, ShapeToString(sample.subject.tensors[id].shape), " ");
      }
      const Layer& layer = sample.subject.layers[0];
      if (const auto* conv = std::get_if<ConvAttributes>(&layer.attributes)) {
        absl::StrAppend(&types, "k", ShapeToString(Shape(conv->kernel.begin(), conv->kernel.end())), " s",
                        conv->stride[0], " g", conv->groups);
      }
      absl::StrAppend(&types, " -> ", ShapeToString(sample.subject.tensors[sample.subject.outputs[0]].shape));
      std::printf("sample\t%s\t%s\t%.2f\t%.2f\t%.2f\t%.4f\n", sample.stage.c_str(), types.c_str(),
                  sample.seconds.lower_seconds * 1e6, sample.seconds.upper_seconds * 1e6,
                  (estimate.latency().estimate_ms() / 1e3 - result.model.fixed_seconds_per_network()) * 1e6,
                  sample.relative_spread);
    }
    return absl::OkStatus();
  }

  const Options& options_;
  Measurements measurements_;
  fitting::FitInput input_;
};

absl::Status Run(const Options& options) {
  BackendOptions engine;
  engine.threads = options.threads;
  LATIMER_ASSIGN_OR_RETURN(const std::unique_ptr<Backend> backend, CreateBackend(options.backend, engine));
  return Study(options, options.offline ? nullptr : backend.get()).Run(backend->fingerprint());
}

}  // namespace
}  // namespace latimer::fit_local

int main(int argc, char** argv) {
  latimer::fit_local::Options options;
  CLI::App app("Measures, fits and judges on a back end of this machine");
  app.add_option("--backend", options.backend, "onnxruntime, opencv, simulated:<board>");
  app.add_option("--method", options.method)->check(CLI::IsMember({"smart", "single", "report"}));
  app.add_option("--measurements", options.measurements, "Budget of the plan");
  app.add_option("--cache", options.cache, "File of measurements");
  app.add_option("--networks", options.networks, "Folder of ONNX models to judge on");
  app.add_option("--model-out", options.model_out, "Where to write the fitted model (binary)");
  app.add_option("--threads", options.threads);
  app.add_option("--rounds", options.rounds, "Trees per ensemble; 0: analytical models only");
  app.add_option("--budget-ms", options.budget_ms, "Time per measurement");
  app.add_option("--flush-kb", options.flush_kb,
                 "Memory to write before each run, so that weights are not in the caches");
  app.add_flag("--cpu-time", options.cpu_time,
               "Processor time of this thread instead of the clock: on loaded machines");
  app.add_flag("--minimum", options.minimum, "Take the least time of a measurement, not the median");
  app.add_flag("--offline", options.offline, "Only what the cache holds");
  app.add_flag("--layers", options.layers, "Time per unit type of every network");
  app.add_option("--profile", options.profile, "Validation network whose units to set beside the engine's report");
  app.add_flag("--samples", options.samples, "Every sample with its estimate");
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = latimer::fit_local::Run(options);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return 1;
}
