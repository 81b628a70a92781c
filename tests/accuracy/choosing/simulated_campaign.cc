#include "tests/accuracy/choosing/simulated_campaign.h"

#include <cmath>
#include <utility>

#include "backends/simulated/simulator.h"
#include "core/base/status_macros.h"
#include "core/benchmark/smart_padding.h"
#include "core/network/network_proto.h"
#include "core/network/simplify.h"

namespace latimer {
namespace {

using benchmark::MeasurementKind;

constexpr double kRunsOfAMedian = 20;

}  // namespace

double SimulatedCampaign::TrueSeconds(const Network& network) const {
  return simulated::Simulate(network, board_).total_seconds;
}

double SimulatedCampaign::Measured(const Network& network) {
  const double normal = std::sqrt(-2 * std::log(1 - random_.Uniform())) * std::cos(6.283185307 * random_.Uniform());
  return TrueSeconds(network) * std::exp(1.25 * board_.noise_sigma / std::sqrt(kRunsOfAMedian) * normal);
}

absl::Status SimulatedCampaign::Measure(const std::vector<benchmark::PlannedMeasurement>& planned) {
  for (const benchmark::PlannedMeasurement& one : planned) {
    if (one.kind == MeasurementKind::kExcerpt) return absl::UnimplementedError("the simulator is a black box here");
    keys_.insert(one.key);
    results_.push_back({one.kind, one.key, NetworkToProto(one.subject), Measured(one.runs())});
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
  for (const Result& result : results_) {
    if (result.kind == MeasurementKind::kPaddingOnly) continue;
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
  return fitting::FitPlatform(input);
}

}  // namespace latimer
