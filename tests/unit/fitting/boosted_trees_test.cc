#include "core/fitting/boosted_trees.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/benchmark/random.h"
#include "core/model/tree_ensemble.h"

namespace latimer::fitting {
namespace {

std::vector<TreeRow> MakeRows(size_t count, uint64_t seed) {
  benchmark::Random random(seed);
  std::vector<TreeRow> rows(count);
  for (TreeRow& row : rows) {
    for (float& value : row.features) value = static_cast<float>(random.Uniform() * 10 - 5);
    row.target = std::sin(row.features[0]) + 0.3F * row.features[3];
    row.lower = row.upper = row.target;
  }
  return rows;
}

TEST(BoostedTreesTest, OurEvaluatorEqualsXgboostToTheLastBit) {
  std::vector<TreeRow> rows = MakeRows(100'000, 1);
  // Thresholds are met exactly, too: half of the rows share a few values.
  for (size_t i = 0; i < rows.size(); i += 2) {
    for (float& value : rows[i].features) value = std::round(value);
  }
  std::vector<float> theirs;
  TreeOptions options;
  options.rounds = 20;
  options.max_depth = 6;
  options.check = &theirs;
  const absl::StatusOr<model::v1::TreeEnsemble> grown = GrowTrees(rows, options);
  ASSERT_TRUE(grown.ok()) << grown.status();
  const absl::StatusOr<TreeEnsemble> ours = TreeEnsemble::Create("trees", *grown);
  ASSERT_TRUE(ours.ok()) << ours.status();
  ASSERT_EQ(theirs.size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(ours->SumOfLeaves(rows[i].features), theirs[i]) << "row " << i;
  }
}

TEST(BoostedTreesTest, LearnsAndIsBoundedByTheData) {
  const std::vector<TreeRow> rows = MakeRows(2000, 2);
  const absl::StatusOr<model::v1::TreeEnsemble> grown = GrowTrees(rows, {});
  ASSERT_TRUE(grown.ok()) << grown.status();
  const absl::StatusOr<TreeEnsemble> trees = TreeEnsemble::Create("trees", *grown);
  ASSERT_TRUE(trees.ok()) << trees.status();
  double squares = 0;
  double scatter = 0;
  const std::vector<TreeRow> others = MakeRows(500, 3);
  for (const TreeRow& row : others) {
    squares += std::pow(trees->LogRatio(row.features) - row.target, 2);
    scatter += std::pow(row.target, 2);
    EXPECT_FALSE(trees->IsOutside(row.features));
  }
  EXPECT_LT(squares, 0.1 * scatter);
  TreeFeatureRow far = rows[0].features;
  far[3] = 1e6F;
  EXPECT_TRUE(trees->IsOutside(far));
  EXPECT_LE(trees->LogRatio(far), grown->log_ratio_max());
}

TEST(BoostedTreesTest, WideIntervalsLeaveRoomThatNeighboursFill) {
  std::vector<TreeRow> rows = MakeRows(600, 4);
  // Every third row's target is off by one, but its interval holds the truth.
  for (size_t i = 0; i < rows.size(); i += 3) {
    rows[i].lower = rows[i].target - 0.1F;
    rows[i].upper = rows[i].target + 2.1F;
    rows[i].target += 1;
  }
  std::vector<TreeRow> points = rows;
  for (TreeRow& row : points) row.lower = row.upper = row.target;
  const std::vector<TreeRow> others = MakeRows(300, 5);
  auto error = [&](const std::vector<TreeRow>& from) {
    const absl::StatusOr<model::v1::TreeEnsemble> grown = GrowTrees(from, {});
    const TreeEnsemble trees = TreeEnsemble::Create("trees", *grown).value();
    double sum = 0;
    for (const TreeRow& row : others) sum += std::abs(trees.LogRatio(row.features) - row.target);
    return sum;
  };
  EXPECT_LT(error(rows), 0.8 * error(points));
}

// Data that say the opposite, as noise does.
TEST(BoostedTreesTest, PhysicalTreesNeverFallWithWhatNeverMakesFaster) {
  std::vector<TreeRow> rows = MakeRows(2000, 5);
  for (TreeRow& row : rows) {
    for (size_t feature : kNeverFasterFeatures) row.target -= 0.2F * row.features[feature];
    row.lower = row.upper = row.target;
  }
  const auto falls = [&](bool physical) {
    TreeOptions options;
    options.physical = physical;
    const absl::StatusOr<model::v1::TreeEnsemble> grown = GrowTrees(rows, options);
    EXPECT_TRUE(grown.ok()) << grown.status();
    const absl::StatusOr<TreeEnsemble> trees = TreeEnsemble::Create("trees", *grown);
    EXPECT_TRUE(trees.ok()) << trees.status();
    int count = 0;
    for (const TreeRow& row : MakeRows(200, 6)) {
      for (size_t feature : kNeverFasterFeatures) {
        TreeFeatureRow more = row.features;
        more[feature] += 1;
        count += trees->LogRatio(more) < trees->LogRatio(row.features) - 1e-6 ? 1 : 0;
      }
    }
    return count;
  };
  EXPECT_EQ(falls(true), 0);
  EXPECT_GT(falls(false), 200) << "what the test is about does not happen";
}

TEST(BoostedTreesTest, SameDataSameTrees) {
  const std::vector<TreeRow> rows = MakeRows(300, 6);
  EXPECT_TRUE(GrowTrees(rows, {})->SerializeAsString() == GrowTrees(rows, {})->SerializeAsString());
}

TEST(BoostedTreesTest, RefusesWhatIsNoNumber) {
  EXPECT_EQ(GrowTrees({}, {}).status().code(), absl::StatusCode::kInvalidArgument);
  std::vector<TreeRow> rows = MakeRows(20, 7);
  rows[3].features[2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(GrowTrees(rows, {}).status().code(), absl::StatusCode::kInvalidArgument);
  rows = MakeRows(20, 7);
  rows[3].lower = rows[3].upper + 1;
  EXPECT_EQ(GrowTrees(rows, {}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(TreeEnsembleTest, RefusesTreesAWalkCouldNotLeave) {
  const model::v1::TreeEnsemble good = *GrowTrees(MakeRows(200, 8), {});
  ASSERT_TRUE(TreeEnsemble::Create("mixed", good).ok());
  auto refused = [](model::v1::TreeEnsemble bad, const std::string& field) {
    const absl::Status status = TreeEnsemble::Create("mixed", bad).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << field;
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("mixed." + field));
  };
  model::v1::TreeEnsemble bad = good;
  bad.set_left(0, 0);
  refused(bad, "left[0]");
  bad = good;
  bad.set_left(0, 1 << 30);
  refused(bad, "left[0]");
  bad = good;
  bad.set_feature(0, 1000);
  refused(bad, "feature[0]");
  bad = good;
  bad.set_value(0, std::numeric_limits<float>::quiet_NaN());
  refused(bad, "value[0]");
  bad = good;
  bad.set_tree_size(0, 1 << 30);
  refused(bad, "tree_size[0]");
  bad = good;
  bad.mutable_tree_size()->RemoveLast();
  refused(bad, "tree_size");
  bad = good;
  bad.set_feature_version(99);
  refused(bad, "feature_version");
  bad = good;
  bad.mutable_feature_min()->RemoveLast();
  refused(bad, "feature_min");
}

}  // namespace
}  // namespace latimer::fitting
