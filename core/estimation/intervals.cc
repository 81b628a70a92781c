#include "core/estimation/intervals.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace latimer {
namespace {

constexpr double kMillisecondsPerSecond = 1e3;
constexpr double kLargestLogFactor = 50;  // intervals stay finite
// Beyond these a unit's interval is called wide for the reason named.
constexpr float kFarDistance = 1.5F;
constexpr float kWideScale = 1.5F;

constexpr size_t kMostAdvice = 5;
constexpr size_t kMostLayersNamed = 20;
constexpr double kLeastShare = 0.03;
constexpr double kUsualCorrelation = 0.5;

v1::IntervalReason ReasonOf(const PlatformModel& platform, const UnitTime& time, bool type_fallback) {
  if (!platform.definition().calibrated_intervals()) return v1::INTERVAL_REASON_UNSPECIFIED;
  if (type_fallback) return v1::INTERVAL_REASON_NO_MEASUREMENTS;
  if (time.distance > kFarDistance) return v1::INTERVAL_REASON_COVERAGE;
  if (time.error_scale > kWideScale) return v1::INTERVAL_REASON_VARIANCE;
  return v1::INTERVAL_REASON_TYPICAL;
}

std::string ShapeText(const v1::Shape& shape) { return absl::StrJoin(shape.dims(), "x"); }

// "kernel 3x3, stride 2x2, 1x64x56x56 -> 1x128x28x28".
std::string SizesText(const v1::UnitEstimate& unit) {
  std::vector<std::string> parts;
  if (unit.kernel_size() > 0) parts.push_back("kernel " + absl::StrJoin(unit.kernel(), "x"));
  if (std::any_of(unit.stride().begin(), unit.stride().end(), [](int64_t s) { return s > 1; })) {
    parts.push_back("stride " + absl::StrJoin(unit.stride(), "x"));
  }
  if (unit.groups() > 1) parts.push_back(absl::StrCat(unit.groups(), " groups"));
  if (unit.input_shapes_size() > 0 && unit.output_shapes_size() > 0) {
    parts.push_back(absl::StrCat(ShapeText(unit.input_shapes(0)), " -> ", ShapeText(unit.output_shapes(0))));
  }
  return absl::StrJoin(parts, ", ");
}

const char* WhatToDo(v1::IntervalReason reason) {
  switch (reason) {
    case v1::INTERVAL_REASON_NO_MEASUREMENTS:
      return "no layer of this type was measured; a campaign with such layers is needed";
    case v1::INTERVAL_REASON_COVERAGE:
      return "they lie far from every measured layer; measure some of such sizes";
    case v1::INTERVAL_REASON_VARIANCE:
      return "measurements of such layers scatter or models of them disagree; measure more of them";
    default:
      return "they are estimated as well as others of their type; only more measurements of the type help";
  }
}

struct Group {
  std::vector<int> units;
  double share = 0;
};

}  // namespace

double NetworkFactor(const PlatformModel& platform, ModelKind asked, ModelKind most_refined, double level,
                     const confidence::ErrorSum& errors, double total_seconds) {
  const ModelKind kind = asked == ModelKind::kUnspecified ? ModelKind::kAuto : asked;
  const confidence::NetworkConfidence* network = platform.network_confidence(kind);
  // Published errors of networks are those of a kind with the roofline as fallback.
  if (network == nullptr) return platform.network_error(most_refined).Factor(level);
  return network->Factor(level, errors, total_seconds);
}

IntervalWriter::IntervalWriter(const PlatformModel& platform, ModelKind asked, double level)
    : platform_(platform),
      network_(platform.network_confidence(asked == ModelKind::kUnspecified ? ModelKind::kAuto : asked)),
      level_(level),
      quantiles_(platform.unit_type_count() * kNumModelKinds, -1) {}

void IntervalWriter::WriteUnit(const UnitTypeModels& models, ModelKind kind, const UnitTime& time, uint8_t unit_type,
                               bool type_fallback, v1::UnitEstimate* to) {
  double& quantile = quantiles_[unit_type * kNumModelKinds + static_cast<size_t>(kind)];
  if (quantile < 0) quantile = models.scores[static_cast<size_t>(kind)].Quantile(level_);
  const double factor = std::exp(std::min(kLargestLogFactor, static_cast<double>(time.error_scale) * quantile));
  const double ms = time.seconds * kMillisecondsPerSecond;
  v1::Latency* latency = to->mutable_latency();
  latency->set_estimate_ms(ms);
  latency->set_lower_ms(ms / factor);
  latency->set_upper_ms(ms * factor);
  to->set_interval_reason(ReasonOf(platform_, time, type_fallback));
  deviations_.push_back(time.seconds * std::min(LogDeviation(models, kind, time), confidence::kMostLogDeviation));
}

void IntervalWriter::WriteShares(const confidence::ErrorSum& errors, double total_seconds,
                                 v1::NetworkEstimate* result) const {
  static const confidence::NetworkConfidence kUncalibrated(kUsualCorrelation, 0, {});
  const confidence::NetworkConfidence& network = network_ != nullptr ? *network_ : kUncalibrated;
  std::vector<Group> groups;
  const bool advises = platform_.definition().calibrated_intervals();
  for (int i = 0; i < result->units_size() && i < static_cast<int>(deviations_.size()); ++i) {
    v1::UnitEstimate* unit = result->mutable_units(i);
    const double share = network.VarianceShare(deviations_[static_cast<size_t>(i)], errors, total_seconds);
    unit->set_variance_share(share);
    if (!advises) continue;
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const Group& group) {
      const v1::UnitEstimate& first = result->units(group.units[0]);
      return first.interval_reason() == unit->interval_reason() && first.unit_type() == unit->unit_type();
    });
    Group& group = same == groups.end() ? groups.emplace_back() : *same;
    group.units.push_back(i);
    group.share += share;
  }
  std::stable_sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) { return a.share > b.share; });
  for (Group& group : groups) {
    if (static_cast<size_t>(result->measure_next_size()) >= kMostAdvice || group.share < kLeastShare) break;
    std::stable_sort(group.units.begin(), group.units.end(), [&](int a, int b) {
      return result->units(a).variance_share() > result->units(b).variance_share();
    });
    const v1::UnitEstimate& first = result->units(group.units[0]);
    v1::MeasurementAdvice* advice = result->add_measure_next();
    advice->set_unit_type(first.unit_type());
    advice->set_layer_type(first.layer_type());
    for (size_t i = 0; i < std::min(group.units.size(), kMostLayersNamed); ++i) {
      advice->add_layers(result->units(group.units[i]).name());
    }
    advice->set_count(static_cast<int64_t>(group.units.size()));
    advice->set_variance_share(std::min(1.0, group.share));
    advice->set_reason(first.interval_reason());
    advice->set_message(absl::StrCat(group.units.size(), " ", first.unit_type(),
                                     group.units.size() == 1 ? " unit" : " units", " (first of all ", SizesText(first),
                                     "): ", WhatToDo(first.interval_reason())));
  }
}

}  // namespace latimer
