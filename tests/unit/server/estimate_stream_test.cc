// EstimateStream: ids, errors under their id, back-pressure, cancelling, draining.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "test_server.h"

namespace latimer::server {
namespace {

using Stream = grpc::ClientReaderWriter<v1::EstimateStreamRequest, v1::EstimateStreamResponse>;

v1::EstimateStreamRequest StreamRequest(uint64_t id) {
  v1::EstimateStreamRequest request;
  request.set_id(id);
  *request.mutable_request() = SmallRequest("ncs2-openvino", 1 + static_cast<int64_t>(id % 64));
  return request;
}

class EstimateStreamTest : public ::testing::Test {
 protected:
  std::unique_ptr<Server> server_ = StartServer();
  std::unique_ptr<v1::EstimationService::Stub> stub_ = v1::EstimationService::NewStub(server_->InProcessChannel());
};

TEST_F(EstimateStreamTest, EveryRequestIsAnsweredOnceUnderItsId) {
  grpc::ClientContext context;
  std::unique_ptr<Stream> stream = stub_->EstimateStream(&context);
  constexpr uint64_t kRequests = 500;  // several times the number in flight
  std::thread writer([&] {
    for (uint64_t id = 1; id <= kRequests; ++id) ASSERT_TRUE(stream->Write(StreamRequest(id)));
    stream->WritesDone();
  });
  std::set<uint64_t> seen;
  v1::EstimateStreamResponse response;
  while (stream->Read(&response)) {
    EXPECT_TRUE(seen.insert(response.id()).second) << response.id() << " came twice";
    EXPECT_TRUE(response.has_estimate()) << response.error().message();
  }
  writer.join();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(seen.size(), kRequests);
  EXPECT_EQ(*seen.begin(), 1u);
  EXPECT_EQ(*seen.rbegin(), kRequests);
}

// 100 convolutions no request had before: long enough for the next requests to arrive meanwhile.
v1::EstimateStreamRequest SlowRequest(uint64_t id) {
  v1::EstimateStreamRequest request = StreamRequest(id);
  v1::Network* network = request.mutable_request()->mutable_network()->mutable_network();
  v1::Layer conv = network->layers(0);
  network->clear_layers();
  network->clear_outputs();
  for (int i = 0; i < 100; ++i) {
    conv.set_name("conv" + std::to_string(i));
    conv.mutable_conv()->set_output_channels(static_cast<int64_t>(100 * id) + i);
    *network->add_layers() = conv;
    conv.set_inputs(0, conv.name());
  }
  return request;
}

// Over a socket: only there do answers wait for others, and the headers with them.
TEST(EstimateStreamOverTcpTest, FirstAnswersReadyTogetherAreSent) {
  ServerOptions options = InProcessOptions();
  options.listen_address = "127.0.0.1:0";
  const std::unique_ptr<Server> server = StartServer(options);
  const auto stub =
      v1::EstimationService::NewStub(grpc::CreateChannel(server->address(), grpc::InsecureChannelCredentials()));
  // As many streams as leave each one thread.
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<Stream>> idle;
  for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    idle.push_back(stub->EstimateStream(contexts.back().get()));
    ASSERT_TRUE(idle.back()->Write(StreamRequest(1)));
    v1::EstimateStreamResponse response;
    ASSERT_TRUE(idle.back()->Read(&response));
  }
  constexpr uint64_t kTogether = 32;
  for (uint64_t round = 0; round < 40; ++round) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(100));
    std::unique_ptr<Stream> stream = stub->EstimateStream(&context);
    for (uint64_t id = 1; id <= kTogether; ++id) {
      ASSERT_TRUE(stream->Write(SlowRequest(round * kTogether + id), grpc::WriteOptions().set_buffer_hint()));
    }
    stream->WritesDone();
    v1::EstimateStreamResponse response;
    uint64_t answers = 0;
    while (stream->Read(&response)) ++answers;
    EXPECT_TRUE(stream->Finish().ok());
    ASSERT_EQ(answers, kTogether);
  }
  for (const std::unique_ptr<Stream>& stream : idle) {
    stream->WritesDone();
    EXPECT_TRUE(stream->Finish().ok());
  }
}

// Without room for workers' requests, small ones that are not quick are answered by the thread that read them.
TEST(EstimateStreamOverTcpTest, SmallRequestsAreAnsweredWithoutWorkersToo) {
  ServerOptions options = InProcessOptions();
  options.listen_address = "127.0.0.1:0";
  options.max_queued_requests = 0;
  const std::unique_ptr<Server> server = StartServer(options);
  const auto stub =
      v1::EstimationService::NewStub(grpc::CreateChannel(server->address(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(100));
  std::unique_ptr<Stream> stream = stub->EstimateStream(&context);
  constexpr uint64_t kRequests = 300;
  std::thread writer([&] {
    for (uint64_t id = 1; id <= kRequests; ++id) {
      v1::EstimateStreamRequest request = StreamRequest(id);
      if (id % 3 == 0) request.mutable_request()->set_platform("nobody's");
      ASSERT_TRUE(stream->Write(request));
    }
    stream->WritesDone();
  });
  std::set<uint64_t> seen;
  v1::EstimateStreamResponse response;
  while (stream->Read(&response)) {
    EXPECT_TRUE(seen.insert(response.id()).second) << response.id() << " came twice";
    EXPECT_EQ(response.has_estimate(), response.id() % 3 != 0) << response.error().message();
  }
  writer.join();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(seen.size(), kRequests);
}

TEST_F(EstimateStreamTest, AnErrorGoesUnderItsIdAndTheStreamStaysOpen) {
  grpc::ClientContext context;
  std::unique_ptr<Stream> stream = stub_->EstimateStream(&context);
  v1::EstimateStreamRequest bad = StreamRequest(7);
  bad.mutable_request()->set_platform("tpu");
  v1::EstimateStreamResponse response;
  ASSERT_TRUE(stream->Write(bad));
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.id(), 7u);
  const SeenError error = Look(response.error());
  EXPECT_EQ(error.code, grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(error.field, "request.platform");
  ASSERT_TRUE(stream->Write(StreamRequest(8)));
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.id(), 8u);
  EXPECT_TRUE(response.has_estimate());
  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(EstimateStreamTest, AnswersTheUnaryCallGives) {
  grpc::ClientContext context, unary_context;
  std::unique_ptr<Stream> stream = stub_->EstimateStream(&context);
  ASSERT_TRUE(stream->Write(StreamRequest(3)));
  v1::EstimateStreamResponse streamed;
  ASSERT_TRUE(stream->Read(&streamed));
  v1::EstimateResponse unary;
  ASSERT_TRUE(stub_->Estimate(&unary_context, StreamRequest(3).request(), &unary).ok());
  EXPECT_EQ(streamed.estimate().SerializeAsString(), unary.estimate().SerializeAsString());
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(EstimateStreamTest, AReaderThatWaitsMakesTheWriterWait) {
  ServerOptions options = InProcessOptions();
  options.listen_address = "127.0.0.1:0";
  options.max_stream_in_flight = 4;
  const std::unique_ptr<Server> server = StartServer(options);
  auto stub =
      v1::EstimationService::NewStub(grpc::CreateChannel(server->address(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  std::unique_ptr<Stream> stream = stub->EstimateStream(&context);
  // Requests padded to 16 KiB: 4000 of them are far more than the buffers of a connection hold.
  constexpr int kRequests = 4000;
  std::atomic<int> written{0};
  std::thread writer([&] {
    for (int i = 0; i < kRequests; ++i) {
      v1::EstimateStreamRequest request = StreamRequest(static_cast<uint64_t>(i));
      request.mutable_request()->mutable_network()->set_display_name(std::string(16 << 10, 'n'));
      if (!stream->Write(request)) return;
      ++written;
    }
    stream->WritesDone();
  });
  int before = -1;
  while (before != written) {
    before = written;
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
  EXPECT_LT(before, kRequests) << "nobody read an answer, yet all requests were taken";
  v1::EstimateStreamResponse response;
  int answers = 0;
  while (stream->Read(&response)) ++answers;
  writer.join();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(answers, kRequests);
}

TEST_F(EstimateStreamTest, LargeRequestsGoToWorkersAndComeBack) {
  const std::string model = ReadTestData("networks/named/tv_resnet34.onnx");
  ServerOptions options = InProcessOptions();
  options.inline_request_bytes = 0;
  const std::unique_ptr<Server> server = StartServer(options);
  auto stub = v1::EstimationService::NewStub(server->InProcessChannel());
  grpc::ClientContext context;
  std::unique_ptr<Stream> stream = stub->EstimateStream(&context);
  std::thread writer([&] {
    for (uint64_t id = 0; id < 20; ++id) {
      v1::EstimateStreamRequest request = StreamRequest(id);
      request.mutable_request()->mutable_network()->set_onnx_model(model);
      ASSERT_TRUE(stream->Write(request));
    }
    stream->WritesDone();
  });
  std::set<uint64_t> seen;
  v1::EstimateStreamResponse response;
  while (stream->Read(&response)) {
    EXPECT_TRUE(response.has_estimate()) << response.error().message();
    seen.insert(response.id());
  }
  writer.join();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(seen.size(), 20u);
}

TEST_F(EstimateStreamTest, CancellingEndsTheStreamAndTheServerServesOn) {
  for (int round = 0; round < 40; ++round) {
    grpc::ClientContext context;
    std::unique_ptr<Stream> stream = stub_->EstimateStream(&context);
    for (uint64_t id = 0; id < static_cast<uint64_t>(round); ++id) stream->Write(StreamRequest(id));
    context.TryCancel();
    v1::EstimateStreamResponse response;
    while (stream->Read(&response)) {
    }
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  grpc::ClientContext context;
  v1::EstimateResponse response;
  EXPECT_TRUE(stub_->Estimate(&context, SmallRequest(), &response).ok());
}

TEST_F(EstimateStreamTest, DrainingAnswersWhatWasReadAndSaysWhyItEnds) {
  grpc::ClientContext context;
  std::unique_ptr<Stream> stream = stub_->EstimateStream(&context);
  ASSERT_TRUE(stream->Write(StreamRequest(1)));
  v1::EstimateStreamResponse response;
  ASSERT_TRUE(stream->Read(&response));
  std::thread drain([&] { server_->Drain(); });
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  drain.join();
}

TEST_F(EstimateStreamTest, StreamsOfManyClientsDoNotMix) {
  std::vector<std::thread> clients;
  for (uint64_t c = 0; c < 4; ++c) {
    clients.emplace_back([&, c] {
      auto stub = v1::EstimationService::NewStub(server_->InProcessChannel());
      grpc::ClientContext context;
      std::unique_ptr<Stream> stream = stub->EstimateStream(&context);
      for (uint64_t i = 0; i < 50; ++i) ASSERT_TRUE(stream->Write(StreamRequest(1000 * c + i)));
      stream->WritesDone();
      v1::EstimateStreamResponse response;
      int answers = 0;
      while (stream->Read(&response)) {
        EXPECT_EQ(response.id() / 1000, c);
        ++answers;
      }
      EXPECT_TRUE(stream->Finish().ok());
      EXPECT_EQ(answers, 50);
    });
  }
  for (std::thread& client : clients) client.join();
}

}  // namespace
}  // namespace latimer::server
