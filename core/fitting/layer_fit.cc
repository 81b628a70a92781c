#include "core/fitting/layer_fit.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/benchmark/random.h"
#include "core/fitting/additive_fit.h"
#include "core/fitting/boosted_trees.h"
#include "core/fitting/common_errors.h"
#include "core/fitting/family_calibration.h"
#include "core/model/tree_model.h"

namespace latimer::fitting {
namespace {

constexpr size_t kOwnAnalytical = 12;  // points a type needs for parameters of its own; below, it scales its family's
constexpr size_t kLeastForTrees = 16;  // points of a family
constexpr size_t kLeastForUnrolling = 24;
constexpr size_t kManyPoints = 2000;
constexpr double kBetterBy = 0.97;  // a more complex kind is taken when its error is that much smaller
constexpr double kMixedFor =
    0.9;  // and trees on the refined model are taken unless those on the roofline are so much better
constexpr double kLargestError = 50;

// Analytical models of one unit type.
struct Analytical {
  AnalyticalFit roofline;
  AnalyticalFit refined;
};
using AnalyticalByType = std::map<std::string, Analytical>;

AnalyticalFit Scaled(AnalyticalFit fit, double factor) {
  fit.peak /= factor;
  fit.bandwidth /= factor;
  fit.additive.reset();
  return fit;
}

// Shrunk weighted median of log(time / estimate).
double LogOffset(const std::vector<DataPoint>& points, const AnalyticalModel& model) {
  std::vector<std::pair<double, double>> residuals;
  double weights = 0;
  for (const DataPoint& point : points) {
    residuals.emplace_back(point.log_target - std::log(std::max(1e-12, model.Estimate(point.features).seconds)),
                           point.weight);
    weights += point.weight;
  }
  std::sort(residuals.begin(), residuals.end());
  double below = 0;
  for (const auto& [residual, weight] : residuals) {
    below += weight;
    if (2 * below >= weights)
      return residual * static_cast<double>(points.size()) / (static_cast<double>(points.size()) + 0.3);
  }
  return 0;
}

AnalyticalByType FitAnalytical(const std::vector<DataPoint>& points, const AnalyticalFit& fallback,
                               const AnalyticalByType* structure) {
  std::map<std::string, std::vector<DataPoint>> by_type;
  for (const DataPoint& point : points) by_type[point.unit_type].push_back(point);
  const AnalyticalFit family = FitRoofline(Thin(points), fallback);
  AnalyticalByType fits;
  for (const auto& [type, all_own] : by_type) {
    const std::vector<DataPoint> own = Thin(all_own);
    Analytical fit;
    if (by_type.size() == 1 || own.size() >= kOwnAnalytical) {
      fit.roofline = by_type.size() == 1 ? family : FitRoofline(own, family);
    } else {
      fit.roofline = Scaled(family, std::exp(LogOffset(own, family.Model(ModelKind::kRoofline))));
    }
    fit.refined = fit.roofline;
    if (structure == nullptr) {
      if (own.size() >= kLeastForUnrolling) {
        fit.refined = FitRefinedRoofline(own, fit.roofline);
        // Only where a layer stands in its network do its terms show apart from each other.
        const bool in_networks =
            std::any_of(all_own.begin(), all_own.end(), [](const DataPoint& point) { return point.group >= 0; });
        if (in_networks) fit.refined = TryAdditive(all_own, std::move(fit.refined));
      }
    } else if (const auto known = structure->find(type); known != structure->end()) {
      // Which dimensions are unrolled is read from all data, how much it costs from these points alone.
      if (!known->second.refined.unrolling.empty()) {
        fit.refined.unrolling = known->second.refined.unrolling;
        fit.refined = Refit(own, fit.refined);
      }
      if (known->second.refined.additive.has_value()) fit.refined.additive = FitAdditive(all_own);
    }
    fits.emplace(type, std::move(fit));
  }
  return fits;
}

const Analytical& Of(const AnalyticalByType& fits, const std::string& type) {
  const auto found = fits.find(type);
  return found == fits.end() ? fits.begin()->second : found->second;
}

absl::StatusOr<model::v1::TreeEnsemble> Grow(const std::vector<DataPoint>& points, const AnalyticalByType& fits,
                                             ModelKind kind, const FitOptions& options) {
  std::vector<TreeRow> rows;
  rows.reserve(points.size());
  for (const DataPoint& point : points) {
    const Analytical& analytical = Of(fits, point.unit_type);
    const AnalyticalModel roofline = analytical.roofline.Model(ModelKind::kRoofline);
    const AnalyticalModel refined = analytical.refined.Model(ModelKind::kRefinedRoofline);
    const double base =
        std::log(std::max(1e-12, (kind == ModelKind::kMixed ? refined : roofline).Estimate(point.features).seconds));
    TreeRow row;
    row.features = MakeTreeFeatures(point.features, roofline, refined);
    row.lower = static_cast<float>(point.log_lower - base);
    row.target = std::clamp(static_cast<float>(point.log_target - base), -20.0F, 20.0F);
    row.upper = static_cast<float>(point.log_upper - base);
    row.weight = static_cast<float>(point.weight);
    rows.push_back(row);
  }
  TreeOptions trees;
  trees.seed = static_cast<uint32_t>(options.seed);
  trees.rounds = options.rounds;
  trees.physical = true;
  const double n = static_cast<double>(points.size());
  trees.max_depth = n < 40 ? 2 : n < 150 ? 4 : n < 1000 ? 5 : 7;
  trees.min_child_weight = n < 40 ? 1 : 2;
  if (n > 1000) {
    trees.rounds = options.rounds * 8 / 5;
    trees.learning_rate = 0.06;
    trees.columns = 0.5;
  }
  return GrowTrees(rows, trees);
}

using Estimators = std::array<std::unique_ptr<LayerModel>, kNumModelKinds>;

absl::StatusOr<Estimators> MakeEstimators(
    const Analytical& analytical, const std::array<std::shared_ptr<const TreeEnsemble>, kNumModelKinds>& trees) {
  Estimators models;
  const AnalyticalModel roofline = analytical.roofline.Model(ModelKind::kRoofline);
  const AnalyticalModel refined = analytical.refined.Model(ModelKind::kRefinedRoofline);
  models[static_cast<size_t>(ModelKind::kRoofline)] = std::make_unique<AnalyticalModel>(roofline);
  models[static_cast<size_t>(ModelKind::kRefinedRoofline)] = std::make_unique<AnalyticalModel>(refined);
  for (ModelKind kind : {ModelKind::kStatistical, ModelKind::kMixed}) {
    const auto index = static_cast<size_t>(kind);
    if (trees[index] != nullptr) {
      models[index] = std::make_unique<TreeModel>(kind, roofline, refined, trees[index]);
    }
  }
  return models;
}

// Errors of held-out points, by unit type and kind.
struct HeldOut {
  double relative = 0;  // sum of weighted relative distances to the interval
  double log = 0;       // the same in logarithms
  double weights = 0;
};
using HeldOutByType = std::map<std::string, std::array<HeldOut, kNumModelKinds>>;

// Which points are held out together; negative: alone. Those of one network, as far as there are several; within the
// only one, layers of the same shape.
std::vector<int> HeldOutTogether(const std::vector<DataPoint>& points) {
  std::vector<int> groups;
  groups.reserve(points.size());
  for (const DataPoint& point : points) groups.push_back(point.group);
  const bool one_network =
      std::all_of(groups.begin(), groups.end(), [&](int group) { return group >= 0 && group == groups.front(); });
  if (!one_network) return groups;
  absl::flat_hash_map<UnitFeatures, int> shapes;
  for (size_t i = 0; i < points.size(); ++i) {
    UnitFeatures shape = points[i].features;
    shape.fused_activation = shape.producer = shape.consumer = LayerType::kUnspecified;
    shape.fused_sums = 0;
    shape.residency = 0;
    shape.producer_channels = 0;
    groups[i] = shapes.try_emplace(shape, static_cast<int>(shapes.size())).first->second;
  }
  return groups;
}

absl::Status CrossValidate(const std::vector<DataPoint>& points, const AnalyticalFit& fallback,
                           const AnalyticalByType& structure, bool with_trees, const FitOptions& options,
                           HeldOutByType& errors, std::vector<HeldOutPrediction>& predictions) {
  const int folds = std::clamp<int>(static_cast<int>(points.size()) / 4, 2,
                                    points.size() > kManyPoints ? 3 : std::max(2, options.folds));
  // A draw per group: points of one network know of each other.
  const std::vector<int> groups = HeldOutTogether(points);
  std::map<int, int> fold_of_group;
  std::vector<int> fold_of(points.size());
  std::vector<size_t> order(points.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  benchmark::Random random(options.seed);
  for (size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[static_cast<size_t>(random.Below(static_cast<int64_t>(i)))]);
  }
  for (size_t i = 0; i < order.size(); ++i) {
    const int group = groups[order[i]];
    const int own = static_cast<int>(i) % folds;
    fold_of[order[i]] = group < 0 ? own : fold_of_group.try_emplace(group, own).first->second;
  }
  for (int fold = 0; fold < folds; ++fold) {
    std::vector<DataPoint> fitted;
    std::vector<const DataPoint*> held_out;
    for (size_t index : order) {
      const DataPoint& point = points[index];
      if (fold_of[index] == fold) {
        held_out.push_back(&point);
      } else {
        fitted.push_back(point);
      }
    }
    if (fitted.empty() || held_out.empty()) continue;
    const AnalyticalByType fits = FitAnalytical(fitted, fallback, &structure);
    std::array<std::shared_ptr<const TreeEnsemble>, kNumModelKinds> trees;
    for (ModelKind kind : {ModelKind::kStatistical, ModelKind::kMixed}) {
      if (!with_trees) break;
      LATIMER_ASSIGN_OR_RETURN(const model::v1::TreeEnsemble grown, Grow(fitted, fits, kind, options));
      LATIMER_ASSIGN_OR_RETURN(TreeEnsemble ensemble, TreeEnsemble::Create("trees", grown));
      trees[static_cast<size_t>(kind)] = std::make_shared<const TreeEnsemble>(std::move(ensemble));
    }
    for (const DataPoint* point : held_out) {
      LATIMER_ASSIGN_OR_RETURN(const Estimators models, MakeEstimators(Of(fits, point->unit_type), trees));
      HeldOutPrediction& prediction = predictions.emplace_back();
      prediction.unit_type = point->unit_type;
      prediction.group = point->group;
      prediction.features = point->features;
      prediction.measured = {std::exp(point->log_lower), std::exp(point->log_upper)};
      prediction.fold = fold;
      prediction.trust = point->trust;
      prediction.log_measured = point->log_target;
      for (size_t kind = 0; kind < models.size(); ++kind) {
        if (models[kind] == nullptr) continue;
        prediction.seconds[kind] = std::max(1e-12, models[kind]->Estimate(point->features).seconds);
        const double log_ratio = point->Residual(std::log(prediction.seconds[kind]));
        HeldOut& sum = errors[point->unit_type][kind];
        sum.relative += point->weight * std::min(kLargestError, std::abs(std::exp(log_ratio) - 1));
        sum.log += point->weight * std::abs(log_ratio);
        sum.weights += point->weight;
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<FamilyCalibration> Calibrate(const AnalyticalByType& fits, bool with_trees, const FitOptions& options,
                                            std::vector<HeldOutPrediction>& held_out) {
  std::vector<CalibrationRow> rows;
  rows.reserve(held_out.size());
  for (HeldOutPrediction& one : held_out) {
    const Analytical& analytical = Of(fits, one.unit_type);
    const AnalyticalModel roofline = analytical.roofline.Model(ModelKind::kRoofline);
    rows.push_back({&one,
                    MakeTreeFeatures(one.features, roofline, analytical.refined.Model(ModelKind::kRefinedRoofline)),
                    std::log(std::max(1e-12, roofline.Estimate(one.features).seconds))});
  }
  return CalibrateFamily(rows, with_trees, options);
}

void WriteError(const HeldOut& error, int64_t samples, model::v1::ErrorSpread* to) {
  const double spread = error.weights > 0 ? SpreadOf(error.log / error.weights) : kLargestError;
  to->set_mean_absolute_relative_error(std::clamp(spread, 1e-3, kLargestError));
  to->set_source(absl::StrCat("cross-validation over ", samples, " measurements"));
}

}  // namespace

double SpreadOf(double mean_absolute_log_error) { return std::expm1(std::min(mean_absolute_log_error, 3.9)); }

absl::StatusOr<FamilyFit> FitFamily(const std::vector<DataPoint>& points, const AnalyticalFit& fallback,
                                    const FitOptions& options) {
  const AnalyticalByType fits = FitAnalytical(points, fallback, nullptr);
  const bool with_trees = points.size() >= kLeastForTrees && options.rounds > 0;
  FamilyFit result;
  HeldOutByType errors;
  LATIMER_RETURN_IF_ERROR(CrossValidate(points, fallback, fits, with_trees, options, errors, result.held_out));
  if (with_trees) {
    const std::vector<DataPoint> cleared = WithoutCommonErrors(points, result.held_out);
    for (ModelKind kind : {ModelKind::kStatistical, ModelKind::kMixed}) {
      LATIMER_ASSIGN_OR_RETURN(model::v1::TreeEnsemble grown, Grow(cleared, fits, kind, options));
      result.trees.push_back(std::move(grown));
    }
  }
  LATIMER_ASSIGN_OR_RETURN(FamilyCalibration calibration, Calibrate(fits, with_trees, options, result.held_out));
  result.difficulty = std::move(calibration.difficulty);
  for (const auto& [type, fit] : fits) {
    const auto& error = errors[type];
    TypeQuality quality;
    quality.samples = std::count_if(points.begin(), points.end(),
                                    [&type = type](const DataPoint& point) { return point.unit_type == type; });
    model::v1::LayerModel model;
    model.set_unit_type(type);
    fit.roofline.Write(model.mutable_roofline());
    WriteError(error[static_cast<size_t>(ModelKind::kRoofline)], quality.samples, model.mutable_roofline_error());
    fit.refined.Write(model.mutable_refined_roofline());
    WriteError(error[static_cast<size_t>(ModelKind::kRefinedRoofline)], quality.samples,
               model.mutable_refined_roofline_error());
    if (with_trees) {
      model.set_statistical_trees(1);
      model.set_mixed_trees(2);
      WriteError(error[static_cast<size_t>(ModelKind::kStatistical)], quality.samples,
                 model.mutable_statistical_error());
      WriteError(error[static_cast<size_t>(ModelKind::kMixed)], quality.samples, model.mutable_mixed_error());
    }
    double best = 1e9;
    for (ModelKind kind :
         {ModelKind::kRoofline, ModelKind::kRefinedRoofline, ModelKind::kStatistical, ModelKind::kMixed}) {
      const HeldOut& of_kind = error[static_cast<size_t>(kind)];
      if (of_kind.weights <= 0) continue;
      quality.mape[static_cast<size_t>(kind)] = of_kind.relative / of_kind.weights;
      const double score = of_kind.log / of_kind.weights;
      // Held-out layers are of the space that was sampled; networks leave it, and trees on the refined model follow.
      const bool tie =
          kind == ModelKind::kMixed && quality.chosen == ModelKind::kStatistical && kMixedFor * score < best;
      if (score < kBetterBy * best || tie) {
        best = score;
        quality.chosen = kind;
      }
      v1::Accuracy* accuracy = model.add_accuracy();
      accuracy->set_model_kind(static_cast<v1::ModelKind>(kind));
      accuracy->set_subject(type);
      accuracy->set_mape(std::clamp(quality.mape[static_cast<size_t>(kind)], 1e-6, kLargestError));
      accuracy->set_samples(quality.samples);
      accuracy->set_source("cross-validation on this platform's measurements");
    }
    for (model::v1::KindCalibration& one : calibration.types[type]) *model.add_calibration() = std::move(one);
    if (result.difficulty.has_value()) model.set_difficulty(1);
    quality.mape[static_cast<size_t>(ModelKind::kAuto)] = quality.mape[static_cast<size_t>(quality.chosen)];
    model.set_auto_kind(static_cast<v1::ModelKind>(quality.chosen));
    result.types.emplace(type, quality);
    result.models.push_back(std::move(model));
  }
  return result;
}

}  // namespace latimer::fitting
