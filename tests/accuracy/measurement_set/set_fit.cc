#include "tests/accuracy/measurement_set/set_fit.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/benchmark/excerpt_cuts.h"
#include "core/estimation/estimator.h"
#include "core/fitting/cut_collector.h"
#include "core/fitting/cut_excerpts.h"
#include "core/fitting/measured_excerpt.h"
#include "core/network/read_network.h"

namespace latimer {
namespace {

std::string Fact(const v1::Fingerprint& fingerprint, const std::string& name) {
  const auto found = fingerprint.facts().find(name);
  return found == fingerprint.facts().end() ? std::string("unknown") : found->second;
}

struct Measured {
  const model::v1::MeasuredNetwork* first = nullptr;
  double median_ms = 0;
  double noise_floor = 0;  // see JudgedNetwork
};

// The networks of one use, each with all its measurements, by name.
std::vector<Measured> NetworksOf(const model::v1::MeasurementSet& set, model::v1::MeasurementUse use) {
  std::map<std::string, std::pair<const model::v1::MeasuredNetwork*, std::vector<double>>> networks;
  for (const model::v1::MeasuredNetwork& one : set.measurements()) {
    if (one.use() != use || !one.measurement().has_timing()) continue;
    auto& [first, ms] = networks[one.name()];
    if (first == nullptr) first = &one;
    ms.push_back(one.measurement().timing().median_ms());
  }
  std::vector<Measured> all;
  for (auto& [name, entry] : networks) {
    auto& [first, ms] = entry;
    const double noise_floor = ms.size() > 1 ? std::abs(ms[1] / ms[0] - 1) : 0;
    std::sort(ms.begin(), ms.end());
    all.push_back({first, (ms[(ms.size() - 1) / 2] + ms[ms.size() / 2]) / 2, noise_floor});
  }
  return all;
}

// Cut excerpts of a set without reports.
absl::StatusOr<std::vector<fitting::CutExcerpt>> CutExcerptsOf(const model::v1::MeasurementSet& set, int excerpts) {
  fitting::CutCollector all;
  for (const model::v1::MeasuredNetwork& one : set.measurements()) {
    if (one.use() != model::v1::MEASUREMENT_USE_EXCERPT || !one.measurement().has_timing()) continue;
    const std::string name(benchmark::ExcerptOfCut(one.name()));
    if (excerpts > 0 && static_cast<int>(all.size()) >= excerpts && !all.Has(name)) break;
    LATIMER_ASSIGN_OR_RETURN(Network network, ReadNetwork(one.network()));
    const v1::Timing& timing = one.measurement().timing();
    all.Add(name, {std::move(network), timing.median_ms() / 1e3, timing.median_spread()},
            static_cast<double>(one.flush_bytes()));
  }
  return all.Take();
}

bool HasReports(const model::v1::MeasurementSet& set) {
  return std::any_of(set.measurements().begin(), set.measurements().end(), [](const auto& one) {
    return one.use() == model::v1::MEASUREMENT_USE_EXCERPT && one.measurement().layers_size() > 0;
  });
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
  for (const Measured& one : NetworksOf(set, model::v1::MEASUREMENT_USE_VALIDATION)) {
    LATIMER_ASSIGN_OR_RETURN(Network network, ReadNetwork(one.first->network()));
    input.validation.push_back({one.first->name(), std::move(network), one.median_ms / 1e3});
  }
  if (!HasReports(set)) {
    LATIMER_ASSIGN_OR_RETURN(std::vector<fitting::CutExcerpt> cut, CutExcerptsOf(set, excerpts));
    input.excerpts = fitting::SplitCutExcerpts(std::move(cut), base);
    return input;
  }
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
                                                   const model::v1::PlatformModel& model, const JudgeOptions& options) {
  LATIMER_ASSIGN_OR_RETURN(const auto platform, PlatformModel::Create(model));
  std::vector<JudgedNetwork> judged;
  for (const Measured& measured : NetworksOf(set, model::v1::MEASUREMENT_USE_NETWORK)) {
    LATIMER_ASSIGN_OR_RETURN(const Network network, ReadNetwork(measured.first->network()));
    v1::NetworkEstimate estimate;
    EstimateSettings settings;
    settings.confidence = options.confidence;
    settings.model_kind = options.kind;
    LATIMER_RETURN_IF_ERROR(EstimateNetwork(network, *platform, settings, nullptr, &estimate));
    const v1::Latency& latency = estimate.latency();
    judged.push_back({measured.first->name(),
                      {latency.estimate_ms(), latency.lower_ms(), latency.upper_ms(), measured.median_ms},
                      measured.noise_floor});
  }
  return judged;
}

}  // namespace latimer
