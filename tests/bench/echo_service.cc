#include "tests/bench/echo_service.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>

#include "absl/strings/numbers.h"

namespace latimer::bench {
namespace {

constexpr int64_t kLargestAnswer = 8 << 20;
constexpr int kMostInFlight = 64;  // as ServerOptions::max_stream_in_flight

// The service's own stream without its work: reads go on while answers wait to be written.
class EchoStream final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  explicit EchoStream(const EchoService* service) : service_(service) {
    MutexLock lock(&mutex_);
    ContinueLocked();
  }

  void OnReadDone(bool ok) override {
    MutexLock lock(&mutex_);
    reading_ = false;
    if (ok) {
      incoming_.Clear();
      ready_.push_back(service_->answer());
    } else {
      reads_done_ = true;
    }
    ContinueLocked();
  }

  void OnWriteDone(bool ok) override {
    MutexLock lock(&mutex_);
    writing_ = false;
    if (!ok) {
      reads_done_ = true;
      ready_.clear();
    }
    ContinueLocked();
  }

  void OnCancel() override {
    MutexLock lock(&mutex_);
    reads_done_ = true;
    ready_.clear();
    ContinueLocked();
  }

  void OnDone() override { delete this; }

 private:
  void ContinueLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (finished_) return;
    if (!writing_ && !ready_.empty()) {
      writing_ = true;
      outgoing_ = grpc::ByteBuffer(&ready_.front(), 1);
      ready_.pop_front();
      StartWrite(&outgoing_);
    }
    if (!reads_done_ && !reading_ && ready_.size() < kMostInFlight) {
      reading_ = true;
      StartRead(&incoming_);
    }
    if (reads_done_ && !writing_ && ready_.empty()) {
      finished_ = true;
      Finish(grpc::Status::OK);
    }
  }

  const EchoService* const service_;
  Mutex mutex_;
  grpc::ByteBuffer incoming_;  // gRPC's while reading_
  grpc::ByteBuffer outgoing_;  // gRPC's while writing_
  std::deque<grpc::Slice> ready_ ABSL_GUARDED_BY(mutex_);
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool reads_done_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

grpc::Slice EchoService::answer() const {
  MutexLock lock(&mutex_);
  return answer_;
}

grpc::ServerUnaryReactor* EchoService::Estimate(grpc::CallbackServerContext* context,
                                                const grpc::ByteBuffer* /*request*/, grpc::ByteBuffer* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  grpc::Slice slice = answer();
  *response = grpc::ByteBuffer(&slice, 1);
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerUnaryReactor* EchoService::EstimatePlatforms(grpc::CallbackServerContext* context,
                                                         const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  grpc::Slice slice;
  int64_t size = 0;
  if (!request->DumpToSingleSlice(&slice).ok() ||
      !absl::SimpleAtoi(absl::string_view(reinterpret_cast<const char*>(slice.begin()), slice.size()), &size) ||
      size < 0 || size > kLargestAnswer) {
    reactor->Finish(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "not a size an answer can have"));
    return reactor;
  }
  grpc::Slice zeros(std::string(static_cast<size_t>(size), '\0'));
  *response = grpc::ByteBuffer(&zeros, 1);
  {
    MutexLock lock(&mutex_);
    answer_ = zeros;
  }
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* EchoService::EstimateStream(
    grpc::CallbackServerContext* /*context*/) {
  return new EchoStream(this);
}

}  // namespace latimer::bench
