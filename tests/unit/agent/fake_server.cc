#include "tests/unit/agent/fake_server.h"

#include <thread>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace latimer::agent {

void FakeServer::Start() {
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(absl::StrCat("127.0.0.1:", port_), grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  ASSERT_NE(server_, nullptr);
}

void FakeServer::Stop() {
  if (server_ == nullptr) return;
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
  server_.reset();
}

std::string FakeServer::address() const { return absl::StrCat("127.0.0.1:", port_); }

void FakeServer::RefuseToken(bool refuse) {
  MutexLock lock(&mutex_);
  refuse_token_ = refuse;
}

void FakeServer::RefuseCredential(bool refuse) {
  MutexLock lock(&mutex_);
  refuse_credential_ = refuse;
}

void FakeServer::Acknowledge(bool acknowledge) {
  MutexLock lock(&mutex_);
  acknowledge_ = acknowledge;
}

void FakeServer::Send(v1::SessionResponse response) {
  MutexLock lock(&mutex_);
  outbox_.push_back(std::move(response));
  changed_.SignalAll();
}

bool FakeServer::WaitFor(const std::function<bool(const Seen&)>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  MutexLock lock(&mutex_);
  while (!condition(seen_)) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left.count() <= 0) return false;
    changed_.WaitFor(&mutex_, left);
  }
  return true;
}

FakeServer::Seen FakeServer::seen() {
  MutexLock lock(&mutex_);
  return seen_;
}

grpc::Status FakeServer::Enroll(grpc::ServerContext*, const v1::EnrollRequest* request, v1::EnrollResponse* response) {
  MutexLock lock(&mutex_);
  if (refuse_token_) return {grpc::StatusCode::UNAUTHENTICATED, "unknown token"};
  ++seen_.enrolments;
  changed_.SignalAll();
  response->set_agent("agents/1");
  response->set_platform("platforms/p");
  response->set_credential(absl::StrCat("credential of ", request->token()));
  return grpc::Status::OK;
}

void FakeServer::See(const v1::SessionRequest& request) {
  if (request.has_hello()) seen_.hellos.push_back(request.hello());
  if (request.has_heartbeat()) seen_.heartbeat = request.heartbeat();
  if (request.has_job_done()) ++seen_.done_jobs[request.job_done().job_id()];
  if (request.has_measurement()) {
    const std::string& id = request.measurement().measurement_id();
    ++seen_.measurements[id];
    seen_.last[id] = request.measurement();
    if (acknowledge_) {
      v1::SessionResponse response;
      response.mutable_acknowledge()->add_measurement_ids(id);
      outbox_.push_back(std::move(response));
    }
  }
  changed_.SignalAll();
}

grpc::Status FakeServer::Session(grpc::ServerContext* context,
                                 grpc::ServerReaderWriter<v1::SessionResponse, v1::SessionRequest>* stream) {
  bool over = false;
  {
    MutexLock lock(&mutex_);
    ++seen_.sessions;
    const auto found = context->client_metadata().find("authorization");
    if (found != context->client_metadata().end()) {
      seen_.authorization = std::string(found->second.data(), found->second.size());
    }
    changed_.SignalAll();
    if (refuse_credential_) return {grpc::StatusCode::UNAUTHENTICATED, "revoked by a person"};
    v1::SessionResponse welcome;
    welcome.mutable_welcome()->set_agent("agents/1");
    welcome.mutable_welcome()->set_platform("platforms/p");
    welcome.mutable_welcome()->set_heartbeat_seconds(0.1);
    outbox_.push_front(std::move(welcome));
  }
  std::thread reader([&] {
    v1::SessionRequest request;
    while (stream->Read(&request)) {
      MutexLock lock(&mutex_);
      See(request);
    }
    MutexLock lock(&mutex_);
    over = true;
    changed_.SignalAll();
  });
  bool revoked = false;
  while (true) {
    v1::SessionResponse response;
    {
      MutexLock lock(&mutex_);
      while (outbox_.empty() && !over && !refuse_credential_) changed_.WaitFor(&mutex_, std::chrono::seconds(1));
      revoked = refuse_credential_;
      if (over || revoked) break;
      response = std::move(outbox_.front());
      outbox_.pop_front();
    }
    if (!stream->Write(response)) break;
  }
  if (revoked) context->TryCancel();
  reader.join();
  if (revoked) return {grpc::StatusCode::UNAUTHENTICATED, "revoked by a person"};
  return grpc::Status::OK;
}

}  // namespace latimer::agent
