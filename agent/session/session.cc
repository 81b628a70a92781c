#include "agent/session/session.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "agent/engine/conditions.h"
#include "core/base/error.h"

namespace latimer::agent {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kDefaultHeartbeat{5'000};

std::chrono::milliseconds Heartbeat(double seconds, std::chrono::milliseconds chosen) {
  if (chosen.count() > 0) return chosen;
  if (!(seconds > 0)) return kDefaultHeartbeat;
  return std::chrono::milliseconds(std::max<int64_t>(50, static_cast<int64_t>(std::fmin(seconds, 3600) * 1e3)));
}

std::string Words(const grpc::Status& status) {
  if (status.ok()) return "it ended the session";
  return status.error_message().empty() ? absl::StrCat("code ", static_cast<int>(status.error_code()))
                                        : status.error_message();
}

}  // namespace

Session::Session(SessionOptions options, std::shared_ptr<grpc::Channel> channel, Workload* workload, Spool* spool,
                 Signal* signal, Log* log)
    : options_(std::move(options)),
      stub_(v1::AgentService::NewStub(std::move(channel))),
      workload_(workload),
      spool_(spool),
      signal_(signal),
      log_(log),
      backoff_(options_.backoff) {}

absl::Status Session::Run() {
  while (true) {
    grpc::Status status;
    if (RunOnce(&status) == Ending::kDrained) return absl::OkStatus();
    workload_->SessionLost();
    CountLost();
    if (status.error_code() == grpc::StatusCode::UNAUTHENTICATED) {
      return Error(
          absl::StatusCode::kUnauthenticated, "AGENT_REVOKED",
          absl::StrCat("the server at ", options_.server, " does not accept this agent's credential (", Words(status),
                       "); it was revoked, or the server is another one. To enrol again, remove the file "
                       "'credential' in the state folder and give a new --token"));
    }
    if (NothingLeft()) return absl::OkStatus();
    const std::chrono::milliseconds pause = backoff_.Next();
    log_->Warning(absl::StrFormat("no session with %s (%s); next try in %.1f s, %d results wait", options_.server,
                                  Words(status), static_cast<double>(pause.count()) / 1e3, spool_->size()));
    const Clock::time_point deadline = Clock::now() + pause;
    while (Clock::now() < deadline) {
      signal_->WaitUntil(deadline);
      if (workload_->draining() && workload_->idle()) break;  // one last try, at once
    }
    if (workload_->draining() && workload_->idle()) {
      if (RunOnce(&status) == Ending::kLost) TellWhatStays();
      return absl::OkStatus();
    }
  }
}

void Session::TellWhatStays() {
  const int64_t unsaved = spool_->unsaved();
  if (const int64_t left = spool_->size() - unsaved; left > 0) {
    log_->Warning(absl::StrCat(left, " results stay on disk for the next start"));
  }
  if (unsaved > 0) {
    log_->Error(absl::StrCat("stopping with ", unsaved,
                             " results that could be neither stored nor sent; the server will ask for them again"));
  }
}

void Session::CountLost() {
  if (options_.activity == nullptr) return;
  options_.activity->session_open = false;
  ++options_.activity->lost_sessions;
}

bool Session::NothingLeft() const { return workload_->draining() && workload_->idle() && spool_->size() == 0; }

Session::Ending Session::RunOnce(grpc::Status* status) {
  welcomed_ = false;
  last_sent_ = 0;
  announced_slots_ = -1;
  SessionStream stream(stub_.get(), options_.credential, [this] { signal_->Raise(); });
  v1::SessionRequest hello;
  *hello.mutable_hello() = options_.hello;
  stream.Write(std::move(hello));
  const Clock::time_point welcome_deadline = Clock::now() + options_.welcome_timeout;
  Clock::time_point drain_deadline = Clock::time_point::max();
  while (true) {
    for (const v1::SessionResponse& message : stream.TakeMessages()) Handle(message);
    if (stream.broken()) {
      *status = stream.Finish(std::chrono::milliseconds(2'000));
      return NothingLeft() ? Ending::kDrained : Ending::kLost;
    }
    const Clock::time_point now = Clock::now();
    if (!welcomed_ && now >= welcome_deadline) {
      stream.Finish(std::chrono::milliseconds(0));
      *status = grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "no welcome in time");
      return Ending::kLost;
    }
    if (workload_->draining() && workload_->idle()) {
      if (drain_deadline == Clock::time_point::max()) drain_deadline = now + options_.drain_timeout;
      if (welcomed_ && stream.writable() && !WriteNext(stream) && spool_->size() == 0) {
        stream.Finish(std::chrono::milliseconds(1'000));
        return Ending::kDrained;
      }
      if (now >= drain_deadline) {
        *status = stream.Finish(std::chrono::milliseconds(0));
        TellWhatStays();
        return Ending::kDrained;
      }
    } else if (welcomed_ && stream.writable()) {
      WriteNext(stream);
    }
    signal_->WaitUntil(std::min(
        welcomed_ ? std::max(next_heartbeat_, now + std::chrono::milliseconds(10)) : welcome_deadline, drain_deadline));
  }
}

bool Session::WriteNext(SessionStream& stream) {
  v1::SessionRequest request;
  const int slots = workload_->FreeSlots();
  if (Clock::now() >= next_heartbeat_ || slots != announced_slots_ || workload_->trouble() != announced_trouble_) {
    v1::Heartbeat* heartbeat = request.mutable_heartbeat();
    for (const std::string& id : workload_->HeldJobs()) heartbeat->add_job_ids(id);
    if (!options_.hello.fingerprint().simulated()) *heartbeat->mutable_conditions() = ReadConditions();
    heartbeat->set_spooled_measurements(spool_->size());
    heartbeat->set_free_slots(slots);
    heartbeat->set_trouble(workload_->trouble());
    announced_slots_ = slots;
    announced_trouble_ = heartbeat->trouble();
    next_heartbeat_ = Clock::now() + heartbeat_;
    if (options_.activity != nullptr) options_.activity->last_heartbeat_ms = absl::ToUnixMillis(absl::Now());
  } else if (std::optional<Spool::Entry> entry = spool_->Next(last_sent_); entry.has_value()) {
    *request.mutable_measurement() = std::move(entry->measurement);
    last_sent_ = entry->number;
  } else if (std::optional<std::string> done = workload_->NextDone(); done.has_value()) {
    request.mutable_job_done()->set_job_id(*done);
    workload_->ForgetReported([this](const std::string& id) { return spool_->Contains(id); });
  } else {
    return false;
  }
  stream.Write(std::move(request));
  return true;
}

void Session::Handle(const v1::SessionResponse& message) {
  switch (message.message_case()) {
    case v1::SessionResponse::kWelcome: {
      const v1::Welcome& welcome = message.welcome();
      welcomed_ = true;
      if (options_.activity != nullptr) {
        options_.activity->session_open = true;
        ++options_.activity->sessions;
      }
      backoff_.Reset();
      heartbeat_ = Heartbeat(welcome.heartbeat_seconds(), options_.heartbeat);
      next_heartbeat_ = Clock::now();
      log_->Info(absl::StrCat("session with ", options_.server, " open: ", welcome.agent(), " on ", welcome.platform(),
                              options_.hello.fingerprint().simulated() ? " (simulated board)" : ""));
      if (!welcome.held_reason().empty()) {
        log_->Warning(absl::StrCat("the server gives no work until a person accepts it: ", welcome.held_reason()));
      }
      break;
    }
    case v1::SessionResponse::kJob:
      log_->Info(absl::StrCat("job ", message.job().job_id(), ": ", message.job().tasks_size(), " tasks"));
      workload_->Add(message.job());
      break;
    case v1::SessionResponse::kAcknowledge:
      spool_->Acknowledge(std::vector<std::string>(message.acknowledge().measurement_ids().begin(),
                                                   message.acknowledge().measurement_ids().end()));
      workload_->ForgetReported([this](const std::string& id) { return spool_->Contains(id); });
      break;
    case v1::SessionResponse::kCancelJob:
      log_->Info(absl::StrCat("job ", message.cancel_job().job_id(), ": no longer wanted"));
      workload_->Cancel(message.cancel_job().job_id());
      break;
    case v1::SessionResponse::MESSAGE_NOT_SET:
      break;  // of a newer server
  }
}

}  // namespace latimer::agent
