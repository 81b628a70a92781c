#include "backends/pace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "backends/timing.h"

namespace latimer {
namespace {

using Clock = std::chrono::steady_clock;

// Keeps the processor busy for as long as it takes to do `passes` passes, so that its time follows the pace.
class PacedNetwork : public PreparedNetwork {
 public:
  explicit PacedNetwork(int measurements) : measurements_(measurements) {}
  absl::StatusOr<double> RunSeconds() override {
    ++runs_;
    const auto start = Clock::now();
    SecondsOfPasses(100 * measurements_);
    return std::chrono::duration<double>(Clock::now() - start).count();
  }
  int runs() const { return runs_; }

 private:
  int measurements_;
  int runs_ = 0;
};

TEST(PaceTest, WithoutRunsThereIsNone) {
  Pace pace;
  EXPECT_EQ(pace.Take(), 0);
}

TEST(PaceTest, TellsHowLongAPassTakes) {
  double least = 1;
  for (int i = 0; i < 50; ++i) least = std::min(least, SecondsOfPasses(1000) / 1000);
  Pace pace;
  pace.BeforeRun();
  pace.AfterRun(0.1);
  const double seconds = pace.Take();
  EXPECT_GT(seconds, least / 2);
  EXPECT_LT(seconds, 100 * least) << "of a machine that computes other things, too";
}

TEST(PaceTest, AStoppedProcessDoesNotMeasureForAsLongAsItStood) {
  Pace pace;
  const auto start = Clock::now();
  pace.BeforeRun();
  pace.AfterRun(3600);
  EXPECT_GT(pace.Take(), 0);
  EXPECT_LT(std::chrono::duration<double>(Clock::now() - start).count(), 60);
}

TEST(PaceTest, MorePassesTakeLonger) {
  double few = 1;
  double many = 1;
  for (int i = 0; i < 20; ++i) {
    few = std::min(few, SecondsOfPasses(50));
    many = std::min(many, SecondsOfPasses(500));
  }
  EXPECT_GT(many, 3 * few);
}

TEST(PaceTest, TakeStartsAnew) {
  Pace pace;
  pace.BeforeRun();
  pace.AfterRun(1e-3);
  EXPECT_GT(pace.Take(), 0);
  EXPECT_EQ(pace.Take(), 0);
}

TEST(PaceTest, TakesAQuarterOfTheTimeOfLongRuns) {
  Pace pace;
  const auto start = Clock::now();
  for (int i = 0; i < 20; ++i) {
    pace.BeforeRun();
    pace.AfterRun(0.02);  // a run that is only said to have taken so long
  }
  const std::chrono::duration<double> spent = Clock::now() - start;
  EXPECT_GT(spent.count(), 0.25 * 19 * 0.02);
  (void)pace.Take();
}

TEST(PaceTest, ManyShortRunsShareMeasurements) {
  Pace pace;
  const auto start = Clock::now();
  for (int i = 0; i < 10000; ++i) {
    pace.BeforeRun();
    pace.AfterRun(1e-6);
  }
  const std::chrono::duration<double> spent = Clock::now() - start;
  // One measurement before each would be 10 000 times at least 0.1 ms.
  EXPECT_LT(spent.count(), 0.5);
  EXPECT_GT(pace.Take(), 0);
}

TEST(PaceTest, TimeNetworkTellsThePaceOfCountedRuns) {
  PacedNetwork network(/*measurements=*/10);
  Pace pace;
  TimingOptions options;
  options.pace = &pace;
  const absl::StatusOr<TimingResult> result = TimeNetwork(network, options);
  ASSERT_TRUE(result.ok());
  EXPECT_GT(result->pass_seconds, 0);
  EXPECT_EQ(network.runs(), result->runs + result->warmup_runs);
}

TEST(PaceTest, TimeNetworkWithoutPaceTellsNone) {
  PacedNetwork network(1);
  const absl::StatusOr<TimingResult> result = TimeNetwork(network, {});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->pass_seconds, 0);
}

}  // namespace
}  // namespace latimer
