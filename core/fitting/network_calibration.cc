#include "core/fitting/network_calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/confidence/network_confidence.h"
#include "core/estimation/estimator.h"

namespace latimer::fitting {
namespace {

using confidence::ErrorSum;
using confidence::NetworkConfidence;
using confidence::Score;
using confidence::ScoreSketch;

constexpr ModelKind kKinds[] = {ModelKind::kAuto, ModelKind::kRoofline, ModelKind::kRefinedRoofline,
                                ModelKind::kStatistical, ModelKind::kMixed};
constexpr size_t kEnoughExcerpts = 30;
constexpr size_t kEnoughNetworks = 3;
constexpr int kUnitsLikeANetwork = 10;     // excerpts of fewer err by single layers: heavier tails than networks have
constexpr double kNetworkWeight = 5;       // of a network, in excerpts
constexpr double kUsualCorrelation = 0.5;  // where the data do not tell
constexpr double kUsualScore = 0.9;        // mean of |error| / deviation where no network was measured

// One excerpt or network.
struct Judged {
  ErrorSum sum;
  double total_seconds = 0;
  double log_error = 0;  // |log(measured / estimated)|
  double weight = 1;
  double trust = 1;  // in what was measured
  int units = 0;
};

// Against the sum of the units' rows: a whole excerpt is timed in runs of its own, whose moods are not the model's
// error. What a sum misses, the validation networks show.
std::vector<Judged> JudgeExcerpts(const FitResult& result, ModelKind kind) {
  std::map<int, std::pair<Judged, double>> groups;  // with the measured seconds
  for (const HeldOutPrediction& one : result.held_out) {
    if (one.group < 0) continue;
    const auto quality = result.types.find(one.unit_type);
    const ModelKind chosen = quality == result.types.end() ? ModelKind::kRoofline : quality->second.chosen;
    // As an estimate falls back where a type has no model of the kind.
    auto answering = static_cast<size_t>(kind == ModelKind::kAuto ? chosen : kind);
    if (!(one.seconds[answering] > 0)) answering = static_cast<size_t>(chosen);
    auto& [judged, measured] = groups[one.group];
    judged.sum.Add(one.seconds[answering], one.log_deviation[answering]);
    ++judged.units;
    measured += std::exp(one.log_measured);
    judged.trust = one.trust;
  }
  std::vector<Judged> all;
  for (auto& [group, entry] : groups) {
    auto& [judged, measured] = entry;
    judged.total_seconds = judged.sum.seconds;
    if (!(judged.total_seconds > 0 && measured > 0)) continue;
    judged.log_error = std::abs(std::log(measured / judged.total_seconds));
    all.push_back(judged);
  }
  // Excerpts whose rows and whole disagree were measured in two moods of the machine: the other half tells of the
  // model.
  if (all.size() >= 2 * kEnoughExcerpts) {
    std::stable_sort(all.begin(), all.end(), [](const Judged& a, const Judged& b) { return a.trust > b.trust; });
    all.resize(all.size() / 2);
  }
  return all;
}

// Those that tell how errors of networks are distributed; all where too few do.
std::vector<Judged> LikeNetworks(const std::vector<Judged>& excerpts) {
  std::vector<Judged> large;
  for (const Judged& one : excerpts) {
    if (one.units >= kUnitsLikeANetwork) large.push_back(one);
  }
  return large.size() >= kEnoughExcerpts ? large : excerpts;
}

double FactorOf(const v1::Latency& latency) { return std::log(latency.upper_ms() / latency.estimate_ms()); }

// Networks as they are estimated: their deviations are read from intervals of which only one part is left.
absl::StatusOr<std::vector<Judged>> JudgeNetworksOf(const std::vector<PacedNetwork>& networks,
                                                    model::v1::PlatformModel definition, ModelKind kind) {
  std::vector<Judged> all;
  std::array<std::shared_ptr<const PlatformModel>, 2> platforms;
  for (size_t correlation = 0; correlation < platforms.size(); ++correlation) {
    definition.clear_network_calibration();
    model::v1::NetworkCalibration* calibration = definition.add_network_calibration();
    calibration->set_model_kind(static_cast<v1::ModelKind>(kind));
    calibration->set_correlation(static_cast<double>(correlation));
    ScoreSketch::Exponential(1).Write(calibration->mutable_scores());
    LATIMER_ASSIGN_OR_RETURN(platforms[correlation], PlatformModel::Create(definition));
  }
  EstimateSettings settings;
  settings.model_kind = kind;
  settings.with_units = false;
  settings.confidence = 1 - std::exp(-1.0);  // where exponential scores of mean 1 are 1
  for (const PacedNetwork& sample : networks) {
    if (!(sample.seconds > 0) || !std::isfinite(sample.seconds)) continue;
    Judged& judged = all.emplace_back();
    v1::NetworkEstimate independent, correlated;
    LATIMER_RETURN_IF_ERROR(EstimateNetwork(*sample.network, *platforms[0], settings, nullptr, &independent));
    LATIMER_RETURN_IF_ERROR(EstimateNetwork(*sample.network, *platforms[1], settings, nullptr, &correlated));
    judged.total_seconds = std::max(1e-12, independent.latency().estimate_ms() / 1e3);
    judged.sum.linear = judged.total_seconds * FactorOf(correlated.latency());
    judged.sum.squares = std::pow(judged.total_seconds * FactorOf(independent.latency()), 2);
    judged.log_error = std::abs(std::log(judged.total_seconds / sample.seconds));
    judged.weight = kNetworkWeight;
  }
  return all;
}

struct Addition {
  double correlation = kUsualCorrelation;
  double floor = 0;
};

// The most likely way of adding up, errors over their deviation having a Laplace distribution of any scale.
Addition FitAddition(const std::vector<Judged>& judged) {
  constexpr double kCorrelations[] = {0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1};
  constexpr double kFloors[] = {0, 0.002, 0.004, 0.007, 0.01, 0.014, 0.02, 0.03, 0.045, 0.07, 0.1};
  Addition best;
  double least = std::numeric_limits<double>::infinity();
  for (double correlation : kCorrelations) {
    for (double floor : kFloors) {
      const NetworkConfidence confidence(correlation, floor, ScoreSketch());
      double scores = 0;
      double logarithms = 0;
      double weights = 0;
      for (const Judged& one : judged) {
        const double deviation = confidence.LogDeviation(one.sum, one.total_seconds);
        scores += one.weight * one.log_error / deviation;
        logarithms += one.weight * std::log(deviation);
        weights += one.weight;
      }
      const double loss = std::log(scores / weights + 1e-9) + logarithms / weights;
      if (loss >= least) continue;
      least = loss;
      best = {correlation, floor};
    }
  }
  return best;
}

// Student's distribution of errors of which the absolute values are known.
struct Student {
  double freedom = 1;
  double scale = 1;
  double LogDensity(double score) const {
    const double z = score / scale;
    return std::lgamma((freedom + 1) / 2) - std::lgamma(freedom / 2) - 0.5 * std::log(freedom) - std::log(scale) -
           (freedom + 1) / 2 * std::log1p(z * z / freedom);
  }
};

// The most likely one.
Student FitStudent(const std::vector<Score>& scores) {
  constexpr double kFreedoms[] = {2, 2.5, 3, 4, 5, 7, 10, 20, 50};
  constexpr int kSteps = 60;  // of expectation and maximisation
  double start = 0;
  for (const Score& score : scores) start += score.value / static_cast<double>(scores.size());
  Student best;
  double most = -std::numeric_limits<double>::infinity();
  for (double freedom : kFreedoms) {
    Student one{freedom, std::max(start, 1e-9)};
    for (int step = 0; step < kSteps; ++step) {
      double squares = 0;
      for (const Score& score : scores) {
        const double square = std::pow(score.value / one.scale, 2);
        squares += (freedom + 1) / (freedom + square) * score.value * score.value;
      }
      one.scale = std::max(std::sqrt(squares / static_cast<double>(scores.size())), 1e-9);
    }
    double sum = 0;
    for (const Score& score : scores) sum += one.LogDensity(score.value);
    if (sum <= most) continue;
    most = sum;
    best = one;
  }
  return best;
}

}  // namespace

double FewNetworksFactor(double count) {
  constexpr double kQuantile = -1.2816;  // of the normal distribution, 10 %
  const double k = 2 * count;
  const double root = 1 - 2 / (9 * k) + kQuantile * std::sqrt(2 / (9 * k));
  return 1 / (root * root * root);
}

ScoreSketch ScoresOfNetworks(std::vector<Score> excerpts, const std::vector<double>& networks) {
  // Before any network, half of the factors lie within a fifth of 1: with 0.15 to 0.35 alike, intervals scored best
  // when validation networks were left out one by one (twelve fits to six sets).
  constexpr double kHalfWidth = 0.2;
  constexpr double kMostLogFactor = 4;
  constexpr int kFactors = 401;
  if (excerpts.empty() || networks.size() < kEnoughNetworks) return ScoreSketch::Of(std::move(excerpts));
  const Student shape = FitStudent(excerpts);
  const ScoreSketch sketch = ScoreSketch::Of(std::move(excerpts));
  std::vector<Score> factors;
  double most = -std::numeric_limits<double>::infinity();
  for (int i = 0; i < kFactors; ++i) {
    const double log_factor = kMostLogFactor * (2.0 * i / (kFactors - 1) - 1);
    const Student scaled{shape.freedom, shape.scale * std::exp(log_factor)};
    double logarithm = -std::log1p(std::pow(log_factor / kHalfWidth, 2));
    for (double score : networks) logarithm += scaled.LogDensity(score);
    factors.push_back({std::exp(log_factor), logarithm});
    most = std::max(most, logarithm);
  }
  for (Score& factor : factors) {
    factor.weight = std::exp(factor.weight - most);
    if (factor.weight < 1e-9) factor.weight = 0;
  }
  return sketch.TimesOneOf(factors);
}

absl::Status CalibrateNetworks(const std::vector<PacedNetwork>& networks, FitResult& result) {
  result.model.clear_network_calibration();
  std::vector<model::v1::NetworkCalibration> calibrations;
  for (ModelKind kind : kKinds) {
    const std::vector<Judged> excerpts = JudgeExcerpts(result, kind);
    LATIMER_ASSIGN_OR_RETURN(const std::vector<Judged> whole, JudgeNetworksOf(networks, result.model, kind));
    const bool from_excerpts = excerpts.size() >= kEnoughExcerpts;
    Addition addition;
    if (from_excerpts) {
      std::vector<Judged> judged = whole;
      judged.insert(judged.end(), excerpts.begin(), excerpts.end());
      addition = FitAddition(judged);
    }
    const NetworkConfidence confidence(addition.correlation, addition.floor, ScoreSketch());
    const auto score = [&](const Judged& one) {
      return one.log_error / confidence.LogDeviation(one.sum, one.total_seconds);
    };
    model::v1::NetworkCalibration& calibration = calibrations.emplace_back();
    calibration.set_model_kind(static_cast<v1::ModelKind>(kind));
    calibration.set_correlation(addition.correlation);
    calibration.set_floor(addition.floor);
    if (from_excerpts) {
      std::vector<Score> scores;
      for (const Judged& one : LikeNetworks(excerpts)) scores.push_back({score(one), 1});
      std::vector<double> of_networks;
      for (const Judged& one : whole) of_networks.push_back(score(one));
      ScoresOfNetworks(std::move(scores), of_networks).Write(calibration.mutable_scores());
      calibration.set_source(
          absl::StrCat(excerpts.size(), " held-out excerpts and ", whole.size(), " validation networks, never fitted"));
    } else if (whole.size() >= kEnoughNetworks) {
      // Networks of callers are more varied than the few measured ones: what the layers say weighs as one more.
      const auto count = static_cast<double>(whole.size());
      double sum = kUsualScore;
      for (const Judged& one : whole) sum += score(one);
      ScoreSketch::Exponential(FewNetworksFactor(count) * sum / (count + 1), count).Write(calibration.mutable_scores());
      calibration.set_source(absl::StrCat(whole.size(), " validation networks, never fitted, and the layers' errors"));
    } else {
      ScoreSketch::Exponential(kUsualScore).Write(calibration.mutable_scores());
      calibration.set_source("the layers' errors");
    }
  }
  for (model::v1::NetworkCalibration& calibration : calibrations) {
    *result.model.add_network_calibration() = std::move(calibration);
  }
  return absl::OkStatus();
}

}  // namespace latimer::fitting
