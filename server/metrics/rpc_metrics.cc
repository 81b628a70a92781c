#include "server/metrics/rpc_metrics.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace latimer::server {
namespace {

constexpr size_t kMostReasons = 500;
constexpr std::array<const char*, 17> kCodeNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};
constexpr const char* kServices[] = {"EstimationService", "NetworkService",  "PlatformService",    "AgentService",
                                     "FleetService",      "CampaignService", "MeasurementService", "AdminService"};

size_t CodeIndex(int code) { return code >= 0 && code < 17 ? static_cast<size_t>(code) : 2; }

std::string ReasonOf(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return "";
  for (const google::protobuf::Any& any : details.details()) {
    google::rpc::ErrorInfo info;
    if (any.UnpackTo(&info)) return info.reason();
  }
  return "";
}

// Lives as long as the call. Counts it before its status leaves, so that whoever has an answer finds it counted.
class RpcInterceptor final : public grpc::experimental::Interceptor {
 public:
  explicit RpcInterceptor(RpcMetrics::Call call) : call_(call) {}
  // Without a status the peer went away before there was one.
  ~RpcInterceptor() override {
    if (!counted_) call_.Done(static_cast<int>(grpc::StatusCode::CANCELLED), "");
  }

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(grpc::experimental::InterceptionHookPoints::PRE_SEND_STATUS) && !counted_) {
      const grpc::Status status = methods->GetSendStatus();
      call_.Done(static_cast<int>(status.error_code()), status.ok() ? "" : ReasonOf(status));
      counted_ = true;
    }
    methods->Proceed();
  }

 private:
  const RpcMetrics::Call call_;
  bool counted_ = false;
};

class RpcInterceptorFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit RpcInterceptorFactory(RpcMetrics* metrics) : metrics_(metrics) {}
  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* info) override {
    MethodCounters* method = metrics_->Find(info->method());
    if (method->counts_itself) return nullptr;
    return new RpcInterceptor(RpcMetrics::Call(metrics_, method));  // gRPC's
  }

 private:
  RpcMetrics* const metrics_;
};

}  // namespace

RpcMetrics::RpcMetrics() {
  auto add = [this](absl::string_view service, absl::string_view method, bool unary) {
    methods_.push_back(std::make_unique<MethodCounters>(service, method, unary));
    by_path_.emplace(absl::StrCat("/", service, "/", method), methods_.back().get());
  };
  for (const char* name : kServices) {
    const auto* service =
        google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(absl::StrCat("latimer.v1.", name));
    for (int i = 0; service != nullptr && i < service->method_count(); ++i) {
      const auto* method = service->method(i);
      add(service->full_name(), method->name(), !method->client_streaming() && !method->server_streaming());
    }
  }
  add("grpc.health.v1.Health", "Check", true);
  add("grpc.health.v1.Health", "Watch", false);
  add("other", "other", false);
  estimate_ = Find("/latimer.v1.EstimationService/Estimate");
  estimate_platforms_ = Find("/latimer.v1.EstimationService/EstimatePlatforms");
  estimate_->counts_itself = true;
  estimate_platforms_->counts_itself = true;
}

MethodCounters* RpcMetrics::Find(absl::string_view path) const {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? methods_.back().get() : found->second;
}

RpcMetrics::Call::Call(RpcMetrics* metrics, MethodCounters* method)
    : metrics_(metrics), method_(method), begin_(std::chrono::steady_clock::now()) {
  method_->in_flight.fetch_add(1, std::memory_order_relaxed);
}

void RpcMetrics::Call::Done(const absl::Status& status) const {
  if (status.ok()) {
    Done(0, "");
  } else {
    const std::optional<ErrorDetails> details = GetErrorDetails(status);
    Done(static_cast<int>(status.code()), details.has_value() ? details->reason : "");
  }
}

void RpcMetrics::Call::Done(int code, absl::string_view reason) const {
  if (metrics_ == nullptr) return;
  method_->in_flight.fetch_sub(1, std::memory_order_relaxed);
  method_->by_code[CodeIndex(code)].fetch_add(1, std::memory_order_relaxed);
  // A stream lasts as long as its client likes: no figure of ours.
  if (method_->unary) {
    method_->seconds.Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count());
  }
  if (code != 0) metrics_->CountError(*method_, code, reason);
}

void RpcMetrics::CountStreamed(const absl::Status& status) {
  const int code = static_cast<int>(status.code());
  streamed_by_code_[CodeIndex(code)].fetch_add(1, std::memory_order_relaxed);
  if (status.ok()) return;
  const std::optional<ErrorDetails> details = GetErrorDetails(status);
  CountError(*estimate_, code, details.has_value() ? details->reason : "");
}

void RpcMetrics::CountError(const MethodCounters& method, int code, absl::string_view reason) {
  // As status_mapping.cc does, the code names errors that have no reason of their own.
  const bool known = !reason.empty() && std::all_of(reason.begin(), reason.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  const std::string name = known ? std::string(reason) : kCodeNames[CodeIndex(code)];
  MutexLock lock(&mutex_);
  const auto key = std::make_pair(method.service, std::make_pair(code, name));
  const auto found = errors_.find(key);
  if (found != errors_.end()) {
    ++found->second;
  } else if (errors_.size() < kMostReasons) {
    errors_.emplace(key, 1);
  }
}

metrics::Families RpcMetrics::Collect() const {
  metrics::Families families;
  metrics::Counter requests(&families, "latimer_rpc_requests_total", "Calls that ended, by outcome");
  metrics::HistogramFamily seconds(&families, "latimer_rpc_duration_seconds",
                                   "Time from a call's arrival to its answer, failures included; no streams");
  metrics::Gauge in_flight(&families, "latimer_rpc_in_flight", "Calls that run, open streams included");
  for (const auto& method : methods_) {
    for (size_t code = 0; code < kCodeNames.size(); ++code) {
      const uint64_t count = method->by_code[code].load(std::memory_order_relaxed);
      // That of success is there from the start, so that rates have a first value.
      if (count == 0 && code != 0) continue;
      requests.Add({{"service", method->service}, {"method", method->method}, {"code", kCodeNames[code]}},
                   static_cast<double>(count));
    }
    const metrics::Labels labels = {{"service", method->service}, {"method", method->method}};
    if (method->seconds.count() > 0) method->seconds.AddTo(&seconds, labels);
    in_flight.Add(labels, static_cast<double>(method->in_flight.load(std::memory_order_relaxed)));
  }
  metrics::Counter streamed(&families, "latimer_rpc_stream_answers_total", "Answers of EstimateStream, by outcome");
  for (size_t code = 0; code < kCodeNames.size(); ++code) {
    const uint64_t count = streamed_by_code_[code].load(std::memory_order_relaxed);
    if (count > 0 || code == 0) streamed.Add({{"code", kCodeNames[code]}}, static_cast<double>(count));
  }
  metrics::Counter errors(&families, "latimer_rpc_errors_total", "Calls and streamed answers refused, by reason");
  MutexLock lock(&mutex_);
  for (const auto& [key, count] : errors_) {
    errors.Add(
        {{"service", key.first}, {"code", kCodeNames[CodeIndex(key.second.first)]}, {"reason", key.second.second}},
        static_cast<double>(count));
  }
  return families;
}

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> RpcMetrics::MakeInterceptorFactory() {
  return std::make_unique<RpcInterceptorFactory>(this);
}

}  // namespace latimer::server
