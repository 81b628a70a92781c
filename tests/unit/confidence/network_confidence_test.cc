#include "core/confidence/network_confidence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "random_errors.h"

namespace latimer::confidence {
namespace {

struct Unit {
  double seconds;
  double deviation;  // of the logarithm
};

// From a few large units to many small ones.
std::vector<Unit> MakeUnits(int count, double deviation, benchmark::Random& random) {
  std::vector<Unit> units;
  for (int i = 0; i < count; ++i)
    units.push_back({1e-4 * std::exp(Normal(random)), deviation * (0.5 + random.Uniform())});
  return units;
}

ScoreSketch NormalScores() {
  benchmark::Random random(1);
  std::vector<Score> scores;
  for (int i = 0; i < 200000; ++i) scores.push_back({std::abs(Normal(random)), 1});
  return ScoreSketch::Of(std::move(scores));
}

// The slow way: draw every unit's error, add up, look at the quantile of |log(sum / estimate)|.
double Bootstrap(const std::vector<Unit>& units, double correlation, double level, bool laplace,
                 benchmark::Random& random) {
  constexpr int kDraws = 10000;
  double estimate = 0;
  for (const Unit& unit : units) estimate += unit.seconds;
  std::vector<double> errors;
  for (int draw = 0; draw < kDraws; ++draw) {
    const double shared = Normal(random);
    double sum = 0;
    for (const Unit& unit : units) {
      const double own = laplace ? Laplace(random) / std::sqrt(2.0) : Normal(random);
      sum += unit.seconds *
             std::exp(unit.deviation * (std::sqrt(correlation) * shared + std::sqrt(1 - correlation) * own));
    }
    errors.push_back(std::abs(std::log(sum / estimate)));
  }
  const auto at = static_cast<size_t>(level * kDraws);
  std::nth_element(errors.begin(), errors.begin() + static_cast<ptrdiff_t>(at), errors.end());
  return errors[at];
}

TEST(NetworkConfidence, MomentsAreWhatABootstrapSays) {
  const ScoreSketch normal = NormalScores();
  benchmark::Random random(17);
  for (const int count : {20, 50, 150}) {
    for (const double correlation : {0.0, 0.2, 0.7}) {
      for (const bool laplace : {false, true}) {
        const std::vector<Unit> units = MakeUnits(count, 0.05, random);
        ErrorSum sum;
        for (const Unit& unit : units) sum.Add(unit.seconds, unit.deviation);
        const NetworkConfidence confidence(correlation, 0, normal);
        for (const double level : {0.68, 0.9, 0.98}) {
          const double fast = std::log(confidence.Factor(level, sum, sum.seconds));
          const double slow = Bootstrap(units, correlation, level, laplace, random);
          // A sum of few Laplace errors has slightly longer tails.
          EXPECT_NEAR(fast / slow, 1, laplace ? 0.12 : 0.06)
              << count << " units, correlation " << correlation << ", level " << level;
        }
      }
    }
  }
}

TEST(NetworkConfidence, ManyIndependentUnitsAreSurerThanOne) {
  ErrorSum one, many;
  one.Add(1, 0.2);
  for (int i = 0; i < 100; ++i) many.Add(0.01 + 1e-9 * i, 0.2);
  const ScoreSketch scores = ScoreSketch::Exponential(1);
  EXPECT_NEAR(NetworkConfidence(0, 0, scores).LogDeviation(one, 1), 0.2, 1e-5);
  EXPECT_NEAR(NetworkConfidence(0, 0, scores).LogDeviation(many, 1), 0.02, 1e-5);
  EXPECT_NEAR(NetworkConfidence(1, 0, scores).LogDeviation(many, 1), 0.2, 1e-5) << "units that err together do not";
  EXPECT_NEAR(NetworkConfidence(0, 0.1, scores).LogDeviation(many, 1), std::hypot(0.1, 0.02), 1e-5);
}

TEST(NetworkConfidence, UnitsThatAreAlikeErrAlike) {
  benchmark::Random random(31);
  const std::vector<Unit> units = MakeUnits(10, 0.1, random);
  ErrorSum once, block_by_block, unit_by_unit, larger;
  for (const Unit& unit : units) {
    once.Add(unit.seconds, unit.deviation);
    larger.Add(5 * unit.seconds, unit.deviation);
    for (int i = 0; i < 5; ++i) unit_by_unit.Add(unit.seconds, unit.deviation);
  }
  for (int i = 0; i < 5; ++i) {
    for (const Unit& unit : units) block_by_block.Add(unit.seconds, unit.deviation);
  }
  for (double correlation : {0.0, 0.3, 1.0}) {
    const NetworkConfidence confidence(correlation, 0, ScoreSketch::Exponential(1));
    const double deviation = confidence.LogDeviation(once, once.seconds);
    // Five times the same block is known as well as one of them, in whatever order.
    EXPECT_NEAR(confidence.LogDeviation(block_by_block, block_by_block.seconds), deviation, 1e-9);
    EXPECT_NEAR(confidence.LogDeviation(unit_by_unit, unit_by_unit.seconds), deviation, 1e-9);
    EXPECT_NEAR(confidence.LogDeviation(larger, larger.seconds), deviation, 1e-9);
  }
  const double own = units[3].seconds * units[3].deviation;
  EXPECT_NEAR(unit_by_unit.Alike(own), 5 * own, 1e-12 * own);
  EXPECT_EQ(once.Alike(own), own);
  EXPECT_EQ(once.Alike(123), 123) << "a unit that is not in the sum is alone";
  EXPECT_EQ(once.Alike(0), 0);
  // Far more groups than usual networks have.
  ErrorSum many;
  double squares = 0;
  const std::vector<Unit> thousand = MakeUnits(1000, 0.1, random);
  for (int i = 0; i < 3; ++i) {
    for (const Unit& unit : thousand) many.Add(unit.seconds, unit.deviation);
  }
  for (const Unit& unit : thousand) {
    EXPECT_NEAR(many.Alike(unit.seconds * unit.deviation) / (3 * unit.seconds * unit.deviation), 1, 1e-12);
    squares += std::pow(3 * unit.seconds * unit.deviation, 2);
  }
  EXPECT_NEAR(many.squares / squares, 1, 1e-9);
}

TEST(NetworkConfidence, SharesOfUnitsAddUpToAllButTheFloor) {
  benchmark::Random random(23);
  std::vector<Unit> units = MakeUnits(25, 0.3, random);
  for (int i = 0; i < 8; ++i) units.push_back(units[static_cast<size_t>(i)]);
  ErrorSum sum;
  for (const Unit& unit : units) sum.Add(unit.seconds, unit.deviation);
  for (const double floor : {0.0, 0.05}) {
    for (const double correlation : {0.0, 0.4, 1.0}) {
      const NetworkConfidence confidence(correlation, floor, ScoreSketch::Exponential(1));
      double shares = 0;
      for (const Unit& unit : units) {
        shares += confidence.VarianceShare(unit.seconds * unit.deviation, sum, sum.seconds);
      }
      const double deviation = confidence.LogDeviation(sum, sum.seconds) - 1e-6;
      EXPECT_NEAR(shares, 1 - floor * floor / (deviation * deviation), 1e-9);
    }
  }
  EXPECT_EQ(NetworkConfidence().VarianceShare(0, {}, 0), 0) << "no units, no variance";
}

TEST(NetworkConfidence, FactorsGrowWithTheLevelAndStayFinite) {
  ErrorSum sum;
  sum.Add(1e-3, 1.4);
  for (const NetworkConfidence& confidence : {NetworkConfidence(0.5, 0, ScoreSketch::Exponential(1)),
                                              NetworkConfidence(0.5, 2, ScoreSketch::Exponential(3))}) {
    double before = 1;
    for (const double level : {1e-9, 0.1, 0.5, 0.9, 0.99}) {
      const double factor = confidence.Factor(level, sum, 1e-3);
      EXPECT_GT(factor, before);
      before = factor;
    }
    EXPECT_TRUE(std::isfinite(confidence.Factor(1 - 1e-15, sum, 1e-3)));
    EXPECT_TRUE(std::isfinite(confidence.Factor(0.9, {}, 0)));
  }
}

TEST(NetworkConfidence, BadContentsAreNamed) {
  model::v1::NetworkCalibration good;
  ScoreSketch::Exponential(1).Write(good.mutable_scores());
  const auto field_of = [](const model::v1::NetworkCalibration& bad) {
    const absl::StatusOr<NetworkConfidence> read = NetworkConfidence::Read("here", bad);
    return read.ok() ? std::string("read") : GetErrorDetails(read.status())->field;
  };
  EXPECT_EQ(field_of(good), "read");
  model::v1::NetworkCalibration bad = good;
  bad.set_correlation(1.1);
  EXPECT_EQ(field_of(bad), "here.correlation");
  bad = good;
  bad.set_floor(std::nan(""));
  EXPECT_EQ(field_of(bad), "here.floor");
  bad = good;
  bad.mutable_scores()->set_samples(-1);
  EXPECT_EQ(field_of(bad), "here.scores.samples");
}

}  // namespace
}  // namespace latimer::confidence
