// Whatever boards send: errors or models that load, never crashes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/fitting/fit_platform.h"
#include "core/model/platform_model.h"
#include "tests/unit/fitting/synthetic.h"

namespace latimer::fitting {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

FitInput Convolutions(int count) {
  FitInput input;
  input.base = TestBase();
  input.samples = MeasureKind(benchmark::SubjectKind::kConv, count, 0.01, 1);
  return input;
}

void ExpectLoads(const absl::StatusOr<FitResult>& result) {
  ASSERT_TRUE(result.ok()) << result.status();
  const auto platform = PlatformModel::Create(result->model);
  EXPECT_TRUE(platform.ok()) << platform.status();
}

TEST(HostileInputTest, NothingAndAlmostNothing) {
  EXPECT_EQ(FitPlatform(Convolutions(0)).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(FitPlatform(Convolutions(1)).status().code(), absl::StatusCode::kFailedPrecondition);
  ExpectLoads(FitPlatform(Convolutions(10)));
}

TEST(HostileInputTest, TimesThatAreNoTimesAreIgnoredAndCounted) {
  FitInput input = Convolutions(60);
  const benchmark::TimeInterval bad[] = {{kNan, kNan},   {0, kInfinity}, {-kInfinity, 1}, {2, 1},
                                         {-2e-3, -1e-3}, {0, 0},         {1e300, 1e300},  {-1, kNan}};
  for (size_t i = 0; i < std::size(bad); ++i) input.samples[i].seconds = bad[i];
  input.samples[20].relative_spread = kNan;
  input.samples[21].relative_spread = -1;
  input.samples[22].relative_spread = kInfinity;
  input.samples[23].subject = Network();
  const absl::StatusOr<FitResult> result = FitPlatform(input);
  ExpectLoads(result);
  EXPECT_EQ(result->ignored_samples, static_cast<int64_t>(std::size(bad)) + 1);
}

TEST(HostileInputTest, OnlyBadTimesAreTooFew) {
  FitInput input = Convolutions(60);
  for (Sample& sample : input.samples) sample.seconds = {-2, -1};
  EXPECT_EQ(FitPlatform(input).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(HostileInputTest, NegativeLowerBoundsEverywhere) {
  FitInput input = Convolutions(60);
  for (Sample& sample : input.samples) sample.seconds.lower_seconds = -sample.seconds.upper_seconds;
  ExpectLoads(FitPlatform(input));
}

TEST(HostileInputTest, AllTimesEqual) {
  FitInput input = Convolutions(40);
  for (Sample& sample : input.samples) sample.seconds = {1e-3, 1e-3};
  ExpectLoads(FitPlatform(input));
}

TEST(HostileInputTest, TimesOfAllMagnitudes) {
  FitInput input = Convolutions(40);
  for (size_t i = 0; i < input.samples.size(); ++i) {
    const double seconds = std::pow(10.0, static_cast<double>(i % 14) - 8);
    input.samples[i].seconds = {seconds, seconds};
  }
  ExpectLoads(FitPlatform(input));
}

TEST(HostileInputTest, OneLayerTypeWithoutOperationsOrConvolutions) {
  FitInput input;
  input.base = TestBase();
  input.samples = MeasureKind(benchmark::SubjectKind::kTranspose, 20, 0.01, 1);
  ExpectLoads(FitPlatform(input));
}

TEST(HostileInputTest, BadPaddingAndValidationTimes) {
  FitInput input = Convolutions(40);
  for (double seconds : {kNan, -1.0, 0.0, kInfinity, 1e-4}) {
    input.paddings.push_back({benchmark::PaddingOnlyNetwork({Shape{1, 64, 28, 28}, false}).value(), seconds});
    input.validation.push_back(
        {"net", benchmark::LayerNetwork(LayerType::kRelu, {}, {Shape{1, 8, 8, 8}}).value(), seconds});
  }
  input.paddings.push_back({Network(), 1e-3});
  ExpectLoads(FitPlatform(input));
}

TEST(HostileInputTest, IncompleteIdentityIsAnErrorThatNamesTheField) {
  FitInput input = Convolutions(40);
  input.base.clear_id();
  const absl::Status status = FitPlatform(input).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("id"));
  input = Convolutions(40);
  input.base.set_weight_bits(0);
  EXPECT_EQ(FitPlatform(input).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace latimer::fitting
