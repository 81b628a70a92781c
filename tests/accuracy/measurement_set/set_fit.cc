#include "tests/accuracy/measurement_set/set_fit.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/estimation/estimator.h"
#include "core/fitting/measured_excerpt.h"
#include "core/network/read_network.h"

namespace latimer {
namespace {

std::string Fact(const v1::Fingerprint& fingerprint, const std::string& name) {
  const auto found = fingerprint.facts().find(name);
  return found == fingerprint.facts().end() ? std::string("unknown") : found->second;
}

}  // namespace

absl::StatusOr<fitting::FitInput> FitInputOf(const model::v1::MeasurementSet& set, int excerpts) {
  fitting::FitInput input;
  model::v1::PlatformModel& base = input.base;
  base.set_format_version(1);
  base.set_id("set");
  base.set_version("1");
  base.set_display_name(set.description());
  base.set_hardware(Fact(set.fingerprint(), "cpu"));
  base.set_toolchain(Fact(set.fingerprint(), "toolchain"));
  base.set_precision("FP32");
  base.set_activation_bits(32);
  base.set_weight_bits(32);
  base.set_description(set.description());
  base.set_create_date("2026-01-01");
  base.set_simulated(set.fingerprint().simulated());
  for (const model::v1::MeasuredNetwork& one : set.measurements()) {
    if (one.use() != model::v1::MEASUREMENT_USE_EXCERPT) continue;
    if (excerpts > 0 && static_cast<int>(input.excerpts.size()) >= excerpts) break;
    LATIMER_ASSIGN_OR_RETURN(Network network, ReadNetwork(one.network()));
    absl::StatusOr<fitting::ExcerptSample> excerpt =
        fitting::MakeExcerpt(std::move(network), one.measurement(), static_cast<double>(one.flush_bytes()));
    if (excerpt.ok()) input.excerpts.push_back(*std::move(excerpt));
  }
  return input;
}

absl::StatusOr<std::vector<JudgedNetwork>> JudgeOn(const model::v1::MeasurementSet& set,
                                                   const model::v1::PlatformModel& model, double confidence) {
  LATIMER_ASSIGN_OR_RETURN(const auto platform, PlatformModel::Create(model));
  struct Measured {
    const model::v1::MeasuredNetwork* first = nullptr;
    std::vector<double> ms;
  };
  std::map<std::string, Measured> networks;
  for (const model::v1::MeasuredNetwork& one : set.measurements()) {
    if (one.use() != model::v1::MEASUREMENT_USE_NETWORK || !one.measurement().has_timing()) continue;
    Measured& measured = networks[one.name()];
    if (measured.first == nullptr) measured.first = &one;
    measured.ms.push_back(one.measurement().timing().median_ms());
  }
  std::vector<JudgedNetwork> judged;
  for (auto& [name, measured] : networks) {
    LATIMER_ASSIGN_OR_RETURN(const Network network, ReadNetwork(measured.first->network()));
    v1::NetworkEstimate estimate;
    EstimateSettings settings;
    settings.confidence = confidence;
    LATIMER_RETURN_IF_ERROR(EstimateNetwork(network, *platform, settings, nullptr, &estimate));
    JudgedNetwork& one = judged.emplace_back();
    one.name = name;
    if (measured.ms.size() > 1) one.noise_floor = std::abs(measured.ms[1] / measured.ms[0] - 1);
    std::sort(measured.ms.begin(), measured.ms.end());
    const size_t n = measured.ms.size();
    const v1::Latency& latency = estimate.latency();
    one.prediction = {latency.estimate_ms(), latency.lower_ms(), latency.upper_ms(),
                      (measured.ms[(n - 1) / 2] + measured.ms[n / 2]) / 2};
  }
  return judged;
}

}  // namespace latimer
