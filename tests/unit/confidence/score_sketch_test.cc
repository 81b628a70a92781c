#include "core/confidence/score_sketch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "random_errors.h"

namespace latimer::confidence {
namespace {

constexpr double kLevels[] = {0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 0.999};

std::vector<Score> DrawScores(int count, bool normal, benchmark::Random& random) {
  std::vector<Score> scores;
  for (int i = 0; i < count; ++i) scores.push_back({std::abs(normal ? Normal(random) : Laplace(random)), 1});
  return scores;
}

TEST(ScoreSketch, WiderLevelsGiveLargerQuantiles) {
  benchmark::Random random(3);
  std::vector<ScoreSketch> sketches = {ScoreSketch::Exponential(0.1), ScoreSketch::Of({{0.2, 1}}),
                                       ScoreSketch::Of({{0, 1}, {0, 1}, {0, 1}}),
                                       ScoreSketch::Of({{1, 0.1}, {2, 3}, {2, 1e-9}, {5, 0.5}})};
  for (int count : {2, 5, 17, 400}) sketches.push_back(ScoreSketch::Of(DrawScores(count, false, random)));
  for (size_t i = 0; i < sketches.size(); ++i) {
    SCOPED_TRACE(i);
    double before = 0;
    for (double level = 0.001; level < 0.9992; level += 0.0005) {
      const double now = sketches[i].Quantile(level);
      EXPECT_GT(now, before) << level;
      EXPECT_TRUE(std::isfinite(now));
      before = now;
    }
    EXPECT_GT(sketches[i].Quantile(1 - 1e-12), before);
  }
}

TEST(ScoreSketch, QuantilesAreConformal) {
  // Of 19 scores, the 18th covers the next one nine times in ten.
  std::vector<Score> scores;
  for (int i = 1; i <= 19; ++i) scores.push_back({static_cast<double>(i), 1});
  const ScoreSketch sketch = ScoreSketch::Of(scores);
  EXPECT_DOUBLE_EQ(sketch.Quantile(0.9), 18);
  EXPECT_DOUBLE_EQ(sketch.Quantile(0.5), 10);
  EXPECT_NEAR(sketch.Quantile(0.95), 19, 1e-3);
  EXPECT_GT(sketch.Quantile(0.97), 19) << "19 scores cannot tell";
  EXPECT_DOUBLE_EQ(sketch.samples(), 19);
}

TEST(ScoreSketch, TheNextScoreIsCoveredAsOftenAsPromised) {
  // Drawn again and again: scores, a sketch of them, one more score. Binomial bounds at 4 deviations; conformal
  // quantiles cover at least as often as they promise, and at most 1 / (n + 1) more. Where levels ask for more scores
  // than there are, the exponential tail is right for these.
  benchmark::Random random(5);
  constexpr int kRounds = 4000;
  for (const int count : {3, 9, 40, 150}) {
    std::array<int, std::size(kLevels)> covered{};
    for (int round = 0; round < kRounds; ++round) {
      const ScoreSketch sketch = ScoreSketch::Of(DrawScores(count, false, random));
      const double next = std::abs(Laplace(random));
      for (size_t i = 0; i < std::size(kLevels); ++i) covered[i] += next <= sketch.Quantile(kLevels[i]) ? 1 : 0;
    }
    for (size_t i = 0; i < std::size(kLevels); ++i) {
      const double share = covered[i] / static_cast<double>(kRounds);
      const double noise = 4 * std::sqrt(kLevels[i] * (1 - kLevels[i]) / kRounds);
      EXPECT_GT(share, kLevels[i] - noise) << count << " scores, level " << kLevels[i];
      EXPECT_LT(share, kLevels[i] + 1.0 / (count + 1) + 0.02 + noise) << count << " scores, level " << kLevels[i];
    }
  }
}

TEST(ScoreSketch, ALargeSampleShowsItsDistribution) {
  benchmark::Random random(7);
  const ScoreSketch normal = ScoreSketch::Of(DrawScores(40000, true, random));
  EXPECT_NEAR(normal.Quantile(0.5), 0.6745, 0.02);
  EXPECT_NEAR(normal.Quantile(0.9), 1.6449, 0.03);
  EXPECT_NEAR(normal.Quantile(0.99), 2.5758, 0.08);
  EXPECT_NEAR(normal.deviation(), 1, 0.02);
  const ScoreSketch laplace = ScoreSketch::Of(DrawScores(40000, false, random));
  EXPECT_NEAR(laplace.Quantile(0.9), std::log(10.0), 0.06);
}

TEST(ScoreSketch, ExponentialScoresAreExactBetweenLevelsToo) {
  const ScoreSketch sketch = ScoreSketch::Exponential(0.3);
  for (double level : {1e-9, 0.05, 0.55, 0.9, 0.93, 0.9999, 1 - 1e-12}) {
    EXPECT_NEAR(sketch.Quantile(level), -0.3 * std::log1p(-level), 1e-12 - 1e-12 * std::log1p(-level)) << level;
  }
  EXPECT_NEAR(sketch.TimesOneOf({{2, 1}}).Quantile(0.9), 0.6 * std::log(10.0), 1e-12);
}

TEST(ScoreSketch, WeightedScoresAreAsManyAsTheirEffectiveNumber) {
  const ScoreSketch weighted = ScoreSketch::Of({{1, 30}, {2, 20}, {4, 10}});
  EXPECT_NEAR(weighted.Quantile(0.3), 1, 1e-3);
  EXPECT_NEAR(weighted.Quantile(0.5), 2, 1e-3) << "one more score of mean weight may come";
  EXPECT_NEAR(weighted.samples(), 60.0 * 60 / (900 + 400 + 100), 1e-9);
  EXPECT_EQ(ScoreSketch::Of({{1, 0}, {std::nan(""), 1}}).Quantile(0.9), 0) << "nothing is left of these";
}

TEST(ScoreSketch, LevelsAndQuantilesAreInverse) {
  benchmark::Random random(41);
  const ScoreSketch sketch = ScoreSketch::Of(DrawScores(60, false, random));
  for (double level : {0.01, 0.1, 0.33, 0.5, 0.77, 0.9, 0.999, 0.99999}) {
    EXPECT_NEAR(sketch.LevelOf(sketch.Quantile(level)), level, 1e-9);
  }
  EXPECT_EQ(sketch.LevelOf(0), 0);
  EXPECT_EQ(sketch.LevelOf(-1), 0);
}

TEST(ScoreSketch, AFactorKnownAsADistributionWidensTheTails) {
  benchmark::Random random(43);
  const ScoreSketch sketch = ScoreSketch::Of(DrawScores(500, true, random));
  const ScoreSketch twice = sketch.TimesOneOf({{2, 0.7}, {5, 0}});
  for (double level : kLevels) EXPECT_NEAR(twice.Quantile(level) / (2 * sketch.Quantile(level)), 1, 1e-4) << level;
  EXPECT_NEAR(twice.deviation(), 2 * sketch.deviation(), 1e-9);
  // Half of all scores as they are, half of them three times as large: the mixture's own levels.
  const ScoreSketch mixed = sketch.TimesOneOf({{1, 4}, {3, 4}});
  for (double level : {0.5, 0.8, 0.9, 0.95}) {
    const double quantile = mixed.Quantile(level);
    EXPECT_NEAR((sketch.LevelOf(quantile) + sketch.LevelOf(quantile / 3)) / 2, level, 1e-3) << level;
  }
  EXPECT_GT(mixed.Quantile(0.99) / mixed.Quantile(0.5), sketch.Quantile(0.99) / sketch.Quantile(0.5));
}

TEST(ScoreSketch, IsReadAsItWasWritten) {
  benchmark::Random random(11);
  const ScoreSketch sketch = ScoreSketch::Of(DrawScores(60, false, random));
  model::v1::ScoreSketch message;
  sketch.Write(&message);
  const absl::StatusOr<ScoreSketch> read = ScoreSketch::Read("at", message);
  ASSERT_TRUE(read.ok()) << read.status();
  for (double level : kLevels) EXPECT_NEAR(read->Quantile(level), sketch.Quantile(level), 1e-6 * level);
  EXPECT_EQ(read->deviation(), sketch.deviation());
  EXPECT_EQ(read->samples(), sketch.samples());
}

TEST(ScoreSketch, BadContentsAreNamed) {
  model::v1::ScoreSketch good;
  ScoreSketch::Exponential(1).Write(&good);
  const auto field_of = [](const model::v1::ScoreSketch& bad) {
    const absl::StatusOr<ScoreSketch> read = ScoreSketch::Read("here", bad);
    return read.ok() ? std::string("read") : GetErrorDetails(read.status())->field;
  };
  model::v1::ScoreSketch bad = good;
  bad.mutable_score()->RemoveLast();
  EXPECT_EQ(field_of(bad), "here.score");
  bad = good;
  bad.set_score(3, 0.001F);
  EXPECT_EQ(field_of(bad), "here.score[3]");
  bad = good;
  bad.set_score(17, std::nanf(""));
  EXPECT_EQ(field_of(bad), "here.score[17]");
  bad = good;
  bad.set_deviation(-1);
  EXPECT_EQ(field_of(bad), "here.deviation");
  bad = good;
  bad.set_samples(std::nan(""));
  EXPECT_EQ(field_of(bad), "here.samples");
}

}  // namespace
}  // namespace latimer::confidence
