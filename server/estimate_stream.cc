#include "server/estimate_stream.h"

#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "core/base/status_macros.h"
#include "server/estimate_answer.h"
#include "server/status_mapping.h"

namespace latimer::server {

// One read and one write may be under way at a time. A request counts as in flight from its read until its answer is
// written; at the limit nothing is read, and gRPC's flow control makes the client wait.
class EstimateStreamReactor final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  EstimateStreamReactor(const ServiceParts& parts, StreamRegistry* registry, grpc::CallbackServerContext* context)
      : parts_(parts), registry_(registry), context_(context) {
    const bool serving = registry_->Add(this);
    MutexLock lock(&mutex_);
    draining_ = draining_ || !serving;
    ContinueLocked();
  }

  void Drain() {
    MutexLock lock(&mutex_);
    draining_ = true;
    ContinueLocked();
  }

  void OnReadDone(bool ok) override {
    grpc::ByteBuffer request;
    {
      MutexLock lock(&mutex_);
      reading_ = false;
      if (!ok) {
        reads_done_ = true;
        ContinueLocked();
        return;
      }
      if (finished_) return;  // read while the stream was ending
      ++in_flight_;
      request.Swap(&incoming_);
      // The next request arrives while this one is answered.
      ContinueLocked();
    }
    Handle(std::move(request));
  }

  void OnWriteDone(bool ok) override {
    MutexLock lock(&mutex_);
    writing_ = false;
    --in_flight_;
    if (!ok) {  // the client is gone: what is ready has no reader
      reads_done_ = true;
      in_flight_ -= static_cast<int>(ready_.size());
      ready_.clear();
      broken_ = true;
    }
    ContinueLocked();
  }

  void OnCancel() override {
    MutexLock lock(&mutex_);
    cancelled_ = true;
    reads_done_ = true;
    ContinueLocked();
  }

  void OnDone() override {
    registry_->Remove(this);
    // A worker may have ended the stream and not yet let go of the lock.
    { MutexLock lock(&mutex_); }
    delete this;
  }

 private:
  void Handle(grpc::ByteBuffer request) {
    const size_t bytes = request.Length();
    if (bytes <= parts_.options->inline_request_bytes) {
      Answer(request);
      return;
    }
    auto shared = std::make_shared<grpc::ByteBuffer>(std::move(request));
    if (!parts_.workers->TryRun([this, shared] { Answer(*shared); })) Refuse(*shared, Overloaded());
  }

  void Answer(const grpc::ByteBuffer& request) {
    uint64_t id = 0;
    grpc::Slice answer;
    const absl::Status status = RunGuarded([&]() -> absl::Status {
      grpc::Slice slice;
      std::string copy;
      LATIMER_ASSIGN_OR_RETURN(const absl::string_view bytes, Read(request, &slice, &id, &copy));
      if (context_->IsCancelled()) return absl::CancelledError("the caller went away");
      const std::shared_ptr<const Catalog> catalog = parts_.catalog->Get();
      absl::StatusOr<grpc::Slice> response = AnswerEstimate(parts_, *catalog, bytes);
      if (!response.ok()) return PrefixField(response.status(), "request");
      answer = JoinStreamedResponse(id, *response);
      return absl::OkStatus();
    });
    status.ok() ? Send(answer) : SendError(id, status);
  }

  void Refuse(const grpc::ByteBuffer& request, const absl::Status& status) {
    uint64_t id = 0;
    grpc::Slice slice;
    std::string copy;
    const absl::Status read = Read(request, &slice, &id, &copy).status();
    SendError(id, read.ok() ? status : read);
  }

  // The bytes of the EstimateRequest and its id. They point into `slice`, or into `copy` where the message is written
  // in an unusual way.
  static absl::StatusOr<absl::string_view> Read(const grpc::ByteBuffer& request, grpc::Slice* slice, uint64_t* id,
                                                std::string* copy) {
    const absl::string_view bytes = Contiguous(request, slice);
    if (const std::optional<StreamedRequest> split = SplitStreamedRequest(bytes)) {
      *id = split->id;
      return split->request;
    }
    v1::EstimateStreamRequest message;
    const absl::Status status = ParseRequest(bytes, &message);
    *id = message.id();
    if (!status.ok()) return status;
    *copy = message.request().SerializeAsString();
    return absl::string_view(*copy);
  }

  void SendError(uint64_t id, const absl::Status& status) {
    v1::EstimateStreamResponse answer;
    answer.set_id(id);
    *answer.mutable_error() = ToRpcStatus(status);
    Send(Serialize(answer));
  }

  void Send(const grpc::Slice& slice) {
    MutexLock lock(&mutex_);
    if (broken_) {
      --in_flight_;
    } else {
      ready_.push_back(slice);
    }
    ContinueLocked();
  }

  // Starts what may be started. Operations of gRPC may be started from any thread, also with the lock held: their
  // callbacks run elsewhere.
  void ContinueLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (finished_) return;
    if (!writing_ && !ready_.empty() && !broken_) {
      writing_ = true;
      outgoing_ = grpc::ByteBuffer(&ready_.front(), 1);
      ready_.pop_front();
      StartWrite(&outgoing_);
    }
    const bool reads = !reads_done_ && !draining_;
    if (reads && !reading_ && in_flight_ < parts_.options->max_stream_in_flight) {
      reading_ = true;
      StartRead(&incoming_);
    }
    if (!reads && in_flight_ == 0 && !writing_) {
      finished_ = true;
      if (cancelled_) {
        Finish(grpc::Status::CANCELLED);
      } else if (draining_ && !reads_done_) {
        Finish(ToGrpcStatus(absl::UnavailableError("the server is shutting down; open a new stream")));
      } else {
        Finish(grpc::Status::OK);
      }
    }
  }

  const ServiceParts& parts_;
  StreamRegistry* const registry_;
  grpc::CallbackServerContext* const context_;

  Mutex mutex_;
  grpc::ByteBuffer incoming_;  // gRPC's while reading_
  grpc::ByteBuffer outgoing_;  // gRPC's while writing_
  std::deque<grpc::Slice> ready_ ABSL_GUARDED_BY(mutex_);
  int in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool reads_done_ ABSL_GUARDED_BY(mutex_) = false;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

bool StreamRegistry::Add(EstimateStreamReactor* stream) {
  MutexLock lock(&mutex_);
  streams_.insert(stream);
  return !draining_;
}

void StreamRegistry::Remove(EstimateStreamReactor* stream) {
  MutexLock lock(&mutex_);
  streams_.erase(stream);
}

void StreamRegistry::Drain() {
  // Held while streams are told, so that none is deleted meanwhile.
  MutexLock lock(&mutex_);
  draining_ = true;
  for (EstimateStreamReactor* stream : streams_) stream->Drain();
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* StartEstimateStream(const ServiceParts& parts,
                                                                                 StreamRegistry* registry,
                                                                                 grpc::CallbackServerContext* context) {
  return new EstimateStreamReactor(parts, registry, context);
}

}  // namespace latimer::server
