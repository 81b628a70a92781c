#include "core/refinement/refine_plan.h"

#include <gtest/gtest.h>

#include "core/confidence/coverage.h"
#include "core/refinement/queried_subject.h"
#include "synthetic.h"

namespace latimer::refinement {
namespace {

using benchmark::MeasurementKind;
using benchmark::Method;

// A board measured with convolutions of few channels only.
class RefinePlanTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    fitting::FitInput input;
    input.base = fitting::TestBase();
    for (const benchmark::SubjectKind kind :
         {benchmark::SubjectKind::kConv, benchmark::SubjectKind::kPool, benchmark::SubjectKind::kActivation}) {
      for (fitting::Sample& sample : fitting::MeasureKind(kind, 120, 0.02, 3))
        input.samples.push_back(std::move(sample));
    }
    const absl::StatusOr<fitting::FitResult> fit = fitting::FitPlatform(input, {.rounds = 40});
    ASSERT_TRUE(fit.ok()) << fit.status();
    platform_ = new std::shared_ptr<const PlatformModel>(*PlatformModel::Create(fit->model));
  }
  static void TearDownTestSuite() { delete platform_; }
  static const std::shared_ptr<const PlatformModel>* platform_;
};
const std::shared_ptr<const PlatformModel>* RefinePlanTest::platform_ = nullptr;

QueriedUnit Asked(int64_t channels, double share) {
  QueriedUnit unit;
  unit.features.type = LayerType::kConv;
  unit.features.in_h = unit.features.in_w = unit.features.out_h = unit.features.out_w = 14;
  unit.features.c_in = unit.features.c_out = channels;
  unit.features.kernel_h = unit.features.kernel_w = 3;
  unit.features.operations = 2.0 * 9 * 14 * 14 * static_cast<double>(channels * channels);
  unit.features.weight_bytes = 9.0 * static_cast<double>(channels * channels);
  unit.features.input_bytes = unit.features.output_bytes = 14.0 * 14 * static_cast<double>(channels);
  unit.share = share;
  return unit;
}

TEST_F(RefinePlanTest, KeepsTheBudgetAndPaddingComesFirst) {
  RefineOptions options;
  options.measurements = 40;
  const auto plan = RefinePlan(**platform_, {}, options);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_LE(plan->size(), 40u);
  EXPECT_GE(plan->size(), 30u);
  absl::flat_hash_set<std::string> keys;
  for (const benchmark::PlannedMeasurement& one : *plan) {
    EXPECT_TRUE(keys.insert(one.key).second) << one.key << " is planned twice";
    if (one.kind != MeasurementKind::kSubject) continue;
    benchmark::PaddingNeed need = benchmark::NeededPadding(one.subject);
    need.inputs.push_back(need.output);
    for (const benchmark::PaddedShape& shape : need.inputs) EXPECT_TRUE(keys.contains(shape.Key())) << shape.Key();
  }
}

TEST_F(RefinePlanTest, WhatCallersAskAboutIsMeasured) {
  RefineOptions options;
  options.measurements = 20;
  options.in_general = 0;
  const std::vector<QueriedUnit> asked = {Asked(1024, 5), Asked(96, 0.01)};
  const auto plan = RefinePlan(**platform_, asked, options);
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_FALSE(plan->empty());
  double nearest = 1e9;
  const confidence::CoveragePoint wanted = confidence::MakeCoveragePoint(asked[0].features);
  for (const benchmark::PlannedMeasurement& one : *plan) {
    if (one.kind != MeasurementKind::kSubject) continue;
    const confidence::CoveragePoint point = confidence::MakeCoveragePoint(ComputeFeatures(one.subject, {0}, 8, 8));
    nearest = std::min(nearest, static_cast<double>(confidence::DistanceToNearest(wanted, point)));
  }
  EXPECT_LT(nearest, 0.01) << "the very layer";
}

TEST_F(RefinePlanTest, NothingIsMeasuredTwice) {
  RefineOptions options;
  options.measurements = 30;
  const auto first = RefinePlan(**platform_, {}, options);
  ASSERT_TRUE(first.ok()) << first.status();
  for (const benchmark::PlannedMeasurement& one : *first) options.known.insert(one.key);
  const auto second = RefinePlan(**platform_, {}, options);
  ASSERT_TRUE(second.ok()) << second.status();
  for (const benchmark::PlannedMeasurement& one : *second) {
    EXPECT_FALSE(options.known.contains(one.key)) << one.key;
  }
}

TEST_F(RefinePlanTest, ExcerptsAreChosenToo) {
  RefineOptions options;
  options.measurements = 12;
  options.method = Method::kExcerpts;
  const auto plan = RefinePlan(**platform_, {}, options);
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_EQ(plan->size(), 12u);
  for (const benchmark::PlannedMeasurement& one : *plan) {
    EXPECT_EQ(one.kind, MeasurementKind::kExcerpt);
    EXPECT_TRUE(one.layer_report);
  }
}

TEST_F(RefinePlanTest, TheSameArgumentsGiveTheSamePlan) {
  RefineOptions options;
  options.measurements = 25;
  const std::vector<QueriedUnit> asked = {Asked(512, 1)};
  const auto once = RefinePlan(**platform_, asked, options);
  const auto again = RefinePlan(**platform_, asked, options);
  ASSERT_TRUE(once.ok() && again.ok());
  ASSERT_EQ(once->size(), again->size());
  for (size_t i = 0; i < once->size(); ++i) EXPECT_EQ((*once)[i].key, (*again)[i].key);
}

TEST_F(RefinePlanTest, MethodsThatCannotBeRefinedAreRefused) {
  RefineOptions options;
  options.method = Method::kSingleLayer;
  EXPECT_EQ(RefinePlan(**platform_, {}, options).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace latimer::refinement
