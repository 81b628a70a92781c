#include "core/fitting/family_calibration.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/base/status_macros.h"
#include "core/confidence/coverage.h"
#include "core/confidence/difficulty.h"
#include "core/confidence/score_sketch.h"
#include "core/evaluation/statistics.h"
#include "core/fitting/boosted_trees.h"

namespace latimer::fitting {
namespace {

using confidence::Measure;
using confidence::RawDifficulty;
using confidence::Score;
using confidence::ScoreSketch;

constexpr size_t kLeastForDifficulty = 60;  // held-out measurements
constexpr size_t kMostPoints = 256;
constexpr double kPooled = 40;       // scores a type's sketch leans on at least
constexpr double kBetterBy = 0.98;   // a local scale is taken where its intervals score that much better
constexpr double kUsualShare = 0.9;  // of held-out measurements within the usual distance
constexpr int kForestTrees = 24;
constexpr std::array<double, 3> kJudgedLevels = {0.8, 0.9, 0.95};
constexpr ModelKind kKinds[] = {ModelKind::kRoofline, ModelKind::kRefinedRoofline, ModelKind::kStatistical,
                                ModelKind::kMixed};
constexpr Measure kLocalMeasures[] = {Measure::kThroughputVariance, Measure::kLatencyVariance, Measure::kOutliers};

bool HasTrees(ModelKind kind) { return kind == ModelKind::kStatistical || kind == ModelKind::kMixed; }

struct Error {
  double value = 0;  // |log(measured / estimated)|
  double weight = 0;
};

// An interval of smart padding says where the truth may be, most likely at its best single value: a triangle there, by
// three points with its mean and variance. A layer that was timed itself is known.
std::array<Error, 3> ErrorsOf(const HeldOutPrediction& one, ModelKind kind) {
  constexpr double kReach = 0.7;
  const double estimate = std::log(one.seconds[static_cast<size_t>(kind)]);
  const double middle = one.log_measured - estimate;
  if (one.group >= 0) return {{{std::abs(middle), 1}, {0, 0}, {0, 0}}};
  const double low = middle + kReach * (std::log(one.measured.lower_seconds) - one.log_measured);
  const double high = middle + kReach * (std::log(one.measured.upper_seconds) - one.log_measured);
  return {{{std::abs(middle), 2.0 / 3}, {std::abs(low), 1.0 / 6}, {std::abs(high), 1.0 / 6}}};
}

double MeanError(const HeldOutPrediction& one, ModelKind kind) {
  double mean = 0;
  for (const Error& error : ErrorsOf(one, kind)) mean += error.weight * error.value;
  return mean;
}

struct Grown {
  model::v1::Difficulty definition;
  std::optional<confidence::Difficulty> difficulty;
};

class Calibrator {
 public:
  Calibrator(absl::Span<const CalibrationRow> rows, bool with_trees, const FitOptions& options)
      : rows_(rows), with_trees_(with_trees), options_(options), raw_(rows.size()) {}

  absl::StatusOr<FamilyCalibration> Run() {
    FamilyCalibration result;
    const bool local = with_trees_ && rows_.size() >= kLeastForDifficulty;
    if (local) {
      LATIMER_RETURN_IF_ERROR(LookAtFolds());
      SetUsual();
      LATIMER_ASSIGN_OR_RETURN(Grown grown, Grow(-1));
      result.difficulty = std::move(grown.definition);
    }
    for (ModelKind kind : kKinds) {
      if (rows_.empty() || !(rows_[0].held_out->seconds[static_cast<size_t>(kind)] > 0)) continue;
      Measure best = Measure::kConstant;
      if (local && HasTrees(kind)) {
        double least = kBetterBy * IntervalScore(kind, Measure::kConstant);
        for (Measure measure : kLocalMeasures) {
          const double score = IntervalScore(kind, measure);
          if (score >= least) continue;
          least = score;
          best = measure;
        }
      }
      const std::map<std::string, ScoreSketch> sketches = Sketches(kind, best);
      for (const auto& [type, sketch] : sketches) {
        model::v1::KindCalibration& calibration = result.types[type].emplace_back();
        calibration.set_model_kind(static_cast<v1::ModelKind>(kind));
        calibration.set_measure(static_cast<model::v1::ConfidenceMeasure>(best));
        sketch.Write(calibration.mutable_scores());
      }
      for (size_t i = 0; i < rows_.size(); ++i) {
        rows_[i].held_out->log_deviation[static_cast<size_t>(kind)] =
            ScaleAt(i, kind, best) * sketches.at(rows_[i].held_out->unit_type).deviation();
      }
    }
    return result;
  }

 private:
  // On all rows but those of `fold`; negative: on all.
  absl::StatusOr<Grown> Grow(int fold) const {
    std::vector<TreeRow> times;
    std::vector<TreeRow> errors;
    std::vector<confidence::CoveragePoint> points;
    std::vector<double> sizes;
    for (const CalibrationRow& row : rows_) {
      if (row.held_out->fold != fold) sizes.push_back(MeanError(*row.held_out, ModelKind::kMixed));
    }
    // The logarithm of an error next to nothing says nothing more.
    const double floor = 1e-4 + 0.3 * Median(std::move(sizes)).value_or(0);
    for (const CalibrationRow& row : rows_) {
      if (row.held_out->fold == fold) continue;
      TreeRow& time = times.emplace_back();
      time.features = row.features;
      time.target = std::clamp(static_cast<float>(row.held_out->log_measured - row.log_roofline), -20.0F, 20.0F);
      time.lower = time.upper = time.target;
      TreeRow& error = errors.emplace_back();
      error.features = row.features;
      error.target = static_cast<float>(std::log(MeanError(*row.held_out, ModelKind::kMixed) + floor));
      error.lower = error.upper = error.target;
      points.push_back(confidence::MakeCoveragePoint(row.held_out->features));
    }
    Grown grown;
    model::v1::Difficulty& to = grown.definition;
    TreeOptions forest;
    forest.rounds = 1;
    forest.parallel_trees = kForestTrees;
    forest.learning_rate = 1;
    forest.max_depth = 8;
    forest.min_child_weight = 2;
    forest.subsample = 0.63;
    forest.l2 = 0;
    forest.ridge = 0;
    forest.seed = static_cast<uint32_t>(options_.seed);
    LATIMER_ASSIGN_OR_RETURN(*to.mutable_forest(), GrowTrees(times, forest));
    TreeOptions leaves;
    leaves.rounds = 60;
    leaves.learning_rate = 0.1;
    leaves.max_depth = errors.size() < 300 ? 2 : 4;
    leaves.min_child_weight = std::max(8.0, static_cast<double>(errors.size()) / 100);
    leaves.ridge = 0;
    leaves.l2 = 4;
    leaves.seed = static_cast<uint32_t>(options_.seed);
    LATIMER_ASSIGN_OR_RETURN(*to.mutable_errors(), GrowTrees(errors, leaves));
    for (const confidence::CoveragePoint& point : confidence::Cover(points, kMostPoints)) {
      to.mutable_point()->Add(point.begin(), point.end());
    }
    to.set_usual_distance(usual_.distance);
    to.set_growth(usual_.growth);
    to.set_usual_spread(usual_.spread);
    to.set_median_distance(usual_.median_distance);
    to.set_usual_log_error(usual_.log_error);
    LATIMER_ASSIGN_OR_RETURN(grown.difficulty, confidence::Difficulty::Create("difficulty", to));
    return grown;
  }

  // What difficulties that do not know a row's fold see in it.
  absl::Status LookAtFolds() {
    int folds = 0;
    for (const CalibrationRow& row : rows_) folds = std::max(folds, row.held_out->fold + 1);
    for (int fold = 0; fold < folds; ++fold) {
      LATIMER_ASSIGN_OR_RETURN(const Grown grown, Grow(fold));
      for (size_t i = 0; i < rows_.size(); ++i) {
        const HeldOutPrediction& one = *rows_[i].held_out;
        if (one.fold != fold) continue;
        const auto look = [&](Measure measure) {
          return grown.difficulty->Look(measure, one.features, rows_[i].features);
        };
        raw_[i].spread = look(Measure::kThroughputVariance).spread;
        raw_[i].log_error = look(Measure::kLatencyVariance).log_error;
        raw_[i].distance = look(Measure::kOutliers).distance;
      }
    }
    return absl::OkStatus();
  }

  void SetUsual() {
    std::vector<double> spreads, errors, distances;
    for (const RawDifficulty& raw : raw_) {
      spreads.push_back(raw.spread);
      errors.push_back(raw.log_error);
      distances.push_back(raw.distance);
    }
    usual_.spread = std::max(1e-6, Median(spreads).value_or(1));
    usual_.log_error = Median(errors).value_or(0);
    usual_.median_distance = std::max(1e-3, Median(distances).value_or(1));
    const auto at = static_cast<size_t>(kUsualShare * static_cast<double>(distances.size()));
    std::nth_element(distances.begin(), distances.begin() + static_cast<ptrdiff_t>(at), distances.end());
    usual_.distance = std::max(0.05, distances[at]);
    FitGrowth();
  }

  // How errors grow with the distance beyond the usual, more than their leaves tell; few measurements lie there.
  void FitGrowth() {
    constexpr double kUsualGrowth = 0.3;
    constexpr double kWeight = 5;
    std::vector<double> within;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (raw_[i].distance <= usual_.distance) within.push_back(LogScore(i));
    }
    const double middle = Median(std::move(within)).value_or(0);
    double sum = kWeight * kUsualGrowth;
    double weight = kWeight;
    for (size_t i = 0; i < rows_.size(); ++i) {
      const double beyond = std::min(3.0, raw_[i].distance / usual_.distance - 1);
      if (beyond <= 0) continue;
      sum += beyond * (LogScore(i) - middle);
      weight += beyond * beyond;
    }
    usual_.growth = std::clamp(sum / weight, 0.1, 1.0);
  }

  double LogScore(size_t i) const {
    return std::log(MeanError(*rows_[i].held_out, ModelKind::kMixed) + 1e-3) - raw_[i].log_error;
  }

  double ScaleAt(size_t i, ModelKind kind, Measure measure) const {
    if (usual_.growth <= 0 || !HasTrees(kind)) return 1;
    return static_cast<double>(confidence::ScaleOf(measure, raw_[i], usual_).scale);
  }

  std::map<std::string, ScoreSketch> Sketches(ModelKind kind, Measure measure) const {
    std::map<std::string, std::vector<Score>> own;
    std::map<std::string, double> counts;
    for (size_t i = 0; i < rows_.size(); ++i) {
      const HeldOutPrediction& one = *rows_[i].held_out;
      const double scale = ScaleAt(i, kind, measure);
      for (const Error& error : ErrorsOf(one, kind)) {
        if (error.weight > 0) own[one.unit_type].push_back({error.value / scale, error.weight});
      }
      counts[one.unit_type] += 1;
    }
    std::map<std::string, ScoreSketch> sketches;
    const auto all = static_cast<double>(rows_.size());
    for (const auto& [type, scores] : own) {
      std::vector<Score> pooled = scores;
      const double others = all - counts[type];
      const double weight = others > 0 ? std::clamp((kPooled - counts[type]) / others, 0.0, 1.0) : 0;
      for (const auto& [other, lent] : own) {
        if (weight <= 0 || other == type) continue;
        for (const Score& score : lent) pooled.push_back({score.value, weight * score.weight});
      }
      sketches.emplace(type, ScoreSketch::Of(std::move(pooled)));
    }
    return sketches;
  }

  double IntervalScore(ModelKind kind, Measure measure) const {
    const std::map<std::string, ScoreSketch> sketches = Sketches(kind, measure);
    double sum = 0;
    for (size_t i = 0; i < rows_.size(); ++i) {
      const HeldOutPrediction& one = *rows_[i].held_out;
      const double scale = ScaleAt(i, kind, measure);
      for (double level : kJudgedLevels) {
        const double half = scale * sketches.at(one.unit_type).Quantile(level);
        sum += 2 * half;
        for (const Error& error : ErrorsOf(one, kind)) {
          sum += error.weight * 2 / (1 - level) * std::max(0.0, error.value - half);
        }
      }
    }
    return sum;
  }

  const absl::Span<const CalibrationRow> rows_;
  const bool with_trees_;
  const FitOptions& options_;
  std::vector<RawDifficulty> raw_;
  confidence::UsualDifficulty usual_;
};

}  // namespace

absl::StatusOr<FamilyCalibration> CalibrateFamily(absl::Span<const CalibrationRow> rows, bool with_trees,
                                                  const FitOptions& options) {
  return Calibrator(rows, with_trees, options).Run();
}

}  // namespace latimer::fitting
