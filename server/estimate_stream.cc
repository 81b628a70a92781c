#include "server/estimate_stream.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "core/base/status_macros.h"
#include "server/estimate_answer.h"
#include "server/status_mapping.h"

namespace latimer::server {
namespace {

constexpr size_t kAnswersTogether = 4;

// Releases a lock that is held, and takes it again at its end. For those who see to it that nothing guarded is touched
// in between: the analysis believes it held.
class LetGo {
 public:
  LetGo(Mutex* mutex, bool really) ABSL_NO_THREAD_SAFETY_ANALYSIS : mutex_(really ? mutex : nullptr) {
    if (mutex_ != nullptr) mutex_->Unlock();
  }
  ~LetGo() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (mutex_ != nullptr) mutex_->Lock();
  }
  LetGo(const LetGo&) = delete;
  LetGo& operator=(const LetGo&) = delete;

 private:
  Mutex* const mutex_;
};

}  // namespace

// One read and one write may be under way at a time. A request counts as in flight from its read until its answer is
// written; at the limit nothing is read, and gRPC's flow control makes the client wait.
//
// As many threads answer what has come as the stream's share of the processors, as far as that is quick; what arrives
// meanwhile waits for them, so answers leave together and few threads wake each other. Slower requests go to workers.
class EstimateStreamReactor final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  EstimateStreamReactor(const ServiceParts& parts, StreamRegistry* registry, grpc::CallbackServerContext* context)
      : parts_(parts), registry_(registry), context_(context) {
    absl::StatusOr<StreamPass> pass = parts_.access->AdmitStream(*context, Role::kEstimate);
    const bool serving = registry_->Add(this);
    MutexLock lock(&mutex_);
    if (pass.ok()) {
      pass_ = *std::move(pass);
    } else {
      EndLocked(pass.status());
    }
    draining_ = draining_ || !serving;
    ContinueLocked();
  }

  void Drain() {
    MutexLock lock(&mutex_);
    draining_ = true;
    ContinueLocked();
  }

  void OnReadDone(bool ok) override {
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
      waiting_.emplace_back().Swap(&incoming_);
      if (answering_ >= registry_->ThreadsPerStream()) {
        ContinueLocked();
        return;
      }
      ++answering_;
    }
    AnswerWaiting();
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
  enum class Way { kQuick, kGeneral, kBoth };

  // Within OnReadDone(), so the stream lives until it returns.
  void AnswerWaiting() {
    while (true) {
      grpc::ByteBuffer request;
      {
        MutexLock lock(&mutex_);
        const bool done = waiting_.empty();
        if (done) --answering_;
        ContinueLocked();
        if (done) return;
        if (waiting_.empty()) continue;  // another thread took it meanwhile
        request.Swap(&waiting_.front());
        waiting_.pop_front();
      }
      Handle(std::move(request));
    }
  }

  void Handle(grpc::ByteBuffer request) {
    const size_t bytes = request.Length();
    if (const absl::Status admitted = pass_.Next(bytes); !admitted.ok()) {
      if (absl::IsUnauthenticated(admitted)) {
        MutexLock lock(&mutex_);
        EndLocked(admitted);
      }
      Refuse(request, admitted);
      return;
    }
    const bool small = bytes <= parts_.options->inline_request_bytes;
    if (small && Answer(request, Way::kQuick)) return;
    const Way rest = small ? Way::kGeneral : Way::kBoth;
    auto shared = std::make_shared<grpc::ByteBuffer>(std::move(request));
    if (parts_.workers->TryRun([this, shared, rest] { Answer(*shared, rest); })) return;
    if (!small) {
      Refuse(*shared, Overloaded());
      return;
    }
    // Meanwhile this thread does not count: neither answers that are ready nor requests that come wait for it.
    LeaveAnswering();
    Answer(*shared, rest);
    MutexLock lock(&mutex_);
    ++answering_;
  }

  void LeaveAnswering() {
    MutexLock lock(&mutex_);
    --answering_;
    ContinueLocked();
  }

  // False: there is no quick answer, and nothing was sent.
  bool Answer(const grpc::ByteBuffer& request, Way way) {
    uint64_t id = 0;
    grpc::Slice answer;
    bool answered = true;
    const auto work = [&]() -> absl::Status {
      grpc::Slice slice;
      std::string copy;
      LATIMER_ASSIGN_OR_RETURN(const absl::string_view bytes, Read(request, &slice, &id, &copy));
      if (context_->IsCancelled()) return absl::CancelledError("the caller went away");
      const std::shared_ptr<const Catalog> catalog = parts_.catalog->Get();
      std::optional<grpc::Slice> quick;
      if (way != Way::kGeneral) quick = AnswerQuickly(parts_, *catalog, bytes);
      answered = quick.has_value() || way != Way::kQuick;
      if (!answered) return absl::OkStatus();
      if (!quick.has_value()) {
        absl::StatusOr<grpc::Slice> response = AnswerGenerally(parts_, *catalog, bytes);
        if (!response.ok()) return PrefixField(response.status(), "request");
        quick = *std::move(response);
      }
      answer = JoinStreamedResponse(id, *quick);
      return absl::OkStatus();
    };
    const absl::Status status = RunGuarded(std::cref(work));
    if (!answered) return false;
    parts_.rpc_metrics->CountStreamed(status);
    status.ok() ? Send(answer) : SendError(id, status);
    return true;
  }

  void Refuse(const grpc::ByteBuffer& request, const absl::Status& status) {
    uint64_t id = 0;
    grpc::Slice slice;
    std::string copy;
    const absl::Status read = Read(request, &slice, &id, &copy).status();
    parts_.rpc_metrics->CountStreamed(read.ok() ? status : read);
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

  // Reads no more; ends with `status` when what was read is answered.
  void EndLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    reads_done_ = true;
    if (end_.ok()) end_ = ToGrpcStatus(status);
  }

  // Whether another answer is about to be ready, worth waiting for: some microseconds.
  bool HoldsLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return answering_ > 0 && ready_.size() < kAnswersTogether;
  }

  // Starts what may be started. One thread does it at a time and looks for more before it leaves, so that what others
  // find under way is never forgotten; it ends the stream with the lock held (see OnDone()).
  //
  // Starting takes gRPC microseconds. Where streams share the processors, the lock is released meanwhile: whoever has
  // the next request or the end of a write leaves it and sees to another stream. A stream that has them to itself
  // keeps the lock: the other thread would only fall asleep, and waking it costs more than its wait.
  void ContinueLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (starting_) return;
    starting_ = true;
    const bool shares = registry_->ThreadsPerStream() == 1;
    while (!finished_) {
      if (!writing_ && !ready_.empty() && !broken_ && !HoldsLocked()) {
        const grpc::WriteOptions options = TakeOutgoingLocked();
        const LetGo meanwhile(&mutex_, shares);
        StartWrite(&outgoing_, options);
      } else if (ReadsLocked() && !reading_ && in_flight_ < parts_.options->max_stream_in_flight) {
        reading_ = true;
        const LetGo meanwhile(&mutex_, shares);
        StartRead(&incoming_);
      } else {
        if (!ReadsLocked() && in_flight_ == 0 && !writing_) FinishLocked();
        break;
      }
    }
    starting_ = false;
  }

  bool ReadsLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !reads_done_ && !draining_; }

  // Answers that are ready together leave together: the last one flushes. Not the first of a stream: the headers go
  // with it, and gRPC does not end a write that waits for headers which wait for a flush.
  grpc::WriteOptions TakeOutgoingLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    writing_ = true;
    outgoing_ = grpc::ByteBuffer(&ready_.front(), 1);
    ready_.pop_front();
    grpc::WriteOptions options;
    if (!ready_.empty() && headers_sent_) options.set_buffer_hint();
    headers_sent_ = true;
    return options;
  }

  void FinishLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    finished_ = true;
    pass_ = StreamPass();  // who hears the end may open the next stream at once
    if (cancelled_) {
      Finish(grpc::Status::CANCELLED);
    } else if (!end_.ok()) {
      Finish(end_);
    } else if (draining_ && !reads_done_) {
      Finish(ToGrpcStatus(absl::UnavailableError("the server is shutting down; open a new stream")));
    } else {
      Finish(grpc::Status::OK);
    }
  }

  const ServiceParts& parts_;
  StreamRegistry* const registry_;
  grpc::CallbackServerContext* const context_;
  StreamPass pass_;

  Mutex mutex_;
  grpc::ByteBuffer incoming_;                                     // gRPC's while reading_
  grpc::ByteBuffer outgoing_;                                     // gRPC's while writing_
  std::deque<grpc::ByteBuffer> waiting_ ABSL_GUARDED_BY(mutex_);  // read and not begun
  std::deque<grpc::Slice> ready_ ABSL_GUARDED_BY(mutex_);
  int answering_ ABSL_GUARDED_BY(mutex_) = 0;  // threads in AnswerWaiting(), as long as they are quick
  int in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool starting_ ABSL_GUARDED_BY(mutex_) = false;  // a thread is in ContinueLocked()
  bool reads_done_ ABSL_GUARDED_BY(mutex_) = false;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
  bool headers_sent_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status end_ ABSL_GUARDED_BY(mutex_);  // why reading ended early
};

bool StreamRegistry::Add(EstimateStreamReactor* stream) {
  MutexLock lock(&mutex_);
  streams_.insert(stream);
  CountLocked();
  return !draining_;
}

void StreamRegistry::Remove(EstimateStreamReactor* stream) {
  MutexLock lock(&mutex_);
  streams_.erase(stream);
  CountLocked();
}

void StreamRegistry::CountLocked() {
  threads_per_stream_ = std::max(1, cores_ / std::max(1, static_cast<int>(streams_.size())));
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
