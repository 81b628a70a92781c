#include "tests/bench/measure.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace latimer::bench {
namespace {

constexpr size_t kFirstBatch = 256;
constexpr size_t kLargestBatch = 20'000;

template <typename T>
double Quantile(std::vector<T>& values, double q) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return static_cast<double>(values[static_cast<size_t>(at)]);
}

std::vector<grpc::Slice> Batch(Workload& workload, Mode mode, size_t count) {
  std::vector<grpc::Slice> batch;
  for (size_t i = 0; i < count; ++i) {
    if (mode == Mode::kUnary) {
      batch.emplace_back(workload.Next().SerializeAsString());
      continue;
    }
    v1::EstimateStreamRequest streamed;
    streamed.set_id(i + 1);
    *streamed.mutable_request() = workload.Next();
    batch.emplace_back(streamed.SerializeAsString());
  }
  return batch;
}

double MeanSize(const std::vector<grpc::Slice>& batch) {
  double sum = 0;
  for (const grpc::Slice& slice : batch) sum += static_cast<double>(slice.size());
  return sum / static_cast<double>(batch.size());
}

// Collects one side's slices.
class Collector {
 public:
  Collector(const Side& side, Mode mode, int clients, const MeasureOptions& options)
      : side_(side), mode_(mode), clients_(clients), options_(options) {}

  absl::Status Run(const std::vector<grpc::Slice>& requests, bool repeat, double seconds) {
    const double cpu = Cpu();
    LATIMER_ASSIGN_OR_RETURN(LoadResult result, RunLoad(*side_.target, clients_, mode_, options_.stream_window,
                                                        requests, repeat, std::chrono::duration<double>(seconds)));
    cpu_ += Cpu() - cpu;
    calls_ += result.calls;
    last_ = result.calls_per_second;
    rates_.push_back(last_);
    response_bytes_ = result.response_bytes;
    latencies_us_.insert(latencies_us_.end(), result.latencies_us.begin(), result.latencies_us.end());
    return absl::OkStatus();
  }

  void Forget() { *this = Collector(side_, mode_, clients_, options_); }

  SideResult Result() {
    SideResult result;
    result.calls = calls_;
    for (double rate : rates_) result.calls_per_second += rate / static_cast<double>(rates_.size());
    result.quiet_calls_per_second = Quantile(rates_, 0.9);
    if (calls_ > 0) result.cpu_us_per_call = cpu_ / static_cast<double>(calls_) * 1e6;
    result.p50_us = Quantile(latencies_us_, 0.5);
    result.p99_us = Quantile(latencies_us_, 0.99);
    return result;
  }

  double last_calls_per_second() const { return last_; }
  double response_bytes() const { return response_bytes_; }

 private:
  double Cpu() const { return side_.cpu_seconds ? side_.cpu_seconds() : 0; }

  Side side_;
  Mode mode_;
  int clients_;
  MeasureOptions options_;
  int64_t calls_ = 0;
  double last_ = 0;
  std::vector<double> rates_;  // of the slices
  double cpu_ = 0;
  double response_bytes_ = 0;
  std::vector<float> latencies_us_;
};

absl::StatusOr<Row> Alternate(Workload& workload, Mode mode, int clients, Collector& server, Collector& echo,
                              const MeasureOptions& options) {
  Row row;
  row.mode = mode;
  row.clients = clients;
  row.slices = std::max(2, static_cast<int>(std::lround(options.seconds / options.slice_seconds)));
  const double slice = options.seconds / row.slices;
  std::vector<grpc::Slice> batch = Batch(workload, mode, kFirstBatch);
  // Not counted: connections, memory and caches warm up, and the next batches learn how many requests a slice needs.
  LATIMER_RETURN_IF_ERROR(server.Run(batch, !workload.fresh(), slice));
  row.response_bytes = server.response_bytes();
  LATIMER_RETURN_IF_ERROR(echo.Run(batch, /*repeat=*/true, slice));
  std::vector<double> ratios;
  double fastest = server.last_calls_per_second();
  server.Forget();
  echo.Forget();
  for (int i = 0; i < row.slices; ++i) {
    if (workload.fresh()) {
      const double wanted = fastest * slice * 1.5;
      batch = Batch(workload, mode, std::clamp(static_cast<size_t>(wanted), kFirstBatch, kLargestBatch));
    }
    // First one, then the other goes first, so that neither always inherits what the other left behind.
    for (int turn = 0; turn < 2; ++turn) {
      if ((i + turn) % 2 == 0) {
        LATIMER_RETURN_IF_ERROR(server.Run(batch, !workload.fresh(), slice));
      } else {
        LATIMER_RETURN_IF_ERROR(echo.Run(batch, /*repeat=*/true, slice));  // it does not look at requests
      }
    }
    fastest = std::max(fastest, server.last_calls_per_second());
    if (echo.last_calls_per_second() > 0) {
      ratios.push_back(server.last_calls_per_second() / echo.last_calls_per_second());
    }
  }
  row.request_bytes = MeanSize(batch);
  row.server = server.Result();
  row.echo = echo.Result();
  row.throughput = {Quantile(ratios, 0.5), Quantile(ratios, 0.1), Quantile(ratios, 0.9), 0};
  if (row.echo.quiet_calls_per_second > 0) {
    row.throughput.quiet = row.server.quiet_calls_per_second / row.echo.quiet_calls_per_second;
  }
  return row;
}

// The mean size of answers to a few requests; a failed estimate fails here and not as a fast answer.
absl::StatusOr<double> AnswerBytes(Workload& workload, const Target& target) {
  constexpr int kCalls = 64;
  double sum = 0;
  for (int i = 0; i < kCalls; ++i) {
    LATIMER_ASSIGN_OR_RETURN(const std::string bytes,
                             CallOnce(target, grpc::Slice(workload.Next().SerializeAsString())));
    v1::EstimateResponse response;
    if (!response.ParseFromString(bytes) || !(response.estimate().latency().estimate_ms() > 0)) {
      return absl::InternalError(absl::StrCat("the server's answer to ", workload.name(), " is no estimate"));
    }
    sum += static_cast<double>(bytes.size());
  }
  return sum / kCalls;
}

}  // namespace

absl::StatusOr<Row> Measure(Workload& workload, Mode mode, int clients, const Side& server, const Side& echo,
                            const MeasureOptions& options) {
  LATIMER_ASSIGN_OR_RETURN(const double bytes, AnswerBytes(workload, *server.target));
  LATIMER_RETURN_IF_ERROR(SetEchoSize(*echo.target, std::lround(bytes)));
  Collector server_slices(server, mode, clients, options);
  Collector echo_slices(echo, mode, clients, options);
  LATIMER_ASSIGN_OR_RETURN(Row row, Alternate(workload, mode, clients, server_slices, echo_slices, options));
  // Errors travel inside a stream's answers and are short.
  if (row.response_bytes < 0.5 * bytes) {
    return absl::InternalError(absl::StrCat("the answers to ", workload.name(), " are too short to be estimates"));
  }
  row.workload = std::string(workload.name());
  return row;
}

absl::StatusOr<Row> MeasureEchoes(Workload& workload, int64_t response_bytes, Mode mode, int clients, const Side& first,
                                  const Side& second, const MeasureOptions& options) {
  LATIMER_RETURN_IF_ERROR(SetEchoSize(*first.target, response_bytes));
  LATIMER_RETURN_IF_ERROR(SetEchoSize(*second.target, response_bytes));
  Collector first_slices(first, mode, clients, options);
  Collector second_slices(second, mode, clients, options);
  LATIMER_ASSIGN_OR_RETURN(Row row, Alternate(workload, mode, clients, first_slices, second_slices, options));
  row.workload = "echo-against-echo";
  return row;
}

}  // namespace latimer::bench
