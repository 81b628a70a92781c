// Starting, health, reflection, draining, reloading.
#include <gmock/gmock.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "latimer/v1/platform_service.grpc.pb.h"
#include "test_server.h"
#include "tests/unit/temp_dir.h"

namespace latimer::server {
namespace {

using ::testing::HasSubstr;

// A message of grpc.health.v1: its generated classes are not part of the packages, its wire format is one field.
grpc::Status CheckHealth(const std::shared_ptr<grpc::Channel>& channel, const std::string& service, int* serving) {
  grpc::internal::RpcMethod method("/grpc.health.v1.Health/Check", grpc::internal::RpcMethod::NORMAL_RPC);
  std::string bytes;
  if (!service.empty()) bytes = std::string("\x0a") + static_cast<char>(service.size()) + service;
  grpc::Slice slice(bytes);
  grpc::ByteBuffer request(&slice, 1), response;
  grpc::ClientContext context;
  const grpc::Status status =
      grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer, grpc::ByteBuffer, grpc::ByteBuffer>(
          channel.get(), method, &context, request, &response);
  grpc::Slice answer;
  if (status.ok() && response.TrySingleSlice(&answer).ok() && answer.size() == 2) *serving = answer.begin()[1];
  return status;
}

TEST(LifecycleTest, APortInUseIsAnErrorThatNamesIt) {
  ServerOptions options = InProcessOptions();
  options.listen_address = "127.0.0.1:0";
  const std::unique_ptr<Server> first = StartServer(options);
  ASSERT_GT(first->port(), 0);
  options.listen_address = first->address();
  const absl::Status second = Server::Create(options).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.message()), HasSubstr(first->address()));
}

TEST(LifecycleTest, PlaintextForOtherMachinesNeedsAWord) {
  ServerOptions options = InProcessOptions();
  options.listen_address = "0.0.0.0:0";
  EXPECT_EQ(Server::Create(options).status().code(), absl::StatusCode::kFailedPrecondition);
  options.insecure = true;
  EXPECT_TRUE(Server::Create(options).ok());
}

TEST(LifecycleTest, ImpossibleOptionsAreRefused) {
  auto reason = [](auto change) {
    ServerOptions options = InProcessOptions();
    change(options);
    return Server::Create(options).status().code();
  };
  EXPECT_EQ(reason([](ServerOptions& o) { o.max_stream_in_flight = 0; }), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(reason([](ServerOptions& o) { o.max_calls_per_connection = 0; }), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(reason([](ServerOptions& o) { o.worker_threads = -1; }), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(reason([](ServerOptions& o) { o.max_message_bytes = 0; }), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(reason([](ServerOptions& o) { o.platforms_dirs = {"/nonexistent"}; }), absl::StatusCode::kNotFound);
}

TEST(LifecycleTest, HealthTellsEachServiceAndTurnsWhileDraining) {
  ServerOptions options = InProcessOptions();
  options.listen_address = "127.0.0.1:0";
  options.drain_time = std::chrono::milliseconds(1500);
  const std::unique_ptr<Server> server = StartServer(options);
  const auto channel = grpc::CreateChannel(server->address(), grpc::InsecureChannelCredentials());
  for (const char* service : {"", "latimer.v1.EstimationService", "latimer.v1.PlatformService"}) {
    int serving = 0;
    EXPECT_TRUE(CheckHealth(channel, service, &serving).ok()) << service;
    EXPECT_EQ(serving, 1) << service;
  }
  int serving = 0;
  EXPECT_EQ(CheckHealth(channel, "latimer.v1.Nothing", &serving).error_code(), grpc::StatusCode::NOT_FOUND);

  std::thread drain([&] { server->Drain(); });
  serving = 1;
  for (int i = 0; i < 100 && serving == 1; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (!CheckHealth(channel, "", &serving).ok()) break;
  }
  EXPECT_EQ(serving, 2) << "NOT_SERVING while calls are still answered";
  auto stub = v1::EstimationService::NewStub(channel);
  grpc::ClientContext context;
  v1::EstimateResponse response;
  EXPECT_TRUE(stub->Estimate(&context, SmallRequest(), &response).ok());
  drain.join();
  server->Drain();  // returns at once
}

TEST(LifecycleTest, ReloadTakesNewFilesAndKeepsTheOldOnAnError) {
  TempDir folder;
  namespace fs = std::filesystem;
  const fs::path shipped = LATIMER_SOURCE_DIR "/data/platforms";
  fs::copy_file(shipped / "ncs2-openvino.textproto", fs::path(folder.path()) / "ncs2-openvino.textproto");
  ServerOptions options = InProcessOptions();
  options.platforms_dirs = {folder.path()};
  const std::unique_ptr<Server> server = StartServer(options);
  auto stub = v1::PlatformService::NewStub(server->InProcessChannel());
  auto count = [&] {
    grpc::ClientContext context;
    v1::ListPlatformsResponse response;
    EXPECT_TRUE(stub->ListPlatforms(&context, {}, &response).ok());
    return response.platforms_size();
  };
  EXPECT_EQ(count(), 1);
  fs::copy_file(shipped / "zcu102-dnndk.textproto", fs::path(folder.path()) / "zcu102-dnndk.textproto");
  ASSERT_TRUE(server->ReloadPlatforms().ok());
  EXPECT_EQ(count(), 2);

  std::ofstream(fs::path(folder.path()) / "broken.textproto") << "id: ";
  const absl::Status broken = server->ReloadPlatforms();
  EXPECT_THAT(std::string(broken.message()), HasSubstr("broken.textproto"));
  EXPECT_EQ(count(), 2);
}

TEST(LifecycleTest, EndsWithCallsUnderWay) {
  for (int round = 0; round < 5; ++round) {
    ServerOptions options = InProcessOptions();
    options.listen_address = "127.0.0.1:0";
    const std::unique_ptr<Server> server = StartServer(options);
    const auto channel = grpc::CreateChannel(server->address(), grpc::InsecureChannelCredentials());
    std::thread client([&] {
      auto stub = v1::EstimationService::NewStub(channel);
      for (int i = 0; i < 200; ++i) {
        grpc::ClientContext context;
        v1::EstimateResponse response;
        if (!stub->Estimate(&context, SmallRequest("ncs2-openvino", 1 + i), &response).ok()) return;
      }
    });
    server->Drain();
    client.join();
  }
}

}  // namespace
}  // namespace latimer::server
