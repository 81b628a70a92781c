#include "tests/accuracy/measurement_set/measure.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/engine/measure_task.h"
#include "backends/pace.h"
#include "backends/registry.h"
#include "core/base/status_macros.h"
#include "core/benchmark/excerpt_cuts.h"
#include "core/benchmark/network_prefix.h"
#include "core/benchmark/plan.h"
#include "core/benchmark/validation_networks.h"
#include "core/network/onnx/onnx_export.h"
#include "core/network/onnx/onnx_import.h"

namespace latimer {
namespace {

absl::StatusOr<std::vector<model::v1::MeasuredNetwork>> ReadNetworks(const std::string& folder) {
  std::vector<model::v1::MeasuredNetwork> networks;
  if (folder.empty()) return networks;
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
    if (entry.path().extension() == ".onnx") files.push_back(entry.path());
  }
  if (error) return absl::NotFoundError(absl::StrCat("cannot read folder '", folder, "': ", error.message()));
  std::sort(files.begin(), files.end());
  for (const std::filesystem::path& path : files) {
    std::ifstream file(path, std::ios::binary);
    model::v1::MeasuredNetwork& network = networks.emplace_back();
    network.set_name(std::filesystem::relative(path, folder).replace_extension().string());
    network.set_use(model::v1::MEASUREMENT_USE_NETWORK);
    const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    LATIMER_ASSIGN_OR_RETURN(std::string stripped, StripWeights(bytes));
    network.mutable_network()->set_onnx_model(std::move(stripped));
  }
  return networks;
}

// The validation networks of campaigns; what callers see is judged on others.
absl::Status AddValidation(std::vector<model::v1::MeasuredNetwork>& networks) {
  for (absl::string_view name : benchmark::ValidationNetworkNames()) {
    LATIMER_ASSIGN_OR_RETURN(const Network network, benchmark::ValidationNetwork(name));
    LATIMER_ASSIGN_OR_RETURN(std::string onnx, ExportOnnx(network));
    model::v1::MeasuredNetwork& one = networks.emplace_back();
    one.set_name(std::string(name));
    one.set_use(model::v1::MEASUREMENT_USE_VALIDATION);
    one.mutable_network()->set_onnx_model(std::move(onnx));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<model::v1::MeasurementSet> MeasureSet(const MeasureOptions& options) {
  BackendOptions settings;
  settings.threads = options.threads;
  LATIMER_ASSIGN_OR_RETURN(const std::unique_ptr<Backend> backend, CreateBackend(options.backend, settings));
  LATIMER_ASSIGN_OR_RETURN(std::vector<model::v1::MeasuredNetwork> networks, ReadNetworks(options.networks));
  LATIMER_RETURN_IF_ERROR(AddValidation(networks));
  // Neighbours of one kind would see one mood of the machine.
  std::mt19937_64 random(options.seed);
  std::shuffle(networks.begin(), networks.end(), random);
  benchmark::PlanOptions plan_options;
  plan_options.method = benchmark::Method::kExcerpts;
  plan_options.max_measurements = std::max(50, options.excerpts * 10 / 8);
  plan_options.seed = options.seed;
  LATIMER_ASSIGN_OR_RETURN(const std::vector<benchmark::PlanStage> plan, benchmark::MakePlan(plan_options));

  model::v1::MeasurementSet set;
  *set.mutable_fingerprint() = agent::FingerprintToProto(backend->fingerprint());
  set.set_description(
      absl::StrCat(options.backend, ", threads ", options.threads, ", excerpts of seed ", options.seed));
  Pace pace;
  v1::TimingOptions timing;
  if (options.black_box) timing.set_target_spread(benchmark::kSpreadOfCuts);
  auto measure = [&](model::v1::MeasuredNetwork* one, bool report) {
    v1::BenchmarkTask task;
    task.set_measurement_id(absl::StrCat(set.measurements_size()));
    *task.mutable_network() = one->network();
    task.set_layer_report(report);
    task.set_flush_bytes(one->flush_bytes());
    const auto start = std::chrono::steady_clock::now();
    *one->mutable_measurement() = agent::MeasureTask(*backend, task, timing, &pace);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    one->mutable_measurement()->set_board_seconds(taken.count());
    if (one->measurement().has_failure()) {
      std::fprintf(stderr, "%s: %s\n", one->name().c_str(), one->measurement().failure().message().c_str());
    }
  };
  std::vector<const benchmark::PlannedMeasurement*> excerpts;
  for (const benchmark::PlanStage& stage : plan) {
    for (const benchmark::PlannedMeasurement& planned : stage.measurements) {
      if (planned.kind == benchmark::MeasurementKind::kExcerpt) excerpts.push_back(&planned);
    }
  }
  excerpts.resize(std::min<size_t>(excerpts.size(), static_cast<size_t>(std::max(0, options.excerpts))));
  const size_t turns = networks.size() * static_cast<size_t>(options.repeats);
  size_t turn = 0;
  for (size_t i = 0; i <= excerpts.size(); ++i) {
    for (; turn < turns && turn * excerpts.size() <= i * turns; ++turn) {
      model::v1::MeasuredNetwork* one = set.add_measurements();
      *one = networks[turn % networks.size()];
      measure(one, one->use() == model::v1::MEASUREMENT_USE_NETWORK && !options.black_box);
    }
    if (i == excerpts.size()) break;
    const Network& excerpt = excerpts[i]->subject;
    const std::vector<size_t> cuts =
        options.black_box ? benchmark::CutsOf(excerpt) : std::vector<size_t>{excerpt.layers.size()};
    for (size_t layers : cuts) {
      LATIMER_ASSIGN_OR_RETURN(std::string onnx, ExportOnnx(benchmark::NetworkPrefix(excerpt, layers)));
      model::v1::MeasuredNetwork* one = set.add_measurements();
      one->set_name(options.black_box ? benchmark::CutKey(excerpts[i]->key, layers) : excerpts[i]->key);
      one->set_use(model::v1::MEASUREMENT_USE_EXCERPT);
      one->mutable_network()->set_onnx_model(std::move(onnx));
      one->set_flush_bytes(excerpts[i]->flush_bytes);
      measure(one, !options.black_box);
    }
    if (i % 100 == 99)
      std::fprintf(stderr, "%zu of %zu excerpts, %zu of %zu networks\n", i + 1, excerpts.size(), turn, turns);
  }
  return set;
}

}  // namespace latimer
