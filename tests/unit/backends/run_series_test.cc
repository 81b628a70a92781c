#include "backends/run_series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "backends/backend.h"
#include "backends/timing.h"

namespace latimer {
namespace {

using Clock = std::chrono::steady_clock;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Says how long it ran.
class SaidNetwork : public PreparedNetwork {
 public:
  absl::StatusOr<double> RunSeconds() override {
    ++runs_;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return 0.01;
  }
  int runs() const { return runs_; }

 private:
  int runs_ = 0;
};

// One that was faster, some time, than this processor ever is: nothing is fast any more.
Pace AlwaysDisturbed() {
  Pace pace;
  pace.Remember({1e-15});
  return pace;
}

// A processor of which a pass takes what the test says; one second where nothing disturbs.
class SaidPace final : public Pace {
 public:
  SaidPace() {
    for (int i = 0; i < 100; ++i) Remember({1.0});
  }
  double Measure() const override { return now; }
  double now = 1;
};

double SecondsOf(RunSeries& series, int runs, double run_seconds) {
  const auto start = Clock::now();
  for (int i = 0; i < runs; ++i) {
    series.BeforeRun();
    series.AfterRun(run_seconds);  // a run that is only said to have taken so long
  }
  return std::chrono::duration<double>(Clock::now() - start).count();
}

TEST(RunSeriesTest, WithoutRunsNothingIsKept) {
  Pace pace;
  RunSeries series(&pace);
  EXPECT_THAT(series.Finish(), IsEmpty());
  EXPECT_EQ(pace.TakeSeriesPassSeconds(), 0);
}

TEST(RunSeriesTest, WithoutAPaceEveryRunCounts) {
  RunSeries series(nullptr);
  SecondsOf(series, 7, 0.1);
  EXPECT_EQ(series.counted_runs(), 7);
  EXPECT_THAT(series.Finish(), testing::AllOf(SizeIs(7), Each(true)));
}

TEST(RunSeriesTest, UndisturbedRunsAllCount) {
  SaidPace pace;
  RunSeries series(&pace);
  SecondsOf(series, 7, 0.01);
  series.BeforeRun();
  EXPECT_EQ(series.counted_runs(), 7);
  EXPECT_THAT(series.Finish(), testing::AllOf(SizeIs(7), Each(true)));
  EXPECT_DOUBLE_EQ(pace.TakeSeriesPassSeconds(), 1);
}

TEST(RunSeriesTest, WhereAllAreDisturbedAllAreKeptAndAQuarterCounts) {
  Pace pace = AlwaysDisturbed();
  RunSeries series(&pace);
  SecondsOf(series, 9, 0.01);
  EXPECT_EQ(series.counted_runs(), 2);
  EXPECT_THAT(series.Finish(), testing::AllOf(SizeIs(9), Each(true)));
  EXPECT_GT(pace.TakeSeriesPassSeconds(), 1e-12) << "of all measurements";
}

TEST(RunSeriesTest, PatienceEnds) {
  Pace pace = AlwaysDisturbed();
  RunSeries series(&pace);
  SecondsOf(series, 1, 6);
  EXPECT_EQ(series.counted_runs(), 0);
  SecondsOf(series, 1, 6);
  EXPECT_EQ(series.counted_runs(), 2);
}

void RunBetween(SaidPace& pace, RunSeries& series, double before, double after) {
  pace.now = before;
  series.BeforeRun();
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  pace.now = after;
  series.AfterRun(0.001);
}

TEST(RunSeriesTest, KeepsRunsBetweenTwoFastMeasurements) {
  SaidPace pace;
  RunSeries series(&pace);
  RunBetween(pace, series, 1, 1.01);
  RunBetween(pace, series, 1, 2);
  RunBetween(pace, series, 2, 2);
  RunBetween(pace, series, 2, 1);
  EXPECT_EQ(series.counted_runs(), 1) << "a quarter of four";
  EXPECT_THAT(series.Kept(), Each(true)) << "one is too few";
  RunBetween(pace, series, 1, 1);
  RunBetween(pace, series, 1, 1);
  EXPECT_EQ(series.counted_runs(), 3);
  EXPECT_THAT(series.Finish(), ElementsAre(true, false, false, false, true, true));
  EXPECT_NEAR(pace.TakeSeriesPassSeconds(), 1, 0.02) << "around those that are kept";
}

TEST(RunSeriesTest, AFewOfVeryManyAreNotKeptAlone) {
  SaidPace pace;
  RunSeries series(&pace);
  for (int i = 0; i < 4; ++i) RunBetween(pace, series, 1, 1);
  for (int i = 0; i < 100; ++i) RunBetween(pace, series, 2, 2);
  EXPECT_EQ(series.counted_runs(), 26);
  EXPECT_THAT(series.Finish(), testing::AllOf(SizeIs(104), Each(true)));
  EXPECT_NEAR(pace.TakeSeriesPassSeconds(), 2, 0.1);
}

TEST(RunSeriesTest, TimeNetworkMakesUpForDisturbedRuns) {
  // Slow before every other run.
  class Moody final : public PreparedNetwork {
   public:
    explicit Moody(SaidPace* pace) : pace_(pace) {}
    absl::StatusOr<double> RunSeconds() override {
      const bool slow = pace_->now > 1;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      if (++runs_ % 3 == 0) pace_->now = slow ? 1 : 2;
      return slow || pace_->now > 1 ? 0.002 : 0.001;
    }

   private:
    SaidPace* const pace_;
    int runs_ = 0;
  };
  SaidPace pace;
  Moody network(&pace);
  TimingOptions options;
  options.min_runs = 12;
  options.budget_seconds = 0;
  options.pace = &pace;
  const absl::StatusOr<TimingResult> result = TimeNetwork(network, options);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->runs, 12);
  EXPECT_DOUBLE_EQ(result->upper_quartile_seconds, 0.001);
  EXPECT_GT(result->disturbed_share, 0.4);
  EXPECT_DOUBLE_EQ(result->pass_seconds, 1);
}

TEST(RunSeriesTest, AStoppedProcessDoesNotMeasureForAsLongAsItStood) {
  Pace pace;
  RunSeries series(&pace);
  EXPECT_LT(SecondsOf(series, 1, 3600), 60);
  const auto start = Clock::now();
  series.Finish();
  EXPECT_LT(std::chrono::duration<double>(Clock::now() - start).count(), 60);
}

TEST(RunSeriesTest, MeasuresForAQuarterOfTheTimeOfLongRuns) {
  Pace pace;
  RunSeries series(&pace);
  EXPECT_GT(SecondsOf(series, 20, 0.02), 0.2 * 19 * 0.02);
}

TEST(RunSeriesTest, ManyShortRunsShareMeasurements) {
  Pace pace;
  RunSeries series(&pace);
  // One measurement before each would be 10 000 times at least 0.1 ms.
  EXPECT_LT(SecondsOf(series, 10000, 1e-6), 0.5);
  EXPECT_THAT(series.Finish(), SizeIs(10000));
}

TEST(RunSeriesTest, KeptOnly) {
  EXPECT_THAT(KeptOnly({1, 2, 3}, {true, false, true}), ElementsAre(1, 3));
  EXPECT_THAT(KeptOnly({1, 2}, {}), IsEmpty());
}

TEST(RunSeriesTest, TimeNetworkTellsThePaceAroundTheRuns) {
  SaidNetwork network;
  SaidPace pace;
  TimingOptions options;
  options.pace = &pace;
  const absl::StatusOr<TimingResult> result = TimeNetwork(network, options);
  ASSERT_TRUE(result.ok());
  EXPECT_DOUBLE_EQ(result->pass_seconds, 1);
  EXPECT_EQ(result->disturbed_share, 0);
  EXPECT_EQ(network.runs(), result->runs + result->warmup_runs);
}

TEST(RunSeriesTest, TimeNetworkWithoutPaceTellsNone) {
  SaidNetwork network;
  const absl::StatusOr<TimingResult> result = TimeNetwork(network, {});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->pass_seconds, 0);
}

TEST(RunSeriesTest, TimeNetworkIsPatientWithADisturbedBoard) {
  SaidNetwork network;
  SaidPace quiet;
  Pace disturbed = AlwaysDisturbed();
  TimingOptions options;
  options.min_runs = 5;
  options.target_spread = 0;
  options.budget_seconds = 0.045;
  options.wall_budget_seconds = 60;
  options.pace = &quiet;
  const absl::StatusOr<TimingResult> calm = TimeNetwork(network, options);
  ASSERT_TRUE(calm.ok());
  EXPECT_EQ(calm->runs, 5);
  options.pace = &disturbed;
  const absl::StatusOr<TimingResult> patient = TimeNetwork(network, options);
  ASSERT_TRUE(patient.ok());
  EXPECT_EQ(patient->runs, 20) << "four times as many, all of them kept";
  options.max_runs = 7;
  const absl::StatusOr<TimingResult> few = TimeNetwork(network, options);
  ASSERT_TRUE(few.ok());
  EXPECT_EQ(few->runs, 7);
}

}  // namespace
}  // namespace latimer
