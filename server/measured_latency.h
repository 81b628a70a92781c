// What callers are told of a measurement of a network.
#ifndef LATIMER_SERVER_MEASURED_LATENCY_H_
#define LATIMER_SERVER_MEASURED_LATENCY_H_

#include "latimer/v1/estimate.pb.h"
#include "latimer/v1/measurement.pb.h"

namespace latimer::server {

inline v1::MeasuredLatency MeasuredLatencyOf(const v1::Measurement& measurement) {
  const v1::Timing& timing = measurement.timing();
  v1::MeasuredLatency latency;
  latency.set_median_ms(timing.median_ms());
  latency.set_median_spread(timing.median_spread());
  latency.set_runs(timing.runs());
  latency.set_pass_ns(timing.pass_ns());
  latency.set_measure_time_unix_ms(measurement.measure_time_unix_ms());
  return latency;
}

}  // namespace latimer::server

#endif  // LATIMER_SERVER_MEASURED_LATENCY_H_
