// A server in this process over the shipped platforms, and requests to ask it with.
#ifndef LATIMER_TESTS_UNIT_SERVER_TEST_SERVER_H_
#define LATIMER_TESTS_UNIT_SERVER_TEST_SERVER_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "latimer/v1/estimation_service.grpc.pb.h"
#include "server/server.h"

namespace latimer::server {

// No socket, shipped platforms, two workers.
ServerOptions InProcessOptions();

// Ends the test process where the server does not start: nothing else could be tested.
std::unique_ptr<Server> StartServer(ServerOptions options = InProcessOptions());

// Contents of a file under tests/data.
std::string ReadTestData(const std::string& path);

// input 1x3x32x32 -> conv 3x3 to `channels` -> relu -> global average pool -> fully connected to 10.
v1::Network SmallNetwork(int64_t channels = 16);

v1::EstimateRequest SmallRequest(const std::string& platform = "ncs2-openvino", int64_t channels = 16);

// The google.rpc.Status an error carries; its ErrorInfo and first field violation.
struct SeenError {
  grpc::StatusCode code;
  std::string message;
  std::string reason;
  std::string field;
  bool retry = false;
};
SeenError Look(const grpc::Status& status);
SeenError Look(const google::rpc::Status& status);

}  // namespace latimer::server

#endif  // LATIMER_TESTS_UNIT_SERVER_TEST_SERVER_H_
