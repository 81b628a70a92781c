// Pace: how fast this processor computes at the moment, told by a fixed computation.
//
// A neighbour on the same core (the other hyper-thread of a virtual machine's host), turbo clocks and throttling slow a
// network and this computation down together, though not alike: backends/run_series.h counts runs that nothing slowed
// down; where there are none, what a network's time owes to the pace is fitted (core/fitting/pace_fit.h).
#ifndef LATIMER_BACKENDS_PACE_H_
#define LATIMER_BACKENDS_PACE_H_

#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

namespace latimer {

// What a process knows of its processor. Lives as long as one measures. Not for networks that compute elsewhere.
class Pace {
 public:
  // Of one measurement: many fit between two moods of a neighbour.
  static constexpr double kMeasureSeconds = 1e-4;

  // Finds out what a pass over the computation takes, in some hundredths of a second.
  Pace();
  virtual ~Pace() = default;

  // Seconds of a pass now.
  virtual double Measure() const;

  // Whether a pass takes about as long as where nothing slowed the processor down in the last series.
  bool IsFast(double pass_seconds) const;

  // All measurements of a series, not empty. What is not seen again for some dozens of series is forgotten: clocks that
  // sink under load stay there.
  void Remember(std::vector<double> pass_seconds);

  // Seconds of a pass around the runs that the last series kept, once; 0: no series ended since. Set by RunSeries.
  double TakeSeriesPassSeconds() { return std::exchange(series_pass_seconds_, 0); }
  void set_series_pass_seconds(double seconds) { series_pass_seconds_ = seconds; }

 private:
  int passes_;                  // per measurement
  std::deque<double> fastest_;  // seconds of a pass, by series; not empty
  double reference_ = 0;        // least of them
  double series_pass_seconds_ = 0;
};

// Seconds that `passes` passes take now.
double SecondsOfPasses(int passes);

}  // namespace latimer

#endif  // LATIMER_BACKENDS_PACE_H_
