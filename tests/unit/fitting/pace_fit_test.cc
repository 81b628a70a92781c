// Boards whose processor changes its pace while they measure.
#include "core/fitting/pace_fit.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/benchmark/network_excerpts.h"
#include "core/estimation/estimator.h"
#include "core/evaluation/measured_pace.h"
#include "core/network/simplify.h"
#include "synthetic.h"

namespace latimer::fitting {
namespace {

constexpr double kPass = 300;  // nanoseconds, at the usual pace

std::vector<PacedSum> Sums(double exponent, double spread, benchmark::Random& random) {
  std::vector<PacedSum> sums;
  for (int i = 0; i < 300; ++i) {
    const double log_pace = spread * Noise(random);
    sums.push_back({exponent * log_pace + 0.03 * Noise(random) - 0.1, log_pace});
  }
  return sums;
}

TEST(FitPaceExponentTest, FindsTheExponent) {
  benchmark::Random random(1);
  for (const double exponent : {0.1, 0.3, 0.6}) {
    EXPECT_NEAR(FitPaceExponent(Sums(exponent, 0.2, random)), exponent, 0.05);
  }
}

TEST(FitPaceExponentTest, WithoutChangesOfPaceItIsTheUsualOne) {
  benchmark::Random random(2);
  EXPECT_DOUBLE_EQ(FitPaceExponent({}), kUsualPaceExponent);
  EXPECT_NEAR(FitPaceExponent(Sums(0.9, 0.0001, random)), kUsualPaceExponent, 0.02);
}

TEST(FitPaceExponentTest, AFewAbsurdMeasurementsDoNotMoveIt) {
  benchmark::Random random(3);
  std::vector<PacedSum> sums = Sums(0.3, 0.2, random);
  for (int i = 0; i < 10; ++i) sums.push_back({5, -0.5});
  EXPECT_NEAR(FitPaceExponent(sums), 0.3, 0.1);
}

TEST(FitPaceExponentTest, NonsenseIsBoundedBeforeItGetsHere) {
  // An excerpt whose paces are 41 orders of magnitude apart counts as one that is four times as slow.
  benchmark::Random random(6);
  std::vector<PacedSum> sums = Sums(0.3, 0.2, random);
  sums.push_back({0, std::log(4)});
  EXPECT_NEAR(FitPaceExponent(sums), 0.3, 0.05);
}

TEST(FitPaceExponentTest, LiesBetweenNoneAndAll) {
  benchmark::Random random(4);
  EXPECT_EQ(FitPaceExponent(Sums(-2, 0.2, random)), 0);
  EXPECT_EQ(FitPaceExponent(Sums(4, 0.2, random)), 1);
}

// On the made-up board convolutions hardly follow the pace and everything else does.
double ExponentOf(LayerType type) { return IsConvolution(type) ? 0.2 : 0.7; }

ExcerptSample MeasureAt(Network network, double pass_ns, double rows_pass_ns) {
  ExcerptSample sample;
  sample.pass_ns = pass_ns;
  sample.rows_pass_ns = rows_pass_ns;
  for (LayerId id = 0; id < static_cast<LayerId>(network.layers.size()); ++id) {
    const Layer& layer = network.layers[id];
    if (layer.type == LayerType::kReshape) continue;
    const double seconds = TestBoard().Estimate(ComputeFeatures(network, {id}, 8, 8)).seconds;
    sample.seconds += seconds * std::pow(pass_ns / kPass, ExponentOf(layer.type));
    ReportRow row;
    row.name = std::string(layer.name);
    row.kind = std::string(LayerTypeName(layer.type));
    row.original_names = {std::string(layer.nodes[0])};
    row.seconds = seconds * std::pow(rows_pass_ns / kPass, ExponentOf(layer.type));
    sample.rows.push_back(std::move(row));
  }
  sample.network = std::move(network);
  return sample;
}

double RandomPass(benchmark::Random& random) { return kPass * std::exp(0.5 * Noise(random)); }

class PacedFit : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    benchmark::Random random(11);
    FitInput paced;
    paced.base = TestBase();
    std::vector<double> passes;
    for (int i = 0; i < 200; ++i) {
      const double pass = RandomPass(random);
      passes.push_back(pass);
      paced.excerpts.push_back(MeasureAt(Simplify(*benchmark::SampleExcerpt(random)), pass, RandomPass(random)));
    }
    paced.base.set_pass_ns(CommonPassNs(passes));
    paced_ = new absl::StatusOr<FitResult>(FitPlatform(paced, {.rounds = 60}));
    paced.base.set_pass_ns(0);
    for (ExcerptSample& sample : paced.excerpts) sample.pass_ns = sample.rows_pass_ns = 0;
    forgotten_ = new absl::StatusOr<FitResult>(FitPlatform(paced, {.rounds = 60}));
  }
  static void TearDownTestSuite() {
    delete paced_;
    delete forgotten_;
  }

  // Mean error on networks at the usual pace.
  static double ErrorOf(const FitResult& result) {
    const auto platform = PlatformModel::Create(result.model);
    if (!platform.ok()) return 1e9;
    benchmark::Random random(99);
    double error = 0;
    constexpr int kNetworks = 40;
    for (int i = 0; i < kNetworks; ++i) {
      const ExcerptSample truth = MeasureAt(Simplify(*benchmark::SampleExcerpt(random)), kPass, kPass);
      v1::NetworkEstimate estimate;
      if (!EstimateNetwork(truth.network, **platform, {}, nullptr, &estimate).ok()) return 1e9;
      error += std::abs(estimate.latency().estimate_ms() / 1e3 / truth.seconds - 1) / kNetworks;
    }
    return error;
  }

  static absl::StatusOr<FitResult>* paced_;
  static absl::StatusOr<FitResult>* forgotten_;
};
absl::StatusOr<FitResult>* PacedFit::paced_ = nullptr;
absl::StatusOr<FitResult>* PacedFit::forgotten_ = nullptr;

TEST_F(PacedFit, ExponentsOfTypesAreFound) {
  ASSERT_TRUE(paced_->ok()) << paced_->status();
  const PaceExponents exponents = PaceExponentsOf((*paced_)->model);
  EXPECT_NEAR(exponents.at("Conv"), 0.2, 0.15);
  EXPECT_NEAR(exponents.at("Pool"), 0.7, 0.15);
  EXPECT_GT(exponents.at("Pool"), exponents.at("Conv") + 0.2);
}

TEST_F(PacedFit, KnowingThePaceMakesAModelBetter) {
  ASSERT_TRUE(paced_->ok()) << paced_->status();
  ASSERT_TRUE(forgotten_->ok()) << forgotten_->status();
  EXPECT_LT(ErrorOf(**paced_), 0.08);
  EXPECT_LT(ErrorOf(**paced_), 0.9 * ErrorOf(**forgotten_));
  EXPECT_EQ((*forgotten_)->model.pass_ns(), 0);
  for (const auto& [type, exponent] : PaceExponentsOf((*forgotten_)->model)) EXPECT_EQ(exponent, 0) << type;
}

TEST_F(PacedFit, NetworksMeasuredAtOtherPacesAreBroughtToTheModels) {
  ASSERT_TRUE(paced_->ok()) << paced_->status();
  const auto platform = PlatformModel::Create((*paced_)->model);
  ASSERT_TRUE(platform.ok()) << platform.status();
  const double pass = (*platform)->definition().pass_ns();
  constexpr uint64_t kNetworks = 20;
  double mean = 0;
  for (uint64_t seed = 0; seed < kNetworks; ++seed) {
    const auto network = [&] {  // the same each time: networks are not copied
      benchmark::Random random(seed);
      return Simplify(*benchmark::SampleExcerpt(random));
    };
    const double at_pace = MeasureAt(network(), pass, pass).seconds;
    const double slow = MeasureAt(network(), 2 * pass, pass).seconds;
    std::vector<ValidationSample> samples;
    samples.push_back({"slow", network(), slow, 2 * pass});
    samples.push_back({"unknown", network(), slow, 0});
    const auto networks = ValidationAtPace(samples, **platform);
    ASSERT_TRUE(networks.ok()) << networks.status();
    EXPECT_NEAR((*networks)[0].seconds / at_pace, 1, 0.15);
    EXPECT_EQ((*networks)[1].seconds, slow);
    mean += std::abs((*networks)[0].seconds / at_pace - 1) / static_cast<double>(kNetworks);
  }
  EXPECT_LT(mean, 0.1) << "15 to 60 % as measured";
}

}  // namespace
}  // namespace latimer::fitting
