// Measures a server against an echo in short alternating slices, so that whatever else the machine does slows both.
#ifndef LATIMER_TESTS_BENCH_MEASURE_H_
#define LATIMER_TESTS_BENCH_MEASURE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/bench/load.h"
#include "tests/bench/workloads.h"

namespace latimer::bench {

struct MeasureOptions {
  double seconds = 2;  // per row and side
  double slice_seconds = 0.1;
  int stream_window = 16;  // requests in flight per stream
};

// One side of a comparison. `cpu_seconds`: processor time its server used so far; may be empty.
struct Side {
  const Target* target = nullptr;
  std::function<double()> cpu_seconds = {};
};

// Quantiles over all calls of all slices; 0 where nothing was measured.
struct SideResult {
  int64_t calls = 0;
  double calls_per_second = 0;        // mean of all slices
  double quiet_calls_per_second = 0;  // of the slice that beats 90 % of them: noise only ever slows
  double p50_us = 0;
  double p99_us = 0;
  double cpu_us_per_call = 0;
};

// Of server to echo: the median of the slices' ratios and the range that holds the middle 80 % of them; and the ratio
// of the two quiet throughputs, which is the steadier one on a machine with other work.
struct Ratio {
  double median = 0;
  double low = 0;
  double high = 0;
  double quiet = 0;
};

struct Row {
  std::string workload;
  Mode mode = Mode::kUnary;
  int clients = 1;
  double request_bytes = 0;  // means
  double response_bytes = 0;
  int slices = 0;  // per side
  SideResult server;
  SideResult echo;
  Ratio throughput;
};

// Measures `server` against `echo`, whose answers are set to the size of the server's. Errors: those of the calls.
absl::StatusOr<Row> Measure(Workload& workload, Mode mode, int clients, const Side& server, const Side& echo,
                            const MeasureOptions& options);

// The noise floor: two echoes under the requests of `workload`, the first in the server's place.
absl::StatusOr<Row> MeasureEchoes(Workload& workload, int64_t response_bytes, Mode mode, int clients, const Side& first,
                                  const Side& second, const MeasureOptions& options);

}  // namespace latimer::bench

#endif  // LATIMER_TESTS_BENCH_MEASURE_H_
