// Fits to the committed measurement sets, judged on real networks none of which was fitted. The bounds are what
// docs/results.md states for so many excerpts, and a tenth.
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
                                           Case{"epyc-opencv-1t", 0.05, 0.996}),
                         [](const auto& param_info) {
                           std::string name = param_info.param.set;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace latimer
