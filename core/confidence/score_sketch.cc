#include "core/confidence/score_sketch.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "core/model/platform_field.h"

namespace latimer::confidence {
namespace {

constexpr double kLargestScore = 1e4;
constexpr double kFewestInTail = 3;  // below, the whole distribution is taken as its tail
constexpr double kTailFrom = 0.75;   // level from which an exponential tail is fitted
constexpr int kHalvings = 50;
constexpr double kLeastStep = 1e-5;  // wider levels give wider intervals, in single precision too

// Quantiles of exponential scores of mean 1; levels are interpolated along them.
double Along(double level) { return -std::log1p(-level); }

const std::array<double, kSketchLevels.size()>& GridAlong() {
  static const std::array<double, kSketchLevels.size()> grid = [] {
    std::array<double, kSketchLevels.size()> values{};
    for (size_t i = 0; i < values.size(); ++i) values[i] = Along(kSketchLevels[i]);
    return values;
  }();
  return grid;
}

// Scores above a level, as an exponential distribution known from so few of them.
struct Tail {
  double level = 0;
  double start = 0;
  double mean = 0;   // of what scores are above the start
  double count = 1;  // effective number

  // Of the next one, given these: the mean itself is not known exactly.
  double Quantile(double of_level) const {
    return start + count * mean * std::expm1((Along(of_level) - Along(level)) / count);
  }
};

// `scores` are sorted.
Tail TailOf(const std::vector<Score>& scores, double sum, double samples) {
  Tail tail;
  tail.level = samples * (1 - kTailFrom) < kFewestInTail ? 0 : kTailFrom;
  double excess = 0;
  double beyond = 0;
  double before = 0;
  for (const Score& score : scores) {
    before += score.weight;
    if (before < tail.level * sum) {
      tail.start = score.value;
      continue;
    }
    excess += score.weight * (score.value - tail.start);
    beyond += score.weight;
  }
  tail.mean = excess / beyond;
  tail.count = samples * beyond / sum;
  return tail;
}

}  // namespace

ScoreSketch ScoreSketch::Of(std::vector<Score> scores) {
  scores.erase(std::remove_if(scores.begin(), scores.end(),
                              [](const Score& s) { return !(s.weight > 0) || !std::isfinite(s.value); }),
               scores.end());
  ScoreSketch sketch;
  if (scores.empty()) return sketch;
  std::sort(scores.begin(), scores.end(), [](const Score& a, const Score& b) { return a.value < b.value; });
  double sum = 0;
  double squares = 0;
  for (const Score& score : scores) {
    sum += score.weight;
    squares += score.weight * score.weight;
  }
  sketch.samples_ = sum * sum / squares;
  const double one_more = sum / sketch.samples_;
  const Tail tail = TailOf(scores, sum, sketch.samples_);

  size_t at = 0;
  double below = scores[0].weight;  // weight of all scores up to and with `at`
  for (size_t i = 0; i < kSketchLevels.size(); ++i) {
    const double needed = kSketchLevels[i] * (sum + one_more);
    while (at + 1 < scores.size() && below < needed) below += scores[++at].weight;
    double value = scores[at].value;
    if (below < needed) {
      value = std::max(value, tail.Quantile(kSketchLevels[i]));
    }
    const double least = i == 0 ? kLeastStep * kLeastStep : sketch.score_[i - 1] * (1 + kLeastStep);
    sketch.score_[i] = std::clamp(value, least, kLargestScore);
  }
  const double largest = sketch.Quantile(0.99);
  double total = 0;
  for (const Score& score : scores) total += score.weight * std::pow(std::min(score.value, largest), 2);
  sketch.deviation_ = std::sqrt(total / sum);
  return sketch;
}

ScoreSketch ScoreSketch::Exponential(double mean, double samples) {
  ScoreSketch sketch;
  for (size_t i = 0; i < kSketchLevels.size(); ++i) sketch.score_[i] = mean * GridAlong()[i];
  sketch.deviation_ = mean * std::sqrt(2.0);
  sketch.samples_ = samples;
  return sketch;
}

ScoreSketch ScoreSketch::TimesOneOf(absl::Span<const Score> factors) const {
  double weights = 0;
  double squares = 0;
  double least = std::numeric_limits<double>::infinity();
  double largest = 0;
  for (const Score& factor : factors) {
    if (!(factor.weight > 0)) continue;
    weights += factor.weight;
    squares += factor.weight * factor.value * factor.value;
    least = std::min(least, factor.value);
    largest = std::max(largest, factor.value);
  }
  ScoreSketch mixed = *this;
  for (size_t i = 0; i < kSketchLevels.size(); ++i) {
    double low = least * score_[i];
    double high = largest * score_[i];
    for (int halving = 0; halving < kHalvings; ++halving) {
      const double middle = (low + high) / 2;
      double below = 0;
      for (const Score& factor : factors) {
        if (factor.weight > 0) below += factor.weight * LevelOf(middle / factor.value);
      }
      (below < kSketchLevels[i] * weights ? low : high) = middle;
    }
    const double floor = i == 0 ? 0 : mixed.score_[i - 1] * (1 + kLeastStep);
    mixed.score_[i] = std::clamp(high, floor, kLargestScore);
  }
  mixed.deviation_ *= std::sqrt(squares / weights);
  return mixed;
}

double ScoreSketch::LevelOf(double score) const {
  if (!(score > 0)) return 0;
  const auto& grid = GridAlong();
  const auto above = std::upper_bound(score_.begin(), score_.end(), score);
  const auto index = static_cast<size_t>(above - score_.begin());
  double along = 0;
  if (index == grid.size()) {
    if (!(score_.back() > 0)) return 1;
    along = score * grid.back() / score_.back();
  } else {
    const double left = index == 0 ? 0 : grid[index - 1];
    const double low = index == 0 ? 0 : score_[index - 1];
    along = left + (grid[index] - left) * (score - low) / (score_[index] - low);
  }
  return -std::expm1(-along);
}

double ScoreSketch::Quantile(double level) const {
  const auto& grid = GridAlong();
  const double along = Along(level);
  const auto above = std::upper_bound(grid.begin(), grid.end(), along);
  const auto index = static_cast<size_t>(above - grid.begin());
  if (index == grid.size()) return score_.back() * along / grid.back();
  const double left = index == 0 ? 0 : grid[index - 1];
  const double low = index == 0 ? 0 : score_[index - 1];
  return low + (score_[index] - low) * (along - left) / (grid[index] - left);
}

absl::StatusOr<ScoreSketch> ScoreSketch::Read(absl::string_view path, const model::v1::ScoreSketch& from) {
  const std::string at = absl::StrCat(path, ".score");
  if (from.score_size() != static_cast<int>(kSketchLevels.size())) {
    return BadPlatformField(at, absl::StrCat("it has ", kSketchLevels.size(), " values"));
  }
  ScoreSketch sketch;
  double before = 0;
  for (size_t i = 0; i < kSketchLevels.size(); ++i) {
    const auto value = static_cast<double>(from.score(static_cast<int>(i)));
    if (!(value >= before && value <= 2 * kLargestScore)) {
      return BadPlatformField(absl::StrCat(at, "[", i, "]"), "it is below the one before, negative, or no number");
    }
    sketch.score_[i] = before = value;
  }
  if (!(from.deviation() >= 0 && from.deviation() <= 2 * kLargestScore)) {
    return BadPlatformField(absl::StrCat(path, ".deviation"), "it is negative or no number");
  }
  if (!(from.samples() >= 0) || !std::isfinite(from.samples())) {
    return BadPlatformField(absl::StrCat(path, ".samples"), "it is negative or no number");
  }
  sketch.deviation_ = from.deviation();
  sketch.samples_ = from.samples();
  return sketch;
}

void ScoreSketch::Write(model::v1::ScoreSketch* to) const {
  to->Clear();
  for (double score : score_) to->add_score(static_cast<float>(score));
  to->set_deviation(deviation_);
  to->set_samples(samples_);
}

}  // namespace latimer::confidence
