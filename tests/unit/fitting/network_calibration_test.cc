#include "core/fitting/network_calibration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/benchmark/random.h"

namespace latimer::fitting {
namespace {

using confidence::Score;
using confidence::ScoreSketch;

constexpr double kLevels[] = {0.5, 0.8, 0.9, 0.95};
constexpr int kNetworks = 16;

double Normal(benchmark::Random& random) {
  return std::sqrt(-2 * std::log(1 - random.Uniform())) * std::cos(6.283185307179586 * random.Uniform());
}

// Absolute value of Student's distribution with four degrees of freedom.
double HeavyTailed(benchmark::Random& random) {
  double squares = 0;
  for (int i = 0; i < 4; ++i) squares += std::pow(Normal(random), 2);
  return std::abs(Normal(random)) / std::sqrt(squares / 4);
}

std::vector<Score> Excerpts(int count, benchmark::Random& random) {
  std::vector<Score> scores;
  for (int i = 0; i < count; ++i) scores.push_back({HeavyTailed(random), 1});
  return scores;
}

std::vector<double> Networks(int count, double scale, benchmark::Random& random) {
  std::vector<double> scores;
  for (int i = 0; i < count; ++i) scores.push_back(scale * HeavyTailed(random));
  return scores;
}

TEST(ScoresOfNetworks, CoverTheNextNetworkAsOftenAsPromised) {
  // Networks whose errors are larger or smaller than excerpts' by a factor that nobody knows: drawn again and again.
  benchmark::Random random(1);
  constexpr int kRounds = 300;
  constexpr int kNext = 20;
  std::array<double, std::size(kLevels)> covered{};
  for (int round = 0; round < kRounds; ++round) {
    const double scale = std::exp(0.3 * Normal(random));
    const ScoreSketch sketch = ScoresOfNetworks(Excerpts(150, random), Networks(kNetworks, scale, random));
    for (size_t i = 0; i < covered.size(); ++i) {
      const double quantile = sketch.Quantile(kLevels[i]);
      for (double next : Networks(kNext, scale, random)) covered[i] += next <= quantile ? 1 : 0;
    }
  }
  for (size_t i = 0; i < covered.size(); ++i) {
    EXPECT_NEAR(covered[i] / (kRounds * kNext), kLevels[i], 0.025) << kLevels[i];
  }
}

TEST(ScoresOfNetworks, OneNetworkFarOffHardlyCounts) {
  benchmark::Random random(2);
  const std::vector<Score> excerpts = Excerpts(200, random);
  std::vector<double> networks = Networks(kNetworks, 1, random);
  const ScoreSketch without = ScoresOfNetworks(excerpts, networks);
  *std::max_element(networks.begin(), networks.end()) *= 30;
  const ScoreSketch with = ScoresOfNetworks(excerpts, networks);
  for (double level : kLevels) {
    EXPECT_GE(with.Quantile(level), without.Quantile(level)) << level;
    EXPECT_LT(with.Quantile(level), 1.25 * without.Quantile(level)) << level;
  }
}

TEST(ScoresOfNetworks, FollowNetworksThatAllDisagreeWithExcerpts) {
  benchmark::Random random(3);
  const std::vector<Score> excerpts = Excerpts(200, random);
  const double alone = ScoreSketch::Of(excerpts).Quantile(0.9);
  EXPECT_GT(ScoresOfNetworks(excerpts, Networks(kNetworks, 6, random)).Quantile(0.9), 4 * alone);
  EXPECT_LT(ScoresOfNetworks(excerpts, Networks(kNetworks, 1.0 / 6, random)).Quantile(0.9), alone / 3);
}

TEST(ScoresOfNetworks, FewerNetworksSayLess) {
  benchmark::Random random(4);
  const std::vector<Score> excerpts = Excerpts(200, random);
  std::vector<double> networks;
  for (const Score& score : excerpts) networks.push_back(score.value);
  const double alone = ScoreSketch::Of(excerpts).Quantile(0.9);
  EXPECT_DOUBLE_EQ(ScoresOfNetworks(excerpts, {}).Quantile(0.9), alone);
  EXPECT_DOUBLE_EQ(ScoresOfNetworks(excerpts, {networks[0], networks[1]}).Quantile(0.9), alone);
  EXPECT_DOUBLE_EQ(ScoresOfNetworks({}, networks).Quantile(0.9), ScoreSketch().Quantile(0.9));
  // Networks as far off as excerpts are, and more and more of them: the interval closes in on that of the excerpts.
  std::sort(networks.begin(), networks.end());
  double before = 1e9;
  for (size_t step : {12u, 4u, 1u}) {
    std::vector<double> some;
    for (size_t i = step / 2; i < networks.size(); i += step) some.push_back(networks[i]);
    const double now = ScoresOfNetworks(excerpts, some).Quantile(0.9);
    EXPECT_LT(now, before) << step;
    EXPECT_GT(now, 0.98 * alone) << step;
    before = now;
  }
  EXPECT_NEAR(before / alone, 1, 0.05);
  // All of them three times as far off: three times as wide.
  for (double& score : networks) score *= 3;
  EXPECT_NEAR(ScoresOfNetworks(excerpts, networks).Quantile(0.9) / alone, 3, 0.3);
}

TEST(ScoresOfNetworks, DoNotDependOnOrderOrUnit) {
  benchmark::Random random(5);
  std::vector<Score> excerpts = Excerpts(100, random);
  std::vector<double> networks = Networks(kNetworks, 1.4, random);
  const ScoreSketch one = ScoresOfNetworks(excerpts, networks);
  std::reverse(excerpts.begin(), excerpts.end());
  std::reverse(networks.begin(), networks.end());
  for (Score& score : excerpts) score.value *= 7;
  for (double& score : networks) score *= 7;
  const ScoreSketch other = ScoresOfNetworks(excerpts, networks);
  double before = 0;
  for (double level : {0.1, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999}) {
    EXPECT_NEAR(other.Quantile(level) / one.Quantile(level), 7, 1e-3) << level;
    EXPECT_GT(one.Quantile(level), before) << "a wider level is a wider interval";
    before = one.Quantile(level);
  }
}

}  // namespace
}  // namespace latimer::fitting
