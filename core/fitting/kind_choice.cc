#include "core/fitting/kind_choice.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/status_macros.h"
#include "core/estimation/estimator.h"

namespace latimer::fitting {
namespace {

constexpr size_t kEnough = 8;          // networks and excerpts
constexpr double kClearly = 1;         // standard errors of the paired difference
constexpr double kNetworkWeight = 5;   // whole networks are what is asked for
constexpr double kLargestError = 2.3;  // in the logarithm; one network is one voice

struct Judged {
  double log_error = 0;  // absolute
  double weight = 1;
};

absl::Status JudgeOnNetworks(const std::vector<PacedNetwork>& networks, const PlatformModel& platform, ModelKind kind,
                             std::vector<Judged>* judged) {
  for (const PacedNetwork& sample : networks) {
    if (!(sample.seconds > 0) || !std::isfinite(sample.seconds)) continue;
    v1::NetworkEstimate estimate;
    EstimateSettings settings;
    settings.model_kind = kind;
    settings.with_units = false;
    LATIMER_RETURN_IF_ERROR(EstimateNetwork(*sample.network, platform, settings, nullptr, &estimate));
    const double seconds = std::max(1e-12, estimate.latency().estimate_ms() / 1e3);
    judged->push_back({std::min(kLargestError, std::abs(std::log(seconds / sample.seconds))), kNetworkWeight});
  }
  return absl::OkStatus();
}

void JudgeOnExcerpts(const FitResult& result, ModelKind kind, std::vector<Judged>* judged) {
  std::map<int, std::pair<double, double>> sums;  // predicted, measured
  for (const HeldOutPrediction& one : result.held_out) {
    if (one.group < 0) continue;
    const auto quality = result.types.find(one.unit_type);
    const ModelKind own = quality == result.types.end() ? ModelKind::kRoofline : quality->second.chosen;
    double seconds = kind == ModelKind::kAuto ? 0 : one.seconds[static_cast<size_t>(kind)];
    if (!(seconds > 0)) seconds = one.seconds[static_cast<size_t>(own)];
    auto& [predicted, measured] = sums[one.group];
    predicted += seconds;
    measured += std::sqrt(one.measured.lower_seconds * one.measured.upper_seconds);
  }
  for (const auto& [group, sum] : sums) {
    if (!(sum.first > 0 && sum.second > 0)) continue;
    judged->push_back({std::min(kLargestError, std::abs(std::log(sum.first / sum.second))), 1});
  }
}

}  // namespace

absl::Status ChooseKindOnNetworks(const std::vector<PacedNetwork>& networks, const PlatformModel& draft,
                                  FitResult& result) {
  std::vector<Judged> own;
  LATIMER_RETURN_IF_ERROR(JudgeOnNetworks(networks, draft, ModelKind::kAuto, &own));
  JudgeOnExcerpts(result, ModelKind::kAuto, &own);
  if (own.size() < kEnough) return absl::OkStatus();
  ModelKind best = ModelKind::kAuto;
  double most = 0;
  for (ModelKind kind : {ModelKind::kRefinedRoofline, ModelKind::kStatistical, ModelKind::kMixed}) {
    std::vector<Judged> other;
    LATIMER_RETURN_IF_ERROR(JudgeOnNetworks(networks, draft, kind, &other));
    JudgeOnExcerpts(result, kind, &other);
    double gain = 0;
    double squares = 0;
    double weights = 0;
    for (size_t i = 0; i < own.size(); ++i) {
      gain += own[i].weight * (own[i].log_error - other[i].log_error);
      weights += own[i].weight;
    }
    gain /= weights;
    for (size_t i = 0; i < own.size(); ++i) {
      squares += std::pow(own[i].weight * (own[i].log_error - other[i].log_error - gain) / weights, 2);
    }
    if (gain <= kClearly * std::sqrt(squares) || gain <= most) continue;
    most = gain;
    best = kind;
  }
  if (best == ModelKind::kAuto) return absl::OkStatus();
  for (model::v1::LayerModel& model : *result.model.mutable_layer_models()) {
    const bool has = best == ModelKind::kRefinedRoofline ? model.has_refined_roofline()
                     : best == ModelKind::kStatistical   ? model.statistical_trees() > 0
                                                         : model.mixed_trees() > 0;
    if (!has) continue;
    model.set_auto_kind(static_cast<v1::ModelKind>(best));
    const auto quality = result.types.find(model.unit_type());
    if (quality == result.types.end()) continue;
    quality->second.chosen = best;
    quality->second.mape[static_cast<size_t>(ModelKind::kAuto)] = quality->second.mape[static_cast<size_t>(best)];
  }
  return absl::OkStatus();
}

}  // namespace latimer::fitting
