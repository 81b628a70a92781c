#include "tests/accuracy/choosing/simulated_campaign.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "backends/simulated/simulator.h"
#include "core/base/status_macros.h"
#include "core/benchmark/excerpt_cuts.h"
#include "core/benchmark/smart_padding.h"
#include "core/fitting/cut_collector.h"
#include "core/network/network_proto.h"
#include "core/network/onnx/onnx_export.h"
#include "core/network/onnx/onnx_import.h"
#include "core/network/simplify.h"

namespace latimer {
namespace {

using benchmark::MeasurementKind;

constexpr double kRunsOfAMedian = 20;
constexpr double kFewestRuns = 5;
constexpr double kMedian = 1.25;  // its deviation, in deviations of a mean

}  // namespace

double SimulatedCampaign::TrueSeconds(const Network& network) const {
  return simulated::Simulate(network, board_).total_seconds;
}

double SimulatedCampaign::Measured(const Network& network, double spread) {
  const double normal = std::sqrt(-2 * std::log(1 - random_.Uniform())) * std::cos(6.283185307 * random_.Uniform());
  return TrueSeconds(network) * std::exp(spread * normal);
}

absl::Status SimulatedCampaign::MeasureCut(const benchmark::PlannedMeasurement& cut) {
  Result& result = results_.emplace_back();
  result.kind = cut.kind;
  result.name = cut.key;
  LATIMER_ASSIGN_OR_RETURN(result.onnx, ExportOnnx(cut.subject));
  LATIMER_ASSIGN_OR_RETURN(Network network, ImportOnnx(result.onnx));
  network = Simplify(std::move(network));
  // As an agent counts runs: until the spread is reached, or the time is over.
  const double runs = std::max(kFewestRuns, benchmark::kSecondsOfCuts / TrueSeconds(network));
  result.spread = std::max(benchmark::kSpreadOfCuts, kMedian * board_.noise_sigma / std::sqrt(runs));
  result.seconds = Measured(network, result.spread);
  return absl::OkStatus();
}

absl::Status SimulatedCampaign::Measure(const std::vector<benchmark::PlannedMeasurement>& planned) {
  for (const benchmark::PlannedMeasurement& one : planned) {
    if (one.kind == MeasurementKind::kExcerpt) return absl::UnimplementedError("the simulator is a black box here");
    keys_.insert(one.key);
    if (one.kind == MeasurementKind::kExcerptCut) {
      LATIMER_RETURN_IF_ERROR(MeasureCut(one));
      continue;
    }
    const double seconds = Measured(one.runs(), kMedian * board_.noise_sigma / std::sqrt(kRunsOfAMedian));
    results_.push_back({one.kind, one.key, NetworkToProto(one.subject), seconds});
  }
  return absl::OkStatus();
}

absl::StatusOr<fitting::FitResult> SimulatedCampaign::Fit() const {
  fitting::FitInput input;
  model::v1::PlatformModel& base = input.base;
  base.set_format_version(1);
  base.set_id("simulated");
  base.set_version("1");
  base.set_display_name(board_.name);
  base.set_hardware(board_.hardware);
  base.set_toolchain("simulated");
  base.set_precision("INT8");
  base.set_activation_bits(board_.activation_bits);
  base.set_weight_bits(board_.weight_bits);
  base.set_description("simulated");
  base.set_create_date("2026-01-01");
  base.set_simulated(true);
  benchmark::PaddingTable table;
  for (const Result& result : results_) {
    if (result.kind != MeasurementKind::kPaddingOnly) continue;
    table.AddKey(result.name, result.seconds);
    LATIMER_ASSIGN_OR_RETURN(Network network, NetworkFromProto(result.network));
    input.paddings.push_back({std::move(network), result.seconds});
  }
  fitting::CutCollector cuts;
  for (const Result& result : results_) {
    if (result.kind == MeasurementKind::kPaddingOnly) continue;
    if (result.kind == MeasurementKind::kExcerptCut) {
      LATIMER_ASSIGN_OR_RETURN(Network cut, ImportOnnx(result.onnx));
      cuts.Add(std::string(benchmark::ExcerptOfCut(result.name)),
               {Simplify(std::move(cut)), result.seconds, result.spread}, 0);
      continue;
    }
    LATIMER_ASSIGN_OR_RETURN(Network network, NetworkFromProto(result.network));
    if (result.kind == MeasurementKind::kValidation) {
      input.validation.push_back({result.name, Simplify(std::move(network)), result.seconds});
      continue;
    }
    const absl::StatusOr<benchmark::TimeInterval> interval = table.SubjectTime(network, result.seconds);
    if (!interval.ok()) continue;
    fitting::Sample& sample = input.samples.emplace_back();
    sample.subject = std::move(network);
    sample.seconds = *interval;
    sample.relative_spread = board_.noise_sigma / std::sqrt(kRunsOfAMedian);
  }
  input.excerpts = fitting::SplitCutExcerpts(cuts.Take(), base);
  return fitting::FitPlatform(input);
}

}  // namespace latimer
