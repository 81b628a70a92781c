// latimer-microbench: what each stage of an estimate costs on one core, without gRPC.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/estimation/estimator.h"
#include "core/mapping/mapper.h"
#include "core/network/network_proto.h"
#include "core/network/onnx/onnx_import.h"
#include "core/network/read_network.h"
#include "core/network/simplify.h"
#include "google/protobuf/arena.h"
#include "server/allocator.h"
#include "server/catalog.h"
#include "tests/bench/nb201.h"
#include "tests/bench/onnx_networks.h"

namespace latimer::bench {
namespace {

using google::protobuf::Arena;

constexpr char kPlatform[] = "zcu102-dnndk";
constexpr int kBusyCell = 11'718;  // convolutions on most edges: the largest kind of cell

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  std::cerr << "latimer-microbench: " << value.status().message() << "\n";
  std::exit(1);
}

struct Subject {
  const char* name;
  v1::NetworkSource source;
};

const std::vector<Subject>& Subjects() {
  static const auto* const kSubjects = [] {
    auto* subjects = new std::vector<Subject>(5);
    std::vector<Subject>& all = *subjects;
    all[0].name = "nas_cell";
    *all[0].source.mutable_network() = MakeNb201Network(MakeNb201Cell(kBusyCell));
    all[1].name = "resnet18_onnx";
    all[1].source.set_onnx_model(MakeResNet18());
    all[2].name = "resnet18_compact";
    *all[2].source.mutable_network() = NetworkToProto(Must(ImportOnnx(MakeResNet18())));
    all[3].name = "mobilenetv2_onnx";
    all[3].source.set_onnx_model(MakeMobileNetV2());
    all[4].name = "mobilenetv2_compact";
    *all[4].source.mutable_network() = NetworkToProto(Must(ImportOnnx(MakeMobileNetV2())));
    return subjects;
  }();
  return *kSubjects;
}

const PlatformModel& Platform() {
  static const auto* const kCatalog =
      new std::shared_ptr<const server::Catalog>(Must(server::LoadCatalog({Must(server::FindPlatformsDir())})));
  static const auto* const kModel =
      new std::shared_ptr<const PlatformModel>(Must((*kCatalog)->Find(kPlatform, "platform")));
  return **kModel;
}

// The message off the wire, on an arena as in the server.
void Parse(benchmark::State& state, const Subject& subject) {
  const std::string bytes = subject.source.SerializeAsString();
  for (auto _ : state) {
    Arena arena;
    auto* source = Arena::CreateMessage<v1::NetworkSource>(&arena);
    benchmark::DoNotOptimize(source->ParseFromString(bytes));
  }
  state.counters["bytes"] = static_cast<double>(bytes.size());
}

absl::StatusOr<Network> Import(const v1::NetworkSource& source) {
  return source.has_onnx_model() ? ImportOnnx(source.onnx_model()) : NetworkFromProto(source.network());
}

// To a Network, before simplification; for ONNX with parsing of the model.
void ImportStage(benchmark::State& state, const Subject& subject) {
  for (auto _ : state) benchmark::DoNotOptimize(Must(Import(subject.source)));
  state.counters["layers"] = static_cast<double>(Must(Import(subject.source)).layers.size());
}

// Simplify() consumes its network; the import before it is not timed.
void SimplifyStage(benchmark::State& state, const Subject& subject) {
  constexpr size_t kBatch = 64;
  std::vector<Network> networks(kBatch);
  size_t next = kBatch;
  for (auto _ : state) {
    if (next == kBatch) {
      state.PauseTiming();
      for (Network& network : networks) network = Must(Import(subject.source));
      next = 0;
      state.ResumeTiming();
    }
    networks[next] = Simplify(std::move(networks[next]));
    ++next;
  }
}

void MapStage(benchmark::State& state, const Subject& subject) {
  const Network network = Must(ReadNetwork(subject.source));
  for (auto _ : state) benchmark::DoNotOptimize(MapNetwork(network, Platform()));
  state.counters["units"] = static_cast<double>(MapNetwork(network, Platform()).units.size());
}

// With mapping, into a message on an arena.
void EstimateStage(benchmark::State& state, const Subject& subject, bool with_units) {
  const Network network = Must(ReadNetwork(subject.source));
  EstimateSettings settings;
  settings.with_units = with_units;
  for (auto _ : state) {
    Arena arena;
    auto* result = Arena::CreateMessage<v1::NetworkEstimate>(&arena);
    if (!EstimateNetwork(network, Platform(), settings, nullptr, result).ok()) state.SkipWithError("no estimate");
  }
}

void SerializeStage(benchmark::State& state, const Subject& subject) {
  const Network network = Must(ReadNetwork(subject.source));
  v1::NetworkEstimate result;
  if (!EstimateNetwork(network, Platform(), {}, nullptr, &result).ok()) state.SkipWithError("no estimate");
  std::string bytes;
  for (auto _ : state) benchmark::DoNotOptimize(result.SerializeToString(&bytes));
  state.counters["bytes"] = static_cast<double>(bytes.size());
}

// Everything between the request's bytes and the answer's.
void Whole(benchmark::State& state, const Subject& subject, bool with_units) {
  const std::string bytes = subject.source.SerializeAsString();
  EstimateSettings settings;
  settings.with_units = with_units;
  std::string answer;
  for (auto _ : state) {
    Arena arena;
    auto* source = Arena::CreateMessage<v1::NetworkSource>(&arena);
    benchmark::DoNotOptimize(source->ParseFromString(bytes));
    const Network network = Must(ReadNetwork(*source));
    auto* result = Arena::CreateMessage<v1::NetworkEstimate>(&arena);
    if (!EstimateNetwork(network, Platform(), settings, nullptr, result).ok()) state.SkipWithError("no estimate");
    benchmark::DoNotOptimize(result->SerializeToString(&answer));
  }
}

template <typename Function, typename... Arguments>
void Register(const char* stage, const Subject& subject, Function function, Arguments... arguments) {
  benchmark::RegisterBenchmark((std::string(stage) + "/" + subject.name).c_str(),
                               [=, &subject](benchmark::State& state) { function(state, subject, arguments...); });
}

void RegisterAll() {
  for (const Subject& subject : Subjects()) {
    Register("parse", subject, Parse);
    Register("import", subject, ImportStage);
    Register("simplify", subject, SimplifyStage);
    Register("map", subject, MapStage);
    Register("estimate_summary", subject, EstimateStage, false);
    Register("estimate_full", subject, EstimateStage, true);
    Register("serialize", subject, SerializeStage);
    Register("whole_summary", subject, Whole, false);
    Register("whole_full", subject, Whole, true);
  }
}

}  // namespace
}  // namespace latimer::bench

// Nine repetitions, their median and spread, unless the flags of Google Benchmark say otherwise.
int main(int argc, char** argv) {
  latimer::server::KeepFreedMemory();
  std::vector<std::string> words = {argv[0], "--benchmark_repetitions=9", "--benchmark_report_aggregates_only=true",
                                    "--benchmark_min_time=0.02"};
  words.insert(words.end(), argv + 1, argv + argc);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  int count = static_cast<int>(arguments.size());
  latimer::bench::RegisterAll();
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
