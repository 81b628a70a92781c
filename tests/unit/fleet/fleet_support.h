// A server with a data folder, and agents played by the test.
#ifndef LATIMER_TESTS_UNIT_FLEET_FLEET_SUPPORT_H_
#define LATIMER_TESTS_UNIT_FLEET_FLEET_SUPPORT_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "latimer/v1/agent_service.grpc.pb.h"
#include "latimer/v1/campaign_service.grpc.pb.h"
#include "latimer/v1/estimation_service.grpc.pb.h"
#include "latimer/v1/fleet_service.grpc.pb.h"
#include "latimer/v1/measurement_service.grpc.pb.h"
#include "latimer/v1/platform_service.grpc.pb.h"
#include "server/server.h"

namespace latimer::server {

// Enrolled, with a session of its own. What it does with a task is up to `measure`.
class PlayedAgent {
 public:
  using Session = grpc::ClientReaderWriter<v1::SessionRequest, v1::SessionResponse>;

  PlayedAgent(const std::string& address, std::string credential, v1::Fingerprint fingerprint);
  ~PlayedAgent();

  // Opens the session and says Hello; returns the welcome, or ends the test.
  v1::Welcome Hello();
  // Sends a heartbeat with room for one job; names the jobs it holds.
  bool Beat(const std::vector<std::string>& jobs = {});
  // Reads until a job comes; false: the session ended.
  bool NextJob(v1::Job* job);
  bool Send(const v1::Measurement& measurement);
  bool Done(const std::string& job);
  // Ends the session from this side.
  void Leave();
  // The server's word at the end of the session.
  grpc::Status Finish();

  // Works, and says so ten times a second, in threads of its own until Leave() or the server ends the session.
  using Measure = std::function<v1::Measurement(const v1::BenchmarkTask&)>;
  void Work(Measure measure);

  std::atomic<int> measured{0};
  Session& session() { return *session_; }

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::AgentService::Stub> stub_;
  std::string credential_;
  v1::Fingerprint fingerprint_;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<Session> session_;
  bool Write(const v1::SessionRequest& request);

  std::thread worker_;
  std::thread beater_;
  std::mutex writing_;  // one write at a time
  std::string job_;     // guarded by it: what the worker is at
  std::atomic<bool> left_{false};
};

v1::Fingerprint BoardFacts(const std::string& cpu = "test core");

// A time a board could take: fixed cost, compute and traffic of the network.
v1::Measurement PlausibleTime(const v1::BenchmarkTask& task);

// One convolution "conv" over input "x", NCHW.
v1::Network OneConvolution(const std::vector<int64_t>& shape, int64_t kernel, int64_t channels);

class FleetTest : public ::testing::Test {
 protected:
  FleetTest();
  ~FleetTest() override;

  // Stops the server at once and starts another over the same folder.
  void Restart();

  std::string Token(const std::string& platform = "");
  grpc::Status Enroll(const std::string& token, const std::string& platform, v1::EnrollResponse* response,
                      const v1::Fingerprint& fingerprint = BoardFacts());
  // Enrols a board of `platform`.
  std::unique_ptr<PlayedAgent> NewAgent(const std::string& platform = "board",
                                        const v1::Fingerprint& fingerprint = BoardFacts());
  v1::Agent OnlyAgent();
  // Polls until `condition` holds; fails the test after 60 s.
  void WaitUntil(const char* what, const std::function<bool()>& condition);
  v1::Campaign StartCampaign(int64_t measurements = 60);
  v1::Campaign GetCampaign(const std::string& name);
  v1::Campaign WaitForEnd(const std::string& name);

  template <typename Service>
  std::unique_ptr<typename Service::Stub> Stub() {
    return Service::NewStub(grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials()));
  }

  ServerOptions options_;
  std::unique_ptr<Server> server_;
};

}  // namespace latimer::server

#endif  // LATIMER_TESTS_UNIT_FLEET_FLEET_SUPPORT_H_
