// Pace: how fast this processor computes at the moment, told by a fixed computation between the runs of a network.
//
// A neighbour on the same core (the other hyper-thread of a virtual machine's host), turbo clocks and throttling slow a
// network and this computation down together, though not alike: what a network's time owes to the pace is fitted
// (core/fitting/pace_fit.h).
#ifndef LATIMER_BACKENDS_PACE_H_
#define LATIMER_BACKENDS_PACE_H_

#include <vector>

namespace latimer {

// Spreads the fixed computation between runs, so that it takes a quarter of their time, at most 0.2 s for one of them:
// before each of long runs, before some of short ones. Not for networks that compute elsewhere than on the caller's
// processor.
class Pace {
 public:
  // Finds out how long a pass takes, in about a millisecond.
  Pace();

  // Call right before a run and right after it with its time.
  void BeforeRun();
  void AfterRun(double seconds);

  // Seconds of one pass over the computation since the last call, the mean of the middle half; 0: there was no run.
  double Take();

 private:
  void Measure();

  int passes_ = 1;            // per measurement
  double run_seconds_ = 0;    // of all runs
  double pace_seconds_ = 0;   // of all measurements
  std::vector<double> gaps_;  // seconds of a pass in each of them
};

// Seconds that `passes` passes take now.
double SecondsOfPasses(int passes);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_PACE_H_
