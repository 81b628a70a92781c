#include "tests/accuracy/measurement_set/set_fit.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/benchmark/excerpt_cuts.h"
#include "core/estimation/estimator.h"
#include "core/evaluation/measured_pace.h"
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

double PaceOf(const model::v1::MeasurementSet& set) {
  std::vector<double> pass_ns;
  for (const model::v1::MeasuredNetwork& one : set.measurements()) {
    pass_ns.push_back(one.measurement().timing().pass_ns());
  }
  return CommonPassNs(std::move(pass_ns));
}

// A network with all its measurements; not empty.
using Repetitions = std::vector<const model::v1::MeasuredNetwork*>;

std::map<std::string, Repetitions> NetworksOf(const model::v1::MeasurementSet& set, model::v1::MeasurementUse use) {
  std::map<std::string, Repetitions> networks;
  for (const model::v1::MeasuredNetwork& one : set.measurements()) {
    if (one.use() == use && one.measurement().has_timing()) networks[one.name()].push_back(&one);
  }
  return networks;
}

struct Measured {
  double median_ms = 0;
  double noise_floor = 0;  // see JudgedNetwork
};

// At the pace of `pass_ns`; 0: as they were measured.
Measured Summarize(const Repetitions& repetitions, double pass_ns, double exponent) {
  std::vector<double> ms;
  for (const model::v1::MeasuredNetwork* one : repetitions) {
    const v1::Timing& timing = one->measurement().timing();
    ms.push_back(timing.median_ms() * PaceFactor(timing.pass_ns(), pass_ns, exponent));
  }
  Measured measured;
  measured.noise_floor = ms.size() > 1 ? std::abs(ms[1] / ms[0] - 1) : 0;
  std::sort(ms.begin(), ms.end());
  measured.median_ms = (ms[(ms.size() - 1) / 2] + ms[ms.size() / 2]) / 2;
  return measured;
}

// Cut excerpts of a set without reports.
absl::StatusOr<std::vector<fitting::CutExcerpt>> CutExcerptsOf(const model::v1::MeasurementSet& set, int excerpts,
                                                               double pass_ns) {
  fitting::CutCollector all;
  for (const model::v1::MeasuredNetwork& one : set.measurements()) {
    if (one.use() != model::v1::MEASUREMENT_USE_EXCERPT || !one.measurement().has_timing()) continue;
    const std::string name(benchmark::ExcerptOfCut(one.name()));
    if (excerpts > 0 && static_cast<int>(all.size()) >= excerpts && !all.Has(name)) break;
    LATIMER_ASSIGN_OR_RETURN(Network network, ReadNetwork(one.network()));
    const v1::Timing& timing = one.measurement().timing();
    const double factor = PaceFactor(timing.pass_ns(), pass_ns, kUsualPaceExponent);
    all.Add(name, {std::move(network), factor * timing.median_ms() / 1e3, timing.median_spread()},
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

void ForgetPace(model::v1::MeasurementSet* set) {
  for (model::v1::MeasuredNetwork& one : *set->mutable_measurements()) {
    one.mutable_measurement()->clear_layers_pass_ns();
    if (one.measurement().has_timing()) one.mutable_measurement()->mutable_timing()->clear_pass_ns();
  }
}

PaceOfSet DescribePace(const model::v1::MeasurementSet& set) {
  PaceOfSet pace;
  std::vector<double> passes;
  for (const model::v1::MeasuredNetwork& one : set.measurements()) {
    if (one.measurement().timing().pass_ns() > 0) passes.push_back(one.measurement().timing().pass_ns());
  }
  if (passes.empty()) return pace;
  std::sort(passes.begin(), passes.end());
  const auto quantile = [&](double share) {
    return passes[static_cast<size_t>(share * static_cast<double>(passes.size() - 1))];
  };
  pace.low_ns = quantile(0.05);
  pace.median_ns = quantile(0.5);
  pace.high_ns = quantile(0.95);
  double xx = 0;
  double xy = 0;
  double yy = 0;
  for (const auto use : {model::v1::MEASUREMENT_USE_NETWORK, model::v1::MEASUREMENT_USE_VALIDATION}) {
    for (const auto& [name, repetitions] : NetworksOf(set, use)) {
      double mean_x = 0;
      double mean_y = 0;
      std::vector<std::pair<double, double>> logs;
      for (const model::v1::MeasuredNetwork* one : repetitions) {
        const v1::Timing& timing = one->measurement().timing();
        if (!(timing.pass_ns() > 0) || !(timing.median_ms() > 0)) continue;
        const auto& [x, y] = logs.emplace_back(std::log(timing.pass_ns()), std::log(timing.median_ms()));
        mean_x += x;
        mean_y += y;
      }
      for (const auto& [x, y] : logs) {
        const double from_x = x - mean_x / static_cast<double>(logs.size());
        const double from_y = y - mean_y / static_cast<double>(logs.size());
        xx += from_x * from_x;
        xy += from_x * from_y;
        yy += from_y * from_y;
      }
    }
  }
  if (xx > 0 && yy > 0) pace.correlation = xy / std::sqrt(xx * yy);
  if (xx > 0) pace.exponent = xy / xx;
  return pace;
}

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
  base.set_pass_ns(PaceOf(set));
  for (const auto& [name, repetitions] : NetworksOf(set, model::v1::MEASUREMENT_USE_VALIDATION)) {
    LATIMER_ASSIGN_OR_RETURN(Network network, ReadNetwork(repetitions[0]->network()));
    // The exponents of types are not known yet.
    const Measured measured = Summarize(repetitions, base.pass_ns(), kUsualPaceExponent);
    input.validation.push_back({name, std::move(network), measured.median_ms / 1e3, base.pass_ns()});
  }
  if (!HasReports(set)) {
    LATIMER_ASSIGN_OR_RETURN(std::vector<fitting::CutExcerpt> cut, CutExcerptsOf(set, excerpts, base.pass_ns()));
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
  for (const auto& [name, repetitions] : NetworksOf(set, model::v1::MEASUREMENT_USE_NETWORK)) {
    LATIMER_ASSIGN_OR_RETURN(const Network network, ReadNetwork(repetitions[0]->network()));
    v1::NetworkEstimate estimate;
    EstimateSettings settings;
    settings.confidence = options.confidence;
    settings.model_kind = options.kind;
    LATIMER_RETURN_IF_ERROR(EstimateNetwork(network, *platform, settings, nullptr, &estimate));
    const v1::Latency& latency = estimate.latency();
    const Measured measured = Summarize(repetitions, estimate.pass_ns(), estimate.pace_exponent());
    judged.push_back({name,
                      {latency.estimate_ms(), latency.lower_ms(), latency.upper_ms(), measured.median_ms},
                      measured.noise_floor});
  }
  return judged;
}

}  // namespace latimer
