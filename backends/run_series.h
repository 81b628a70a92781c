// Runs of one network, and which of them count.
//
// Neighbours come and go within tenths of a second. With the processor's pace measured right before and right after a
// run, runs that nothing slowed down are known, and they alone are kept as long as there are some. On a virtual machine
// that was disturbed for 45 % of the time, medians of the same network deviated by 1.7 % with the processor at its
// fastest, and by 3.9 % where all were brought to one pace (docs/results.md).
#ifndef LATIMER_BACKENDS_RUN_SERIES_H_
#define LATIMER_BACKENDS_RUN_SERIES_H_

#include <chrono>
#include <vector>

#include "backends/pace.h"

namespace latimer {

class RunSeries {
 public:
  // nullptr: the pace is not measured, and every run counts. Not owned.
  explicit RunSeries(Pace* pace) : pace_(pace) {}

  // Call right before a run and right after it with its time. They measure the pace before and after long runs and
  // between some short ones, for a quarter of the time of the runs and at most 0.2 s for one of them.
  void BeforeRun();
  void AfterRun(double seconds);

  // Runs that count toward those one wants: undisturbed ones, and at least a quarter of all, so that a board that is
  // always disturbed is measured four times as long and no longer; all of them beyond ten seconds.
  int counted_runs() const;

  // By run: those with the processor at its fastest right before and after; all where they are fewer than three, or
  // than one in twenty.
  std::vector<bool> Kept() const;

  // The same at the end. The pace remembers the series; it is not to be used afterwards.
  std::vector<bool> Finish();

 private:
  using Clock = std::chrono::steady_clock;

  // Runs between two measurements of the pace.
  struct Stretch {
    int runs = 0;
    double before = 0;  // seconds of a pass
    double after = 0;
  };

  void Measure();
  bool IsDue() const;
  bool IsUndisturbed(const Stretch& stretch) const;

  Pace* const pace_;
  double all_seconds_ = 0;  // of runs
  double run_seconds_ = 0;  // of runs, as far as they call for measurements
  double measured_seconds_ = 0;
  std::vector<double> passes_;  // seconds of a pass in each measurement
  std::vector<Stretch> stretches_;
  int runs_ = 0;
  int undisturbed_ = 0;
  int open_ = 0;  // runs since the last measurement
  Clock::time_point last_;
};

// The elements of `values`, one for each run, whose run is kept.
std::vector<double> KeptOnly(const std::vector<double>& values, const std::vector<bool>& kept);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_RUN_SERIES_H_
