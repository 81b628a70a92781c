#include "backends/timing.h"

#include <gtest/gtest.h>

#include <utility>

namespace latimer {
namespace {

// Plays back given times, then repeats the last one.
class ScriptedNetwork : public PreparedNetwork {
 public:
  explicit ScriptedNetwork(std::vector<double> seconds) : seconds_(std::move(seconds)) {}
  absl::StatusOr<double> RunSeconds() override {
    const size_t i = std::min(runs_, seconds_.size() - 1);
    ++runs_;
    return seconds_[i];
  }
  size_t runs() const { return runs_; }

 private:
  std::vector<double> seconds_;
  size_t runs_ = 0;
};

class FailingNetwork : public PreparedNetwork {
 public:
  absl::StatusOr<double> RunSeconds() override { return absl::InvalidArgumentError("engine says no"); }
};

TEST(SummarizeTest, QuartilesOfFiveTimes) {
  const TimingResult result = Summarize({5, 1, 3, 2, 4});
  EXPECT_DOUBLE_EQ(result.min_seconds, 1);
  EXPECT_DOUBLE_EQ(result.lower_quartile_seconds, 2);
  EXPECT_DOUBLE_EQ(result.median_seconds, 3);
  EXPECT_DOUBLE_EQ(result.upper_quartile_seconds, 4);
  EXPECT_EQ(result.runs, 5);
  // 3, 4 and 5 are more than 20 % above the lower quartile of 2.
  EXPECT_DOUBLE_EQ(result.disturbed_share, 0.6);
}

TEST(SummarizeTest, OneSlowRunMovesNeitherMedianNorMinimum) {
  std::vector<double> times(99, 1.0);
  times.push_back(100.0);
  const TimingResult result = Summarize(times);
  EXPECT_DOUBLE_EQ(result.median_seconds, 1.0);
  EXPECT_DOUBLE_EQ(result.median_spread, 0.0);
  EXPECT_DOUBLE_EQ(result.disturbed_share, 0.01);
}

TEST(TimeNetworkTest, ColdRunsAreNotCounted) {
  ScriptedNetwork network({0.9, 0.1, 0.01});
  TimingOptions options;
  options.warmup_budget_seconds = 10;
  const absl::StatusOr<TimingResult> result = TimeNetwork(network, options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_DOUBLE_EQ(result->upper_quartile_seconds, 0.01);
  EXPECT_EQ(result->warmup_runs, 4);  // 0.9, 0.1, 0.01 and the 0.01 that agrees
}

TEST(TimeNetworkTest, SteadyTimesStopEarly) {
  ScriptedNetwork network({1e-6});
  TimingOptions options;
  options.budget_seconds = 1;
  const absl::StatusOr<TimingResult> result = TimeNetwork(network, options);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->runs, 8);  // the first power of two past min_runs
}

TEST(TimeNetworkTest, BudgetEndsNoisyTimesButMinimumRunsAreMade) {
  ScriptedNetwork network({1.0, 1.0, 2.0, 1.0, 3.0, 1.0, 2.0});
  TimingOptions options;
  options.budget_seconds = 0.5;
  const absl::StatusOr<TimingResult> result = TimeNetwork(network, options);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->runs, 5);
}

TEST(TimeNetworkTest, EngineErrorsComeThrough) {
  FailingNetwork network;
  const absl::StatusOr<TimingResult> result = TimeNetwork(network, {});
  EXPECT_EQ(result.status().message(), "engine says no");
}

}  // namespace
}  // namespace latimer
