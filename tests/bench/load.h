// The load: closed-loop clients, each with a connection of its own, that send prepared requests for a short while.
#ifndef LATIMER_TESTS_BENCH_LOAD_H_
#define LATIMER_TESTS_BENCH_LOAD_H_

#include <grpcpp/support/slice.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace grpc {
class Channel;
}

namespace latimer::bench {

enum class Mode { kUnary, kStream };

// Connections to one server. Not safe for concurrent use.
class Target {
 public:
  // Connects `clients` times. Errors: UNAVAILABLE.
  static absl::StatusOr<Target> Connect(const std::string& address, int clients);

  const std::vector<std::shared_ptr<grpc::Channel>>& channels() const { return channels_; }

 private:
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
};

struct LoadResult {
  int64_t calls = 0;
  double calls_per_second = 0;      // sum over clients, each by its own time
  double response_bytes = 0;        // mean
  std::vector<float> latencies_us;  // of every call, unsorted
};

// Runs one slice with the first `clients` connections. Every client takes its share of `requests` in order and, with
// `repeat`, begins again; otherwise it stops where they end. Stream clients keep up to `window` requests in flight.
// The latency of a streamed request is the time from its write to its answer. Errors: that of the first failed call.
absl::StatusOr<LoadResult> RunLoad(const Target& target, int clients, Mode mode, int window,
                                   const std::vector<grpc::Slice>& requests, bool repeat,
                                   std::chrono::duration<double> time);

// Tells an echo how long its answers are.
absl::Status SetEchoSize(const Target& target, int64_t bytes);

// One call of Estimate: the answer's bytes.
absl::StatusOr<std::string> CallOnce(const Target& target, const grpc::Slice& request);

}  // namespace latimer::bench

#endif  // LATIMER_TESTS_BENCH_LOAD_H_
