#include "core/fitting/fit_platform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <iterator>

#include "core/estimation/estimator.h"
#include "core/model/platform_model.h"
#include "tests/unit/fitting/synthetic.h"

namespace latimer::fitting {
namespace {

using ::testing::Contains;
using ::testing::Not;

void Append(std::vector<Sample> from, std::vector<Sample>& to) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

FitInput MakeInput(double noise) {
  FitInput input;
  input.base = TestBase();
  Append(MeasureKind(benchmark::SubjectKind::kConv, 150, noise, 1), input.samples);
  Append(MeasureKind(benchmark::SubjectKind::kPool, 20, noise, 2), input.samples);
  Append(MeasureKind(benchmark::SubjectKind::kElementwise, 20, noise, 3), input.samples);
  Append(MeasureKind(benchmark::SubjectKind::kActivation, 30, noise, 4), input.samples);
  return input;
}

double EstimateSeconds(const PlatformModel& platform, const Network& network, v1::NetworkEstimate& estimate,
                       ModelKind kind = ModelKind::kAuto) {
  EstimateSettings settings;
  settings.model_kind = kind;
  EXPECT_TRUE(EstimateNetwork(network, platform, settings, nullptr, &estimate).ok());
  return estimate.latency().estimate_ms() / 1e3;
}

TEST(FitPlatformTest, FittedModelLoadsAndEstimatesLayersItHasNotSeen) {
  const absl::StatusOr<FitResult> result = FitPlatform(MakeInput(0.01));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->ignored_samples, 0);
  const auto platform = PlatformModel::Create(result->model);
  ASSERT_TRUE(platform.ok()) << platform.status();
  std::vector<Sample> others = MeasureKind(benchmark::SubjectKind::kConv, 60, 0, 99);
  double error = 0;
  for (const Sample& sample : others) {
    v1::NetworkEstimate estimate;
    error += std::abs(EstimateSeconds(**platform, sample.subject, estimate) / sample.seconds.upper_seconds - 1);
    EXPECT_EQ(estimate.interval_source(), v1::INTERVAL_SOURCE_CALIBRATED);
  }
  EXPECT_LT(error / static_cast<double>(others.size()), 0.06);
}

TEST(FitPlatformTest, ChoosesTheKindThatCrossValidationFindsBestAndRecordsItsScore) {
  const absl::StatusOr<FitResult> result = FitPlatform(MakeInput(0.02));
  ASSERT_TRUE(result.ok()) << result.status();
  const TypeQuality& quality = result->types.at("Conv");
  EXPECT_EQ(quality.samples, 150);
  const double chosen = quality.mape[static_cast<size_t>(quality.chosen)];
  EXPECT_GT(chosen, 0);
  EXPECT_LT(chosen, quality.mape[static_cast<size_t>(ModelKind::kRoofline)]);
  for (const model::v1::LayerModel& model : result->model.layer_models()) {
    if (model.unit_type() != "Conv") continue;
    EXPECT_EQ(static_cast<int>(model.auto_kind()), static_cast<int>(quality.chosen));
    EXPECT_THAT(model.accuracy(), ::testing::SizeIs(4));
  }
}

TEST(FitPlatformTest, SameSamplesSameModel) {
  const FitInput input = MakeInput(0.05);
  const absl::StatusOr<FitResult> first = FitPlatform(input);
  const absl::StatusOr<FitResult> second = FitPlatform(input);
  ASSERT_TRUE(first.ok() && second.ok());
  // Not EXPECT_EQ: the message would be megabytes of trees.
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(first->model, second->model));
  EXPECT_EQ(first->types.at("Conv").mape, second->types.at("Conv").mape);
}

TEST(FitPlatformTest, BeyondTheDataTheAnalyticalModelCarriesTheEstimateAndSaysSo) {
  const absl::StatusOr<FitResult> result = FitPlatform(MakeInput(0.02));
  ASSERT_TRUE(result.ok()) << result.status();
  const auto platform = PlatformModel::Create(result->model);
  ASSERT_TRUE(platform.ok()) << platform.status();
  const Network huge =
      benchmark::LayerNetwork(LayerType::kConv, benchmark::SameConv({3, 3}, {1, 1}, 8192), {Shape{1, 4096, 512, 512}})
          .value();
  v1::NetworkEstimate estimate;
  const double seconds = EstimateSeconds(**platform, huge, estimate, ModelKind::kMixed);
  const double truth = TestBoard().Estimate(ComputeFeatures(huge, {0}, 8, 8)).seconds;
  EXPECT_NEAR(seconds / truth, 1, 0.3);
  std::vector<int> codes;
  for (const v1::Warning& warning : estimate.warnings()) codes.push_back(warning.code());
  EXPECT_THAT(codes, Contains(v1::WARNING_CODE_OUTSIDE_BENCHMARKED_SPACE));
  v1::NetworkEstimate usual;
  const Network common =
      benchmark::LayerNetwork(LayerType::kConv, benchmark::SameConv({3, 3}, {1, 1}, 64), {Shape{1, 64, 56, 56}})
          .value();
  EstimateSeconds(**platform, common, usual, ModelKind::kMixed);
  codes.clear();
  for (const v1::Warning& warning : usual.warnings()) codes.push_back(warning.code());
  EXPECT_THAT(codes, Not(Contains(v1::WARNING_CODE_OUTSIDE_BENCHMARKED_SPACE)));
}

// A board that fuses ReLU and an addition into convolutions, but neither sigmoid nor pooling.
TEST(FitPlatformTest, FindsWhichPairsAreFused) {
  FitInput input = MakeInput(0.003);
  benchmark::Random random(7);
  auto is_fused = [](LayerType primary, LayerType type) {
    return primary == LayerType::kConv && (type == LayerType::kRelu || type == LayerType::kAdd);
  };
  std::vector<benchmark::FusionProbe> probes = benchmark::MakeFusionProbes().value();
  for (benchmark::FusionProbe& probe : probes) {
    const bool fused = is_fused(probe.primary, probe.secondary);
    Sample alone = Measure(std::move(probe.alone), TestBoard(), 0.003, random);
    Sample pair = Measure(std::move(probe.pair), TestBoard(), 0.003, random);
    if (fused) pair.seconds = {alone.seconds.lower_seconds * 1.004, alone.seconds.upper_seconds * 1.004};
    input.samples.push_back(std::move(alone));
    input.samples.push_back(std::move(pair));
  }
  const absl::StatusOr<FitResult> result = FitPlatform(input);
  ASSERT_TRUE(result.ok()) << result.status();
  bool found = false;
  for (const model::v1::Fusion& fusion : result->model.mapping().fusions()) {
    for (int primary : fusion.primary()) {
      for (int secondary : fusion.secondary()) {
        EXPECT_TRUE(is_fused(static_cast<LayerType>(primary), static_cast<LayerType>(secondary)))
            << LayerTypeName(static_cast<LayerType>(primary)) << " + "
            << LayerTypeName(static_cast<LayerType>(secondary));
        found = true;
      }
    }
  }
  EXPECT_TRUE(found);
  ASSERT_EQ(result->model.mapping().fusions_size(), 1);
  EXPECT_EQ(result->model.mapping().fusions(0).secondary_size(), 2);
}

TEST(FitPlatformTest, ValidationNetworksAreJudgedAndGiveTheNetworkInterval) {
  FitInput input = MakeInput(0.01);
  for (int64_t channels : {32, 64, 128, 256}) {
    const ConvAttributes conv = benchmark::SameConv({3, 3}, {1, 1}, channels);
    Network network =
        benchmark::ChainNetwork({Shape{1, channels, 28, 28}}, {{LayerType::kConv, conv}, {LayerType::kConv, conv}})
            .value();
    ValidationSample sample;
    sample.name = std::to_string(channels);
    for (LayerId id : {0, 1}) sample.seconds += TestBoard().Estimate(ComputeFeatures(network, {id}, 8, 8)).seconds;
    sample.network = std::move(network);
    input.validation.push_back(std::move(sample));
  }
  const absl::StatusOr<FitResult> result = FitPlatform(input);
  ASSERT_TRUE(result.ok()) << result.status();
  const double mape = result->validation_mape[static_cast<size_t>(ModelKind::kAuto)];
  EXPECT_GT(mape, 0);
  EXPECT_LT(mape, 0.08);
  EXPECT_DOUBLE_EQ(result->validation_spearman, 1);
  EXPECT_THAT(result->model.network_accuracy(), ::testing::SizeIs(4));
  EXPECT_THAT(result->model.network_error().at("mixed").source(), ::testing::HasSubstr("4 validation networks"));
}

}  // namespace
}  // namespace latimer::fitting
