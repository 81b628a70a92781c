// What a server without boards tells Prometheus.
#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "latimer/v1/platform_service.grpc.pb.h"
#include "server/metrics/connections.h"
#include "test_server.h"
#include "tests/unit/metrics/scrape.h"
#include "tests/unit/temp_dir.h"

namespace latimer::server {
namespace {

using metrics::Exposition;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kEstimation[] = "latimer.v1.EstimationService";

class MetricsTest : public ::testing::Test {
 protected:
  static ServerOptions Options() {
    ServerOptions options = InProcessOptions();
    options.metrics_address = "127.0.0.1:0";
    return options;
  }
  Exposition Scrape() { return metrics::Parse(metrics::Get(server_->metrics_address())); }
  grpc::Status Estimate(const v1::EstimateRequest& request) {
    grpc::ClientContext context;
    v1::EstimateResponse response;
    return stub_->Estimate(&context, request, &response);
  }

  std::unique_ptr<Server> server_ = StartServer(Options());
  std::unique_ptr<v1::EstimationService::Stub> stub_ = v1::EstimationService::NewStub(server_->InProcessChannel());
};

TEST_F(MetricsTest, FollowTheConventions) {
  EXPECT_TRUE(Estimate(SmallRequest()).ok());
  EXPECT_FALSE(Estimate(SmallRequest("nowhere")).ok());
  const Exposition told = Scrape();
  EXPECT_GT(told.samples.size(), 100u);
  EXPECT_THAT(metrics::Lint(told), IsEmpty());
}

TEST(Connections, AreThoseThatAreEstablishedAtThePort) {
  std::istringstream table(
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   0: 0100007F:C383 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0\n"
      "   1: 0100007F:C383 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1\n"
      "   2: 0100007F:9C40 0100007F:C383 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 20 4 30 10 -1\n"
      "   3: 0100007F:C383 0100007F:9C41 06 00000000:00000000 00:00000000 00000000     0        0 4 1 0 20 4 30 10 -1\n"
      "  10: 00000000000000000000000001000000:C383 00000000000000000000000001000000:9C42 01 00000000:00000000\n");
  EXPECT_EQ(CountEstablished(table, 0xC383), 2) << "neither the listener, nor the client's end, nor one that closes";
}

TEST_F(MetricsTest, CountCallsByMethodOutcomeAndReason) {
  EXPECT_TRUE(Estimate(SmallRequest()).ok());
  EXPECT_TRUE(Estimate(SmallRequest()).ok());
  EXPECT_EQ(Estimate(SmallRequest("nowhere")).error_code(), grpc::StatusCode::NOT_FOUND);
  const auto platforms = v1::PlatformService::NewStub(server_->InProcessChannel());
  for (const char* name : {"ncs2-openvino", "nowhere"}) {
    v1::GetPlatformRequest request;
    request.set_name(name);
    grpc::ClientContext context;
    v1::Platform platform;
    platforms->GetPlatform(&context, request, &platform);
  }
  const Exposition told = Scrape();
  const auto calls = [&](const char* service, const char* method, const char* code) {
    return told.Value("latimer_rpc_requests_total", {{"service", service}, {"method", method}, {"code", code}});
  };
  EXPECT_EQ(calls(kEstimation, "Estimate", "OK"), 2);
  EXPECT_EQ(calls(kEstimation, "Estimate", "NOT_FOUND"), 1);
  EXPECT_EQ(calls(kEstimation, "EstimatePlatforms", "OK"), 0);
  EXPECT_EQ(calls("latimer.v1.PlatformService", "GetPlatform", "OK"), 1) << "counted by the interceptor";
  EXPECT_EQ(calls("latimer.v1.PlatformService", "GetPlatform", "NOT_FOUND"), 1);
  EXPECT_EQ(told.Value("latimer_rpc_duration_seconds_count", {{"method", "Estimate"}}), 3);
  EXPECT_EQ(told.Value("latimer_rpc_duration_seconds_count", {{"method", "GetPlatform"}}), 2);
  for (const char* service : {kEstimation, "latimer.v1.PlatformService"}) {
    EXPECT_EQ(told.Value("latimer_rpc_errors_total", {{"service", service}, {"reason", "UNKNOWN_PLATFORM"}}), 1);
  }
  EXPECT_EQ(told.Value("latimer_rpc_in_flight", {{"method", "Estimate"}}), 0);
}

TEST_F(MetricsTest, CountStreamsAndTheirAnswers) {
  grpc::ClientContext context;
  const auto stream = stub_->EstimateStream(&context);
  v1::EstimateStreamRequest request;
  v1::EstimateStreamResponse response;
  for (const char* platform : {"ncs2-openvino", "nowhere"}) {
    *request.mutable_request() = SmallRequest(platform);
    ASSERT_TRUE(stream->Write(request));
    ASSERT_TRUE(stream->Read(&response));
  }
  const std::map<std::string, std::string> labels = {{"service", kEstimation}, {"method", "EstimateStream"}};
  EXPECT_EQ(Scrape().Value("latimer_rpc_in_flight", labels), 1);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
  const Exposition told = Scrape();
  EXPECT_EQ(told.Value("latimer_rpc_in_flight", labels), 0);
  EXPECT_EQ(told.Value("latimer_rpc_stream_answers_total", {{"code", "OK"}}), 1);
  EXPECT_EQ(told.Value("latimer_rpc_stream_answers_total", {{"code", "NOT_FOUND"}}), 1);
  EXPECT_FALSE(told.Value("latimer_rpc_duration_seconds_count", labels).has_value()) << "a stream has no duration";
}

TEST_F(MetricsTest, CountEstimatesFromTheCacheToo) {
  // A quick answer is remembered from its second time on.
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(Estimate(SmallRequest()).ok());
  v1::EstimatePlatformsRequest request;
  *request.mutable_network() = SmallRequest().network();
  grpc::ClientContext context;
  v1::EstimatePlatformsResponse response;
  ASSERT_TRUE(stub_->EstimatePlatforms(&context, request, &response).ok());
  const Exposition told = Scrape();
  double computed = 0, cached = 0, other = 0;
  for (const metrics::Sample& sample : told.samples) {
    if (sample.name != "latimer_estimates_total") continue;
    if (sample.labels.at("platform") != "ncs2-openvino") {
      other += sample.value;
    } else {
      (sample.labels.at("source") == "cache" ? cached : computed) += sample.value;
    }
  }
  EXPECT_EQ(computed, 3);
  EXPECT_EQ(cached, 2);
  EXPECT_EQ(other, response.estimates_size() - 1);
  const double units = *told.Value("latimer_estimate_units_total", {{"platform", "ncs2-openvino"}});
  EXPECT_GT(units, 0);
  EXPECT_EQ(std::fmod(units, 5), 0) << "five times the same network";
  EXPECT_EQ(told.Value("latimer_cache_hits_total", {{"cache", "response"}}), 2);
  EXPECT_EQ(told.Value("latimer_cache_misses_total", {{"cache", "response"}}), 2);
  EXPECT_GT(told.Value("latimer_cache_size_bytes", {{"cache", "response"}}), 100);
}

TEST_F(MetricsTest, TellWhatPublishedModelsSayOfThemselves) {
  const Exposition told = Scrape();
  EXPECT_EQ(told.Value("latimer_model_info", {{"platform", "ncs2-openvino"}, {"simulated", "false"}}), 1);
  EXPECT_TRUE(told.Has("latimer_model_stated_mape_ratio"));
  EXPECT_TRUE(told.Has("latimer_model_layer_mape_ratio"));
  EXPECT_FALSE(told.Has("latimer_model_mape_ratio")) << "nothing was measured";
}

TEST(Metrics, OfRemovedPlatformsDisappear) {
  namespace fs = std::filesystem;
  const TempDir folder;
  for (const auto& file : fs::directory_iterator(LATIMER_SOURCE_DIR "/data/platforms")) {
    if (file.path().extension() == ".textproto") fs::copy(file.path(), folder.path());
  }
  ServerOptions options = InProcessOptions();
  options.platforms_dirs = {folder.path()};
  options.metrics_address = "127.0.0.1:0";
  const std::unique_ptr<Server> server = StartServer(options);
  EXPECT_THAT(metrics::Get(server->metrics_address()), HasSubstr("platform=\"ncs2-openvino\""));
  ASSERT_TRUE(fs::remove(folder / "ncs2-openvino.textproto"));
  ASSERT_TRUE(server->ReloadPlatforms().ok());
  const std::string text = metrics::Get(server->metrics_address());
  EXPECT_THAT(text, testing::Not(HasSubstr("ncs2-openvino")));
  EXPECT_THAT(text, HasSubstr("platform=\"zcu102-dnndk\""));
}

TEST(Metrics, KnowEveryCallOfTheApi) {
  ServerOptions options = InProcessOptions();
  options.metrics_address = "127.0.0.1:0";
  const std::unique_ptr<Server> server = StartServer(options);
  const Exposition told = metrics::Parse(metrics::Get(server->metrics_address()));
  int calls = 0;
  for (const auto& file : std::filesystem::directory_iterator(LATIMER_SOURCE_DIR "/proto/latimer/v1")) {
    std::ifstream in(file.path());
    std::string service;
    for (std::string line; std::getline(in, line);) {
      std::smatch match;
      if (std::regex_search(line, match, std::regex("^service (\\w+)"))) service = "latimer.v1." + match[1].str();
      if (!std::regex_search(line, match, std::regex("^  rpc (\\w+)"))) continue;
      ++calls;
      EXPECT_TRUE(told.Value("latimer_rpc_in_flight", {{"service", service}, {"method", match[1]}}).has_value())
          << service << "." << match[1];
    }
  }
  EXPECT_GT(calls, 20);
}

TEST(Metrics, AreNotServedUnlessAsked) {
  const std::unique_ptr<Server> server = StartServer();
  EXPECT_EQ(server->metrics_address(), "");
}

TEST(Metrics, PortThatIsTakenKeepsTheServerFromStarting) {
  ServerOptions options = InProcessOptions();
  options.metrics_address = "127.0.0.1:0";
  const std::unique_ptr<Server> first = StartServer(options);
  options.metrics_address = first->metrics_address();
  const absl::StatusOr<std::unique_ptr<Server>> second = Server::Create(options);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace latimer::server
