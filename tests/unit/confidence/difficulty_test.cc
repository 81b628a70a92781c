#include "core/confidence/difficulty.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "core/base/error.h"
#include "core/confidence/coverage.h"

namespace latimer::confidence {
namespace {

// One-leaf trees, or one split of the first feature at 0.
model::v1::TreeEnsemble Trees(const std::vector<float>& leaves, float right = 0, bool split = false) {
  model::v1::TreeEnsemble trees;
  trees.set_feature_version(kTreeFeatureVersion);
  trees.set_log_ratio_min(-20);
  trees.set_log_ratio_max(20);
  for (size_t i = 0; i < kNumTreeFeatures; ++i) {
    trees.add_feature_min(-100);
    trees.add_feature_max(100);
  }
  for (const float leaf : leaves) {
    trees.add_tree_size(split ? 3 : 1);
    if (split) {
      trees.add_feature(0);
      trees.add_value(0);
      trees.add_left(1);
    }
    for (const float value : split ? std::vector<float>{leaf, right} : std::vector<float>{leaf}) {
      trees.add_feature(-1);
      trees.add_value(value);
      trees.add_left(0);
    }
  }
  return trees;
}

UnitFeatures Layer(int64_t channels) {
  UnitFeatures f;
  f.type = LayerType::kConv;
  f.c_out = channels;
  return f;
}

model::v1::Difficulty Definition() {
  model::v1::Difficulty definition;
  // Four trees whose mean is 1 and whose deviation is 0.5, since leaves of a forest are parts of a mean.
  *definition.mutable_forest() = Trees({0.125F, 0.375F, 0.125F, 0.375F});
  *definition.mutable_errors() = Trees({-3}, -1, true);
  const CoveragePoint point = MakeCoveragePoint(Layer(64));
  definition.mutable_point()->Add(point.begin(), point.end());
  definition.set_usual_distance(2);
  definition.set_median_distance(1);
  definition.set_usual_spread(0.25);
  definition.set_usual_log_error(-2);
  definition.set_growth(0.5);
  return definition;
}

TEST(Difficulty, EveryMeasureReadsItsOwn) {
  const absl::StatusOr<Difficulty> difficulty = Difficulty::Create("at", Definition());
  ASSERT_TRUE(difficulty.ok()) << difficulty.status();
  TreeFeatureRow row{};
  row[0] = -1;
  EXPECT_FLOAT_EQ(difficulty->Of(Measure::kConstant, Layer(64), row).scale, 1);
  EXPECT_FLOAT_EQ(difficulty->Of(Measure::kThroughputVariance, Layer(64), row).scale, 2) << "0.5 over 0.25";
  EXPECT_NEAR(difficulty->Of(Measure::kLatencyVariance, Layer(64), row).scale, std::exp(-1.0), 1e-6);
  row[0] = 1;
  EXPECT_NEAR(difficulty->Of(Measure::kLatencyVariance, Layer(64), row).scale, std::exp(1.0), 1e-6);
  EXPECT_FLOAT_EQ(difficulty->Of(Measure::kOutliers, Layer(64), row).scale, 0.5);
  EXPECT_FLOAT_EQ(difficulty->Of(Measure::kOutliers, Layer(128), row).scale, 1) << "at the median distance";
}

TEST(Difficulty, EveryScaleGrowsBeyondTheMeasuredSpace) {
  const absl::StatusOr<Difficulty> difficulty = Difficulty::Create("at", Definition());
  ASSERT_TRUE(difficulty.ok()) << difficulty.status();
  for (const Measure measure :
       {Measure::kConstant, Measure::kThroughputVariance, Measure::kLatencyVariance, Measure::kOutliers}) {
    const auto scale = [&](int64_t channels) { return difficulty->Of(measure, Layer(channels), {}).scale; };
    EXPECT_GT(scale(1024), scale(256));
    EXPECT_GT(scale(8192), scale(1024));
    EXPECT_LT(scale(int64_t{1} << 60), 200) << "but not without bound";
  }
  EXPECT_FLOAT_EQ(difficulty->Of(Measure::kConstant, Layer(256), {}).distance, 1);
  EXPECT_NEAR(difficulty->Of(Measure::kConstant, Layer(1024), {}).scale, std::exp(0.5), 1e-5);
}

TEST(Difficulty, BadContentsAreNamed) {
  const auto field_of = [](const std::function<void(model::v1::Difficulty&)>& spoil) {
    model::v1::Difficulty bad = Definition();
    spoil(bad);
    const absl::StatusOr<Difficulty> read = Difficulty::Create("here", bad);
    return read.ok() ? std::string("read") : GetErrorDetails(read.status())->field;
  };
  EXPECT_EQ(field_of([](auto&) {}), "read");
  EXPECT_EQ(field_of([](auto& d) { d.add_point(1); }), "here.point");
  EXPECT_EQ(field_of([](auto& d) { d.set_point(2, std::nanf("")); }), "here.point[2]");
  EXPECT_EQ(field_of([](auto& d) { d.set_usual_distance(0); }), "here.usual_distance");
  EXPECT_EQ(field_of([](auto& d) { d.set_median_distance(-1); }), "here.median_distance");
  EXPECT_EQ(field_of([](auto& d) { d.set_usual_spread(std::nan("")); }), "here.usual_spread");
  EXPECT_EQ(field_of([](auto& d) { d.set_growth(11); }), "here.growth");
  EXPECT_EQ(field_of([](auto& d) { d.mutable_forest()->set_feature_version(0); }), "here.forest.feature_version");
  EXPECT_EQ(field_of([](auto& d) { d.mutable_errors()->add_value(0); }), "here.errors.value");
}

TEST(Difficulty, TellsWhatItHas) {
  model::v1::Difficulty definition = Definition();
  definition.clear_forest();
  definition.clear_point();
  const absl::StatusOr<Difficulty> difficulty = Difficulty::Create("at", definition);
  ASSERT_TRUE(difficulty.ok()) << difficulty.status();
  EXPECT_TRUE(difficulty->Has(Measure::kConstant));
  EXPECT_FALSE(difficulty->Has(Measure::kThroughputVariance));
  EXPECT_TRUE(difficulty->Has(Measure::kLatencyVariance));
  EXPECT_FALSE(difficulty->Has(Measure::kOutliers));
  EXPECT_FLOAT_EQ(difficulty->Of(Measure::kOutliers, Layer(4096), {}).scale, 1) << "nothing known, nothing said";
}

}  // namespace
}  // namespace latimer::confidence
