// Counts calls: how many per method and outcome, how long they took, how many are open, and why calls were refused.
#ifndef LATIMER_SERVER_METRICS_RPC_METRICS_H_
#define LATIMER_SERVER_METRICS_RPC_METRICS_H_

#include <grpcpp/support/server_interceptor.h>
#include <prometheus/collectable.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "core/base/mutex.h"
#include "metrics/families.h"

namespace latimer::server {

// Counters of one method; atomic, so that calls never wait for each other.
struct MethodCounters {
  MethodCounters(absl::string_view service_name, absl::string_view method_name, bool is_unary)
      : service(service_name), method(method_name), unary(is_unary), seconds(metrics::CallSeconds()) {}

  const std::string service;
  const std::string method;
  const bool unary;
  // Its service tells RpcMetrics itself; the interceptor leaves it alone.
  bool counts_itself = false;
  std::atomic<int64_t> in_flight{0};
  std::array<std::atomic<uint64_t>, 17> by_code{};
  metrics::Histogram seconds;
};

// Safe for concurrent use.
class RpcMetrics final : public prometheus::Collectable {
 public:
  // Knows the methods of all services of latimer.v1 and those of gRPC's health service; others count as "other".
  RpcMetrics();

  // `path` is "/package.Service/Method".
  MethodCounters* Find(absl::string_view path) const;

  // A call from its begin to Done(). Costs two reads of the clock and four additions.
  class Call {
   public:
    Call() = default;
    Call(RpcMetrics* metrics, MethodCounters* method);
    void Done(const absl::Status& status) const;
    // `reason` as in google.rpc.ErrorInfo; empty: none is known.
    void Done(int code, absl::string_view reason) const;

   private:
    RpcMetrics* metrics_ = nullptr;
    MethodCounters* method_ = nullptr;
    std::chrono::steady_clock::time_point begin_;
  };
  // The two methods that would feel an interceptor.
  Call BeginEstimate() { return Call(this, estimate_); }
  Call BeginEstimatePlatforms() { return Call(this, estimate_platforms_); }
  // One answer of an EstimateStream.
  void CountStreamed(const absl::Status& status);

  metrics::Families Collect() const override;

  // For ServerBuilder: counts all methods but those that count themselves.
  std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeInterceptorFactory();

 private:
  void CountError(const MethodCounters& method, int code, absl::string_view reason);

  std::vector<std::unique_ptr<MethodCounters>> methods_;  // the last is "other"
  absl::flat_hash_map<std::string, MethodCounters*> by_path_;
  MethodCounters* estimate_ = nullptr;
  MethodCounters* estimate_platforms_ = nullptr;
  std::array<std::atomic<uint64_t>, 17> streamed_by_code_{};

  mutable Mutex mutex_;
  // By service, code and reason; reasons are constants of our sources.
  std::map<std::pair<std::string, std::pair<int, std::string>>, uint64_t> errors_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_METRICS_RPC_METRICS_H_
