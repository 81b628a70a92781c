// Measurement discipline: how often a network runs, and what is kept of the times.
//
// Warm-up until two consecutive times agree, then runs until the spread of the median is below its target or the time
// budget is used up. The statistics are robust: median, minimum, and a spread made of quartiles, since the times of a
// board are skewed by whatever else it does. Where the processor's pace is known, runs that were slowed down are made
// up for and left out (backends/run_series.h).
#ifndef LATIMER_BACKENDS_TIMING_H_
#define LATIMER_BACKENDS_TIMING_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "backends/backend.h"
#include "backends/pace.h"

namespace latimer {

struct TimingOptions {
  int min_runs = 5;
  int max_runs = 1000;
  double budget_seconds = 0.08;  // for counted runs; min_runs are made even past it
  double target_spread = 0.003;  // relative spread of the median at which counting may stop
  int min_warmup_runs = 1;
  int max_warmup_runs = 20;
  double warmup_budget_seconds = 0.04;
  // Memory written before each run, not timed. A benchmark that repeats one layer finds its weights in the caches, a
  // network does not: with a few times the cache's size, layers rich in weights cost what they cost in networks.
  int64_t flush_bytes = 0;
  // For counted runs by the clock, so that flushing cannot take long where runs are short; min_runs are made even past.
  double wall_budget_seconds = 0.5;
  Pace* pace = nullptr;  // not owned; nullptr: the pace of the processor is not measured, and every run counts
};

struct TimingResult {
  double median_seconds = 0;
  double min_seconds = 0;
  double lower_quartile_seconds = 0;
  double upper_quartile_seconds = 0;
  // Relative standard error of the median, estimated from the quartiles.
  double median_spread = 0;
  int runs = 0;  // the times above are of
  int warmup_runs = 0;
  // Share of runs that were left out, or are more than 20 % above the lower quartile: how disturbed the board was.
  double disturbed_share = 0;
  double pass_seconds = 0;  // the processor's pace around the runs (backends/pace.h); 0: not measured
};

// Statistics of times in seconds; `seconds` is not empty.
TimingResult Summarize(std::vector<double> seconds);

// Measures `network`. Errors are those of RunSeconds().
absl::StatusOr<TimingResult> TimeNetwork(PreparedNetwork& network, const TimingOptions& options);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_TIMING_H_
