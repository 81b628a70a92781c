// An AgentService that does what a test says and remembers what it saw. On a real socket, so that it can be stopped
// and started again on the same port.
#ifndef LATIMER_TESTS_UNIT_AGENT_FAKE_SERVER_H_
#define LATIMER_TESTS_UNIT_AGENT_FAKE_SERVER_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/mutex.h"
#include "latimer/v1/agent_service.grpc.pb.h"

namespace latimer::agent {

class FakeServer final : private v1::AgentService::Service {
 public:
  FakeServer() = default;
  ~FakeServer() override { Stop(); }

  void Start();  // the port of the first start is kept
  void Stop();   // cuts every stream
  std::string address() const;

  // What it does from now on.
  void RefuseToken(bool refuse);
  void RefuseCredential(bool refuse);
  void Acknowledge(bool acknowledge);
  void Send(v1::SessionResponse response);  // in the session that is open, or in the next one

  // Waits up to 20 s until `condition`, given what was seen, holds.
  struct Seen {
    int enrolments = 0;
    int sessions = 0;
    std::vector<v1::Hello> hellos;
    std::map<std::string, int> measurements;  // by id, how often
    std::map<std::string, v1::Measurement> last;
    std::map<std::string, int> done_jobs;
    v1::Heartbeat heartbeat;
    std::string authorization;
  };
  bool WaitFor(const std::function<bool(const Seen&)>& condition);
  Seen seen();

 private:
  grpc::Status Enroll(grpc::ServerContext*, const v1::EnrollRequest* request, v1::EnrollResponse* response) override;
  grpc::Status Session(grpc::ServerContext* context,
                       grpc::ServerReaderWriter<v1::SessionResponse, v1::SessionRequest>* stream) override;
  void See(const v1::SessionRequest& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Mutex mutex_;
  CondVar changed_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  bool refuse_token_ ABSL_GUARDED_BY(mutex_) = false;
  bool refuse_credential_ ABSL_GUARDED_BY(mutex_) = false;
  bool acknowledge_ ABSL_GUARDED_BY(mutex_) = true;
  std::deque<v1::SessionResponse> outbox_ ABSL_GUARDED_BY(mutex_);
  Seen seen_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace latimer::agent

#endif  // LATIMER_TESTS_UNIT_AGENT_FAKE_SERVER_H_
