#include "server/fleet/agent_session.h"

#include <utility>

#include "absl/strings/strip.h"
#include "server/fleet/fleet.h"
#include "server/status_mapping.h"

namespace latimer::server {
namespace {

// Messages to an agent that wait for it to read.
constexpr size_t kMostUnread = 256;

}  // namespace

AgentSession::AgentSession(const AccessControl* access, Fleet* fleet, SerialExecutor* executor,
                           grpc::CallbackServerContext* context)
    : access_(access), fleet_(fleet), executor_(executor) {
  const auto& metadata = context->client_metadata();
  if (const auto found = metadata.find("authorization"); found != metadata.end()) {
    absl::string_view value(found->second.data(), found->second.size());
    if (absl::ConsumePrefix(&value, "Bearer ")) credential_ = std::string(value);
  }
  executor_->Post([this] {
    fleet_->Opened(this);
    if (!state.ended) ReadNext();
  });
}

void AgentSession::Send(v1::SessionResponse message) {
  MutexLock lock(&mutex_);
  if (ending_) return;
  queue_.push_back(std::move(message));
  ContinueLocked();
}

void AgentSession::End(const absl::Status& status) {
  MutexLock lock(&mutex_);
  if (ending_) return;
  ending_ = true;
  end_ = ToGrpcStatus(status);
  ContinueLocked();
}

void AgentSession::OnReadDone(bool ok) {
  executor_->Post([this, ok] {
    if (!ok || state.ended) {
      fleet_->Closed(this);
      End(absl::OkStatus());
      return;
    }
    if (const absl::Status fits = access_->CheckSize(incoming_.ByteSizeLong()); !fits.ok()) {
      fleet_->Closed(this);
      End(fits);
      return;
    }
    fleet_->Handle(this, incoming_);
    if (!state.ended) ReadNext();
  });
}

void AgentSession::ReadNext() {
  MutexLock lock(&mutex_);
  if (queue_.size() >= kMostUnread) {
    paused_ = true;
  } else {
    StartRead(&incoming_);
  }
}

void AgentSession::OnWriteDone(bool ok) {
  MutexLock lock(&mutex_);
  writing_ = false;
  queue_.pop_front();
  if (!ok) queue_.clear();  // the agent is gone; a lease that nobody renews comes back by itself
  if (paused_ && queue_.size() <= kMostUnread / 2) {
    paused_ = false;
    executor_->Post([this] {
      if (!state.ended) ReadNext();
    });
  }
  ContinueLocked();
}

void AgentSession::OnCancel() {
  executor_->Post([this] {
    fleet_->Closed(this);
    End(absl::CancelledError("the agent went away"));
  });
}

void AgentSession::OnDone() {
  executor_->Post([this] {
    fleet_->Closed(this);
    delete this;
  });
}

void AgentSession::ContinueLocked() {
  if (writing_ || finished_) return;
  if (!queue_.empty()) {
    writing_ = true;
    StartWrite(&queue_.front());
  } else if (ending_) {
    finished_ = true;
    Finish(end_);
  }
}

}  // namespace latimer::server
