// Requests the benchmarks send, as serialised messages: what a NAS loop and an engineer ask.
#ifndef LATIMER_TESTS_BENCH_WORKLOADS_H_
#define LATIMER_TESTS_BENCH_WORKLOADS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "latimer/v1/estimation_service.pb.h"

namespace latimer::bench {

// A source of requests. Not safe for concurrent use.
class Workload {
 public:
  virtual ~Workload() = default;

  // Word for tables and --workloads, and one line for people.
  virtual absl::string_view name() const = 0;
  virtual absl::string_view description() const = 0;

  // The next request.
  virtual v1::EstimateRequest Next() = 0;

  // Whether Next() never gives the same request twice; otherwise a few requests come round and round.
  virtual bool fresh() const { return false; }
};

// Names of all workloads, in the order tables show them.
std::vector<std::string> WorkloadNames();

// Errors: NOT_FOUND for an unknown name, listing the known ones. `platform`: as in EstimateRequest. NAS cells ask for
// the summary, as search loops do, the classic networks for every unit.
absl::StatusOr<std::unique_ptr<Workload>> MakeWorkload(absl::string_view name, const std::string& platform);

}  // namespace latimer::bench

#endif  // LATIMER_TESTS_BENCH_WORKLOADS_H_
