// The unary calls of EstimationService, over a real in-process channel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "core/base/error.h"
#include "test_server.h"

namespace latimer::server {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::SizeIs;

class EstimateTest : public ::testing::Test {
 protected:
  grpc::Status Estimate(const v1::EstimateRequest& request, v1::EstimateResponse* response) {
    grpc::ClientContext context;
    return stub_->Estimate(&context, request, response);
  }
  SeenError ErrorOf(const v1::EstimateRequest& request) {
    v1::EstimateResponse response;
    return Look(Estimate(request, &response));
  }

  std::unique_ptr<Server> server_ = StartServer();
  std::unique_ptr<v1::EstimationService::Stub> stub_ = v1::EstimationService::NewStub(server_->InProcessChannel());
};

TEST_F(EstimateTest, AnswersACompactNetworkWithALineForEachUnit) {
  v1::EstimateResponse response;
  const grpc::Status status = Estimate(SmallRequest(), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  const v1::NetworkEstimate& estimate = response.estimate();
  // 3 * 16 * 9 * 32 * 32 of the convolution and 16 * 10 of the fully connected layer.
  EXPECT_EQ(estimate.macs(), 3 * 16 * 9 * 32 * 32 + 160);
  EXPECT_GT(estimate.latency().estimate_ms(), 0);
  EXPECT_THAT(estimate.latency().estimate_ms(),
              AllOf(Ge(estimate.latency().lower_ms()), Le(estimate.latency().upper_ms())));
  EXPECT_DOUBLE_EQ(estimate.confidence(), 0.9);
  double sum = 0;
  std::vector<std::string> nodes;
  for (const v1::UnitEstimate& unit : estimate.units()) {
    sum += unit.latency().estimate_ms();
    nodes.insert(nodes.end(), unit.nodes().begin(), unit.nodes().end());
  }
  EXPECT_NEAR(sum, estimate.latency().estimate_ms(), 1e-9 + 1e-9 * sum);
  EXPECT_THAT(nodes, ::testing::IsSupersetOf({"conv", "relu", "pool", "fc"}));
}

TEST_F(EstimateTest, AnswersOnnxBytesAsTheCommandLineSendsThem) {
  v1::EstimateRequest request;
  request.set_platform("platforms/zcu102-dnndk");
  request.mutable_network()->set_onnx_model(ReadTestData("networks/named/tv_resnet34.onnx"));
  v1::EstimateResponse response;
  const grpc::Status status = Estimate(request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_GT(response.estimate().units_size(), 30);
  EXPECT_GT(response.estimate().macs(), 3.6e9);
}

TEST_F(EstimateTest, SummaryLeavesTheUnitsOutAndKeepsTheTime) {
  v1::EstimateRequest request = SmallRequest();
  v1::EstimateResponse full, summary;
  ASSERT_TRUE(Estimate(request, &full).ok());
  request.mutable_options()->set_view(v1::ESTIMATE_VIEW_SUMMARY);
  ASSERT_TRUE(Estimate(request, &summary).ok());
  EXPECT_THAT(summary.estimate().units(), SizeIs(0));
  EXPECT_EQ(summary.estimate().latency().estimate_ms(), full.estimate().latency().estimate_ms());
}

TEST_F(EstimateTest, WiderIntervalForMoreConfidence) {
  v1::EstimateRequest request = SmallRequest();
  v1::EstimateResponse narrow, wide;
  request.mutable_options()->set_confidence(0.5);
  ASSERT_TRUE(Estimate(request, &narrow).ok());
  request.mutable_options()->set_confidence(0.99);
  ASSERT_TRUE(Estimate(request, &wide).ok());
  EXPECT_LT(wide.estimate().latency().lower_ms(), narrow.estimate().latency().lower_ms());
  EXPECT_GT(wide.estimate().latency().upper_ms(), narrow.estimate().latency().upper_ms());
}

TEST_F(EstimateTest, TheSameBytesGetTheSameAnswerFromTheCache) {
  v1::EstimateResponse first, second;
  ASSERT_TRUE(Estimate(SmallRequest(), &first).ok());
  ASSERT_TRUE(Estimate(SmallRequest(), &second).ok());
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
}

TEST_F(EstimateTest, ErrorsNameWhatIsWrong) {
  EXPECT_EQ(ErrorOf({}).code, grpc::StatusCode::INVALID_ARGUMENT);

  SeenError unknown = ErrorOf(SmallRequest("tpu"));
  EXPECT_EQ(unknown.code, grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(unknown.field, "platform");
  EXPECT_THAT(unknown.message, HasSubstr("ncs2-openvino"));

  v1::EstimateRequest request = SmallRequest();
  request.mutable_options()->set_confidence(1);
  EXPECT_EQ(ErrorOf(request).field, "options.confidence");
  request.mutable_options()->set_confidence(-0.1);
  EXPECT_EQ(ErrorOf(request).field, "options.confidence");

  request = SmallRequest();
  request.mutable_options()->set_model_kind(static_cast<v1::ModelKind>(77));
  EXPECT_EQ(ErrorOf(request).field, "options.model_kind");

  request = SmallRequest();
  request.mutable_network()->mutable_network()->mutable_layers(1)->set_inputs(0, "nowhere");
  const SeenError missing = ErrorOf(request);
  EXPECT_EQ(missing.code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(missing.field, HasSubstr("network.network.layers[1]"));
  EXPECT_THAT(missing.message, HasSubstr("nowhere"));

  request = {};
  request.set_platform("ncs2-openvino");
  request.mutable_network()->set_onnx_model("this is no model");
  const SeenError garbage = ErrorOf(request);
  EXPECT_EQ(garbage.code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(garbage.field, "network.onnx_model");
  EXPECT_FALSE(garbage.reason.empty());

  v1::EstimateResponse response;
  EXPECT_TRUE(Estimate(SmallRequest(), &response).ok()) << "the server serves on after errors";
}

TEST_F(EstimateTest, TruncatedModelsAreErrorsAtEveryLength) {
  const std::string model = ReadTestData("networks/named/tv_resnet34.onnx");
  for (size_t size = 1; size < model.size(); size += model.size() / 40) {
    v1::EstimateRequest request;
    request.set_platform("ncs2-openvino");
    request.mutable_network()->set_onnx_model(model.substr(0, size));
    EXPECT_EQ(ErrorOf(request).code, grpc::StatusCode::INVALID_ARGUMENT) << size << " bytes";
  }
}

TEST_F(EstimateTest, AnExpiredDeadlineIsToldAsSuch) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() - std::chrono::seconds(1));
  v1::EstimateResponse response;
  EXPECT_EQ(stub_->Estimate(&context, SmallRequest(), &response).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(EstimateTest, AMessageOverTheLimitIsRefused) {
  ServerOptions options = InProcessOptions();
  options.listen_address = "127.0.0.1:0";
  options.max_message_bytes = 1000;
  const std::unique_ptr<Server> server = StartServer(options);
  auto stub =
      v1::EstimationService::NewStub(grpc::CreateChannel(server->address(), grpc::InsecureChannelCredentials()));
  v1::EstimateRequest request = SmallRequest();
  request.mutable_network()->set_display_name(std::string(2000, 'x'));
  grpc::ClientContext context;
  v1::EstimateResponse response;
  const SeenError refused = Look(stub->Estimate(&context, request, &response));
  EXPECT_EQ(refused.code, grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(refused.reason, "REQUEST_TOO_LARGE");
  EXPECT_FALSE(refused.retry) << "it will not fit later either";
}

TEST_F(EstimateTest, SeveralPlatformsInTheOrderAskedFor) {
  v1::EstimatePlatformsRequest request;
  request.add_platforms("zcu102-dnndk");
  request.add_platforms("ncs2-openvino");
  *request.mutable_network()->mutable_network() = SmallNetwork();
  grpc::ClientContext context;
  v1::EstimatePlatformsResponse response;
  ASSERT_TRUE(stub_->EstimatePlatforms(&context, request, &response).ok());
  ASSERT_THAT(response.estimates(), SizeIs(2));
  EXPECT_EQ(response.estimates(0).platform(), "platforms/zcu102-dnndk");
  EXPECT_EQ(response.estimates(1).platform(), "platforms/ncs2-openvino");

  request.clear_platforms();
  grpc::ClientContext all_context;
  ASSERT_TRUE(stub_->EstimatePlatforms(&all_context, request, &response).ok());
  EXPECT_THAT(response.estimates(), SizeIs(2)) << "none named: all";

  request.add_platforms("ncs2-openvino");
  request.add_platforms("tpu");
  grpc::ClientContext bad_context;
  EXPECT_EQ(Look(stub_->EstimatePlatforms(&bad_context, request, &response)).field, "platforms[1]");
}

TEST_F(EstimateTest, ManyThreadsGetTheAnswersOneGets) {
  const std::string model = ReadTestData("networks/named/tv_resnet34.onnx");
  auto ask = [&](int i) {
    v1::EstimateRequest request = SmallRequest(i % 2 == 0 ? "ncs2-openvino" : "zcu102-dnndk", 8 + i % 5);
    if (i % 7 == 0) request.mutable_network()->set_onnx_model(model);  // goes to a worker
    v1::EstimateResponse response;
    EXPECT_TRUE(Estimate(request, &response).ok());
    return response.estimate().latency().estimate_ms();
  };
  std::vector<double> alone;
  for (int i = 0; i < 35; ++i) alone.push_back(ask(i));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 35; ++i) EXPECT_EQ(ask((i + 9 * t) % 35), alone[(i + 9 * t) % 35]);
    });
  }
  std::thread reload([&] {
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(server_->ReloadPlatforms().ok());
  });
  for (std::thread& thread : threads) thread.join();
  reload.join();
}

TEST_F(EstimateTest, AFullQueueTellsWhenToComeBack) {
  ServerOptions options = InProcessOptions();
  options.worker_threads = 1;
  options.max_queued_requests = 0;
  options.inline_request_bytes = 0;
  const std::unique_ptr<Server> server = StartServer(options);
  auto stub = v1::EstimationService::NewStub(server->InProcessChannel());
  grpc::ClientContext context;
  v1::EstimateResponse response;
  const SeenError refused = Look(stub->Estimate(&context, SmallRequest(), &response));
  EXPECT_EQ(refused.code, grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(refused.retry);
}

}  // namespace
}  // namespace latimer::server
