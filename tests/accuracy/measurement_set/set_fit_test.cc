// Fits to committed measurement sets, judged on real networks none of which was fitted. The bounds are what
// docs/results.md states for so many excerpts, and what another compiler's rounding may change.
#include "tests/accuracy/measurement_set/set_fit.h"

#include <gtest/gtest.h>

#include "core/evaluation/statistics.h"
#include "tests/accuracy/measurement_set/set_file.h"

namespace latimer {
namespace {

constexpr int kExcerpts = 400;

struct Case {
  const char* set;
  double error;
  double spearman;
};

class MeasurementSetTest : public ::testing::TestWithParam<Case> {};

TEST_P(MeasurementSetTest, ReachesStatedErrors) {
  const std::string file = std::string(LATIMER_SOURCE_DIR) + "/data/measurements/" + GetParam().set + "/set.pb.gz";
  const absl::StatusOr<model::v1::MeasurementSet> set = ReadMeasurementSet(file);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_FALSE(set->fingerprint().facts().empty());
  EXPECT_FALSE(set->fingerprint().simulated());
  const absl::StatusOr<fitting::FitInput> input = FitInputOf(*set, kExcerpts);
  ASSERT_TRUE(input.ok()) << input.status();
  const absl::StatusOr<fitting::FitResult> result = fitting::FitPlatform(*input);
  ASSERT_TRUE(result.ok()) << result.status();
  const absl::StatusOr<std::vector<JudgedNetwork>> judged = JudgeOn(*set, result->model);
  ASSERT_TRUE(judged.ok()) << judged.status();
  ASSERT_GE(judged->size(), 100u);
  std::vector<Prediction> predictions;
  std::vector<double> predicted;
  std::vector<double> measured;
  for (const JudgedNetwork& one : *judged) {
    predictions.push_back(one.prediction);
    predicted.push_back(one.prediction.predicted);
    measured.push_back(one.prediction.measured);
    EXPECT_LE(one.prediction.low, one.prediction.predicted);
    EXPECT_GE(one.prediction.high, one.prediction.predicted);
  }
  EXPECT_LT(MeanAbsolutePercentageError(predictions).value_or(1), GetParam().error);
  EXPECT_GT(SpearmanCorrelation(predicted, measured).value_or(0), GetParam().spearman);
  EXPECT_GT(Coverage(predictions).value_or(0), 0.85);
  EXPECT_LT(MeanRelativeWidth(predictions).value_or(1), 0.3) << "an interval that holds everything tells nothing";
}

INSTANTIATE_TEST_SUITE_P(Sets, MeasurementSetTest,
                         ::testing::Values(Case{"epyc-onnxruntime-1t", 0.05, 0.997},
                                           Case{"epyc-onnxruntime-1t-reports", 0.05, 0.997},
                                           Case{"epyc-onnxruntime-1t-quiet", 0.035, 0.998},
                                           Case{"epyc-opencv-1t", 0.05, 0.996}),
                         [](const auto& param_info) {
                           std::string name = param_info.param.set;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

double MeanNoiseFloor(const std::vector<JudgedNetwork>& judged) {
  double sum = 0;
  for (const JudgedNetwork& one : judged) sum += one.noise_floor;
  return sum / static_cast<double>(judged.size());
}

// Measured while the host of the virtual machine was busy with others.
TEST(UnsteadySetTest, KnowingThePaceTakesHalfOfTheNoise) {
  constexpr int kFewExcerpts = 150;
  const std::string file = std::string(LATIMER_SOURCE_DIR) + "/data/measurements/epyc-opencv-1t-unsteady/set.pb.gz";
  absl::StatusOr<model::v1::MeasurementSet> set = ReadMeasurementSet(file);
  ASSERT_TRUE(set.ok()) << set.status();
  const PaceOfSet pace = DescribePace(*set);
  EXPECT_GT(pace.correlation, 0.9);
  EXPECT_GT(pace.high_ns, 1.5 * pace.low_ns);
  const absl::StatusOr<fitting::FitInput> input = FitInputOf(*set, kFewExcerpts);
  ASSERT_TRUE(input.ok()) << input.status();
  EXPECT_NEAR(input->base.pass_ns() / pace.median_ns, 1, 0.02);
  const absl::StatusOr<fitting::FitResult> result = fitting::FitPlatform(*input);
  ASSERT_TRUE(result.ok()) << result.status();
  const absl::StatusOr<std::vector<JudgedNetwork>> at_pace = JudgeOn(*set, result->model);
  ASSERT_TRUE(at_pace.ok()) << at_pace.status();
  ForgetPace(&*set);
  const absl::StatusOr<std::vector<JudgedNetwork>> as_measured = JudgeOn(*set, result->model);
  ASSERT_TRUE(as_measured.ok()) << as_measured.status();
  EXPECT_LT(MeanNoiseFloor(*at_pace), 0.5 * MeanNoiseFloor(*as_measured));
}

}  // namespace
}  // namespace latimer
