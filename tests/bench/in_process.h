// Estimates without gRPC: from the request's bytes to the answer's.
#ifndef LATIMER_TESTS_BENCH_IN_PROCESS_H_
#define LATIMER_TESTS_BENCH_IN_PROCESS_H_

#include <string>

#include "absl/status/statusor.h"

namespace latimer::bench {

struct InProcessOptions {
  std::string platform;
  std::string platforms_dir;  // empty: where the server looks
  std::string model_file;     // a serialised PlatformModel, as latimer-measurement-set writes it; instead of these two
  int count = 0;              // networks that were never asked for before
  bool cold = false;          // nothing is remembered from one network to the next
  int threads = 0;            // at least 1: that many threads answer `count` each at one time, as the server does
};

// Estimates NAS-Bench-201 cells, none twice, as compact messages with the summary view. Run under callgrind with two
// counts, the difference of the instructions is that of the estimates.
// JSON: {"count", "medianUs", "meanUs"}; with threads {"threads", "perSecond"}.
absl::StatusOr<std::string> EstimateInProcess(const InProcessOptions& options);

}  // namespace latimer::bench

#endif  // LATIMER_TESTS_BENCH_IN_PROCESS_H_
