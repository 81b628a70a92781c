#include "core/fitting/judge.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/estimation/estimator.h"
#include "core/evaluation/statistics.h"
#include "core/fitting/layer_fit.h"
#include "core/fitting/network_calibration.h"

namespace latimer::fitting {
namespace {

constexpr double kLargestError = 50;
constexpr size_t kEnoughNetworks = 3;
constexpr double kPriorNetworks = 1;
constexpr size_t kEnoughExcerpts = 30;
constexpr double kNetworkWeight = 5;

// Error of the layer models of that kind, for where there are few networks to judge on: a mean over samples in the
// logarithm, since types that hide in their padding have errors of any size and cost next to nothing.
double LayerError(const model::v1::PlatformModel& model, ModelKind kind) {
  double sum = 0;
  double weight = 0;
  for (const model::v1::LayerModel& layer : model.layer_models()) {
    for (const v1::Accuracy& accuracy : layer.accuracy()) {
      if (accuracy.model_kind() != static_cast<v1::ModelKind>(kind)) continue;
      sum += static_cast<double>(accuracy.samples()) * std::log1p(accuracy.mape());
      weight += static_cast<double>(accuracy.samples());
    }
  }
  return weight > 0 ? std::expm1(sum / weight) : 1;
}

// |log(predicted / measured)| of whole excerpts, predicted by models that were fitted to others.
std::vector<double> ExcerptErrors(const FitResult& result, ModelKind kind) {
  struct Sum {
    double predicted = 0;
    double measured = 0;
  };
  std::map<int, Sum> sums;
  for (const HeldOutPrediction& one : result.held_out) {
    if (one.group < 0) continue;
    const auto quality = result.types.find(one.unit_type);
    const ModelKind chosen = quality == result.types.end() ? ModelKind::kRoofline : quality->second.chosen;
    // As an estimate falls back where a type has no model of the kind.
    double predicted = kind == ModelKind::kAuto ? 0 : one.seconds[static_cast<size_t>(kind)];
    if (!(predicted > 0)) predicted = one.seconds[static_cast<size_t>(chosen)];
    Sum& sum = sums[one.group];
    sum.predicted += predicted;
    sum.measured += std::sqrt(one.measured.lower_seconds * one.measured.upper_seconds);
  }
  std::vector<double> errors;
  for (const auto& [group, sum] : sums) {
    if (sum.predicted > 0 && sum.measured > 0) errors.push_back(std::abs(std::log(sum.predicted / sum.measured)));
  }
  return errors;
}

}  // namespace

absl::Status JudgeNetworks(const std::vector<PacedNetwork>& networks, FitResult& result) {
  constexpr ModelKind kKinds[] = {ModelKind::kRoofline, ModelKind::kRefinedRoofline, ModelKind::kStatistical,
                                  ModelKind::kMixed, ModelKind::kAuto};
  for (ModelKind kind : kKinds) {
    if (kind == ModelKind::kAuto) continue;
    model::v1::ErrorSpread& spread = (*result.model.mutable_network_error())[std::string(ModelKindName(kind))];
    spread.set_mean_absolute_relative_error(std::clamp(LayerError(result.model, kind), 1e-3, kLargestError));
    spread.set_source("mean of the layer models' cross-validated errors over samples");
  }
  LATIMER_ASSIGN_OR_RETURN(const auto platform, PlatformModel::Create(result.model));
  for (ModelKind kind : kKinds) {
    std::vector<double> estimated;
    std::vector<double> measured;
    double relative = 0;
    double log = 0;
    for (const PacedNetwork& sample : networks) {
      if (!(sample.seconds > 0) || !std::isfinite(sample.seconds)) continue;
      v1::NetworkEstimate estimate;
      EstimateSettings settings;
      settings.model_kind = kind;
      settings.with_units = false;
      LATIMER_RETURN_IF_ERROR(EstimateNetwork(*sample.network, *platform, settings, nullptr, &estimate));
      estimated.push_back(std::max(1e-12, estimate.latency().estimate_ms() / 1e3));
      measured.push_back(sample.seconds);
      relative += std::abs(estimated.back() / sample.seconds - 1);
      log += std::abs(std::log(estimated.back() / sample.seconds));
    }
    const std::vector<double> excerpts = ExcerptErrors(result, kind);
    if (excerpts.size() >= kEnoughExcerpts && kind != ModelKind::kAuto) {
      // Many of them, none fitted when it was predicted. Whole networks count more: they are what is asked for.
      double sum = kNetworkWeight * log;
      for (double error : excerpts) sum += error;
      model::v1::ErrorSpread& spread = (*result.model.mutable_network_error())[std::string(ModelKindName(kind))];
      const double weights =
          static_cast<double>(excerpts.size()) + kNetworkWeight * static_cast<double>(estimated.size());
      spread.set_mean_absolute_relative_error(std::clamp(SpreadOf(sum / weights), 1e-3, kLargestError));
      spread.set_source(absl::StrCat(excerpts.size(), " held-out excerpts and ", estimated.size(),
                                     " validation networks, never fitted"));
    }
    if (estimated.empty()) continue;
    const auto count = static_cast<double>(estimated.size());
    result.validation_mape[static_cast<size_t>(kind)] = relative / count;
    if (kind == ModelKind::kAuto) {
      result.validation_spearman = SpearmanCorrelation(estimated, measured).value_or(0);
      continue;
    }
    if (estimated.size() < kEnoughNetworks) continue;
    model::v1::ErrorSpread& spread = (*result.model.mutable_network_error())[std::string(ModelKindName(kind))];
    // Networks of callers are more varied than the few measured ones: the layers' own errors weigh as one more.
    if (excerpts.size() < kEnoughExcerpts) {
      const double prior = std::log1p(spread.mean_absolute_relative_error());
      spread.set_mean_absolute_relative_error(
          std::clamp(SpreadOf(FewNetworksFactor(count) * (log + kPriorNetworks * prior) / (count + kPriorNetworks)),
                     1e-3, kLargestError));
      spread.set_source(absl::StrCat(estimated.size(), " validation networks, never fitted, and the layers' errors"));
    }
    v1::Accuracy* accuracy = result.model.add_network_accuracy();
    accuracy->set_model_kind(static_cast<v1::ModelKind>(kind));
    accuracy->set_subject("network");
    accuracy->set_mape(std::clamp(relative / count, 1e-6, kLargestError));
    accuracy->set_samples(static_cast<int64_t>(estimated.size()));
    accuracy->set_source(spread.source());
  }
  return CalibrateNetworks(networks, result);
}

}  // namespace latimer::fitting
