#include "agent/session/stream.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace latimer::agent {

SessionStream::SessionStream(v1::AgentService::Stub* stub, const std::string& credential, std::function<void()> changed)
    : changed_(std::move(changed)) {
  context_.AddMetadata("authorization", absl::StrCat("Bearer ", credential));
  stub->async()->Session(&context_, this);
  AddHold();  // writes start outside of reactions
  StartRead(&incoming_);
  StartCall();
}

SessionStream::~SessionStream() {
  if (!finished_) Finish(std::chrono::milliseconds(0));
}

std::vector<v1::SessionResponse> SessionStream::TakeMessages() {
  MutexLock lock(&mutex_);
  return std::exchange(messages_, {});
}

bool SessionStream::broken() const {
  MutexLock lock(&mutex_);
  return broken_;
}

bool SessionStream::writable() const {
  MutexLock lock(&mutex_);
  return !writing_ && !broken_;
}

void SessionStream::Write(v1::SessionRequest request) {
  {
    MutexLock lock(&mutex_);
    writing_ = true;
  }
  outgoing_ = std::move(request);
  StartWrite(&outgoing_);
}

grpc::Status SessionStream::Finish(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  bool half_close = false;
  {
    MutexLock lock(&mutex_);
    half_close = !writing_ && !broken_ && patience.count() > 0;
  }
  if (half_close) StartWritesDone();
  if (!finished_) RemoveHold();
  finished_ = true;
  bool cancelled = false;
  MutexLock lock(&mutex_);
  while (!done_) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left.count() <= 0 && !cancelled) {
      cancelled = true;
      mutex_.Unlock();
      context_.TryCancel();
      mutex_.Lock();
      continue;
    }
    if (cancelled) {
      ended_.Wait(&mutex_);
    } else {
      ended_.WaitFor(&mutex_, left);
    }
  }
  return status_;
}

void SessionStream::OnReadDone(bool ok) {
  {
    MutexLock lock(&mutex_);
    if (ok) {
      messages_.push_back(std::move(incoming_));
    } else {
      broken_ = true;
    }
  }
  if (ok) {
    incoming_.Clear();
    StartRead(&incoming_);
  }
  changed_();
}

void SessionStream::OnWriteDone(bool ok) {
  {
    MutexLock lock(&mutex_);
    writing_ = false;
    if (!ok) broken_ = true;
  }
  changed_();
}

void SessionStream::OnDone(const grpc::Status& status) {
  // Under the lock to the end: the object may be destroyed as soon as it is given back.
  MutexLock lock(&mutex_);
  status_ = status;
  done_ = true;
  ended_.SignalAll();
}

}  // namespace latimer::agent
