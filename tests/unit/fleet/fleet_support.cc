#include "fleet_support.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "core/network/read_network.h"

namespace latimer::server {

PlayedAgent::PlayedAgent(const std::string& address, std::string credential, v1::Fingerprint fingerprint)
    : channel_(grpc::CreateChannel(address, grpc::InsecureChannelCredentials())),
      stub_(v1::AgentService::NewStub(channel_)),
      credential_(std::move(credential)),
      fingerprint_(std::move(fingerprint)) {}

PlayedAgent::~PlayedAgent() {
  Leave();
  if (worker_.joinable()) worker_.join();
  if (beater_.joinable()) beater_.join();
}

v1::Welcome PlayedAgent::Hello() {
  context_ = std::make_unique<grpc::ClientContext>();
  context_->AddMetadata("authorization", "Bearer " + credential_);
  session_ = stub_->Session(context_.get());
  v1::SessionRequest request;
  request.mutable_hello()->set_agent_version("played");
  *request.mutable_hello()->mutable_fingerprint() = fingerprint_;
  session_->Write(request);
  v1::SessionResponse response;
  EXPECT_TRUE(session_->Read(&response)) << "no welcome";
  EXPECT_TRUE(response.has_welcome());
  return response.welcome();
}

bool PlayedAgent::Beat(const std::vector<std::string>& jobs) {
  v1::SessionRequest request;
  v1::Heartbeat* heartbeat = request.mutable_heartbeat();
  for (const std::string& job : jobs) heartbeat->add_job_ids(job);
  heartbeat->set_free_slots(jobs.empty() ? 1 : 0);
  heartbeat->mutable_conditions()->set_temperature_celsius(47);
  return Write(request);
}

bool PlayedAgent::Write(const v1::SessionRequest& request) {
  const std::lock_guard<std::mutex> lock(writing_);
  return session_->Write(request);
}

bool PlayedAgent::NextJob(v1::Job* job) {
  v1::SessionResponse response;
  while (session_->Read(&response)) {
    if (!response.has_job()) continue;
    *job = response.job();
    return true;
  }
  return false;
}

bool PlayedAgent::Send(const v1::Measurement& measurement) {
  v1::SessionRequest request;
  *request.mutable_measurement() = measurement;
  return Write(request);
}

bool PlayedAgent::Done(const std::string& job) {
  v1::SessionRequest request;
  request.mutable_job_done()->set_job_id(job);
  return Write(request);
}

void PlayedAgent::Leave() {
  left_ = true;
  if (context_ != nullptr) context_->TryCancel();
}

grpc::Status PlayedAgent::Finish() {
  v1::SessionResponse response;
  while (session_->Read(&response)) {
  }
  return session_->Finish();
}

void PlayedAgent::Work(Measure measure) {
  Beat();
  // As real agents do: who is silent for as long as a lease gets no work.
  beater_ = std::thread([this] {
    while (!left_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      std::string job;
      {
        const std::lock_guard<std::mutex> lock(writing_);
        job = job_;
      }
      if (left_ || !(job.empty() ? Beat() : Beat({job}))) return;
    }
  });
  worker_ = std::thread([this, measure = std::move(measure)] {
    auto hold = [this](const std::string& id) {
      const std::lock_guard<std::mutex> lock(writing_);
      job_ = id;
    };
    v1::Job job;
    while (NextJob(&job)) {
      hold(job.job_id());
      for (const v1::BenchmarkTask& task : job.tasks()) {
        const v1::Measurement measurement = measure(task);
        ++measured;  // Before the server can know of it: tests compare the two counts.
        if (!Send(measurement)) return;
      }
      hold("");
      if (!Done(job.job_id())) return;
    }
  });
}

v1::Fingerprint BoardFacts(const std::string& cpu) {
  v1::Fingerprint fingerprint;
  (*fingerprint.mutable_facts())["cpu"] = cpu;
  (*fingerprint.mutable_facts())["toolchain"] = "played 1";
  (*fingerprint.mutable_facts())["precision"] = "FP32";
  fingerprint.set_simulated(true);
  fingerprint.set_digest("digest of " + cpu);
  return fingerprint;
}

v1::Measurement PlausibleTime(const v1::BenchmarkTask& task) {
  v1::Measurement measurement;
  measurement.set_measurement_id(task.measurement_id());
  measurement.set_board_seconds(0.01);
  measurement.set_fingerprint_digest(BoardFacts().digest());
  const absl::StatusOr<Network> network = ReadNetwork(task.network());
  if (!network.ok()) {
    measurement.mutable_failure()->set_code(3);
    measurement.mutable_failure()->set_message(std::string(network.status().message()));
    return measurement;
  }
  double bytes = 0;
  for (const Tensor& tensor : network->tensors) bytes += 4 * static_cast<double>(NumElements(tensor.shape));
  const double ms = 0.02 + static_cast<double>(Macs(*network)) / 2e7 + bytes / 1e7;
  v1::Timing* timing = measurement.mutable_timing();
  timing->set_median_ms(ms);
  timing->set_min_ms(ms);
  timing->set_lower_quartile_ms(ms);
  timing->set_upper_quartile_ms(ms);
  timing->set_runs(10);
  return measurement;
}

v1::Network OneConvolution(const std::vector<int64_t>& shape, int64_t kernel, int64_t channels) {
  v1::Network network;
  v1::NetworkInput* input = network.add_inputs();
  input->set_name("x");
  for (int64_t dim : shape) input->mutable_shape()->add_dims(dim);
  v1::Layer* layer = network.add_layers();
  layer->set_name("conv");
  layer->set_type(v1::LAYER_TYPE_CONV);
  layer->add_inputs("x");
  layer->mutable_conv()->add_kernel(kernel);
  layer->mutable_conv()->add_kernel(kernel);
  layer->mutable_conv()->set_output_channels(channels);
  network.add_outputs("conv");
  return network;
}

FleetTest::FleetTest() {
  std::string folder = ::testing::TempDir() + "latimer_fleet_XXXXXX";
  options_.data_dir = mkdtemp(folder.data());
  options_.listen_address = "127.0.0.1:0";
  options_.platforms_dirs = {LATIMER_SOURCE_DIR "/data/platforms"};
  options_.drain_time = std::chrono::milliseconds(0);
  options_.shutdown_grace = std::chrono::milliseconds(500);
  options_.fleet.heartbeat_seconds = 0.2;
  options_.fleet.lease_seconds = 1;
  Restart();
}

FleetTest::~FleetTest() {
  server_.reset();
  std::filesystem::remove_all(options_.data_dir);
}

void FleetTest::Restart() {
  server_.reset();
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Create(options_);
  if (!server.ok()) {
    std::fprintf(stderr, "the server under test did not start: %s\n", server.status().ToString().c_str());
    std::abort();
  }
  server_ = *std::move(server);
}

std::string FleetTest::Token(const std::string& platform) {
  v1::CreateTokenRequest request;
  request.set_platform(platform);
  v1::CreateTokenResponse response;
  grpc::ClientContext context;
  EXPECT_TRUE(Stub<v1::FleetService>()->CreateToken(&context, request, &response).ok());
  return response.token();
}

grpc::Status FleetTest::Enroll(const std::string& token, const std::string& platform, v1::EnrollResponse* response,
                               const v1::Fingerprint& fingerprint) {
  v1::EnrollRequest request;
  request.set_token(token);
  request.set_platform(platform);
  request.set_display_name("test board");
  request.set_backend("played");
  *request.mutable_fingerprint() = fingerprint;
  grpc::ClientContext context;
  return Stub<v1::AgentService>()->Enroll(&context, request, response);
}

std::unique_ptr<PlayedAgent> FleetTest::NewAgent(const std::string& platform, const v1::Fingerprint& fingerprint) {
  v1::EnrollResponse response;
  const grpc::Status status = Enroll(Token(), platform, &response, fingerprint);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return std::make_unique<PlayedAgent>(server_->address(), response.credential(), fingerprint);
}

v1::Agent FleetTest::OnlyAgent() {
  grpc::ClientContext context;
  v1::ListAgentsResponse response;
  EXPECT_TRUE(Stub<v1::FleetService>()->ListAgents(&context, {}, &response).ok());
  EXPECT_EQ(response.agents_size(), 1);
  return response.agents_size() == 1 ? response.agents(0) : v1::Agent();
}

void FleetTest::WaitUntil(const char* what, const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(3);  // sanitizers on a busy machine
  while (!condition()) {
    ASSERT_LT(std::chrono::steady_clock::now(), end) << "in vain: " << what;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

v1::Campaign FleetTest::StartCampaign(int64_t measurements) {
  v1::CreateCampaignRequest request;
  request.set_platform("board");
  request.set_max_measurements(measurements);
  grpc::ClientContext context;
  v1::Campaign campaign;
  const grpc::Status status = Stub<v1::CampaignService>()->CreateCampaign(&context, request, &campaign);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return campaign;
}

v1::Campaign FleetTest::GetCampaign(const std::string& name) {
  v1::GetCampaignRequest request;
  request.set_name(name);
  grpc::ClientContext context;
  v1::Campaign campaign;
  EXPECT_TRUE(Stub<v1::CampaignService>()->GetCampaign(&context, request, &campaign).ok());
  return campaign;
}

v1::Campaign FleetTest::WaitForEnd(const std::string& name) {
  v1::Campaign campaign;
  WaitUntil("the campaign ends", [&] {
    campaign = GetCampaign(name);
    return campaign.end_time_unix_ms() != 0;
  });
  return campaign;
}

}  // namespace latimer::server
