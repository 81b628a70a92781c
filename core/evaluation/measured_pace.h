// Times that a processor made at changing pace, brought to one pace.
//
// A measurement says how long a fixed computation took between its runs (Timing.pass_ns). On a machine that is still,
// that is always the same. Where neighbours, turbo or heat change it, times change by a power of it: an exponent of 0.2
// for large convolutions, 0.5 for networks of small layers (docs/results.md, "A machine that changes its pace").
#ifndef LATIMER_CORE_EVALUATION_MEASURED_PACE_H_
#define LATIMER_CORE_EVALUATION_MEASURED_PACE_H_

#include <vector>

namespace latimer {

// The exponent of an average network, for where nothing better is known.
inline constexpr double kUsualPaceExponent = 0.35;

// Median of the paces that are positive numbers, in nanoseconds; 0: none is.
double CommonPassNs(std::vector<double> pass_ns);

// What a time made at `pass_ns` is multiplied by to be one at `wanted_ns`; 1 where either is no positive number.
// Between 1/4 and 4, whatever the numbers are.
double PaceFactor(double pass_ns, double wanted_ns, double exponent);

// Median of `measured`, a v1::Timing or v1::MeasuredLatency, at the pace that `estimate`, a v1::NetworkEstimate, is
// for.
template <typename Measured, typename Estimate>
double MedianMsAtPace(const Measured& measured, const Estimate& estimate) {
  return measured.median_ms() * PaceFactor(measured.pass_ns(), estimate.pass_ns(), estimate.pace_exponent());
}

}  // namespace latimer

#endif  // LATIMER_CORE_EVALUATION_MEASURED_PACE_H_
