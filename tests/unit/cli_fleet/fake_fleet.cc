#include "fake_fleet.h"

#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"

namespace latimer::cli {
namespace {

std::string Id(const std::string& name) { return name.substr(name.find('/') + 1); }

// The element of that name, with or without its collection; nullptr if there is none.
template <typename T>
T* Find(std::vector<T>& all, const std::string& name) {
  for (T& one : all) {
    if (Id(one.name()) == Id(name)) return &one;
  }
  return nullptr;
}

}  // namespace

grpc::Status ErrorWithReason(grpc::StatusCode code, const std::string& reason, const std::string& message) {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("latimer.dev");
  google::rpc::Status rich;
  rich.set_code(code);
  rich.set_message(message);
  rich.add_details()->PackFrom(info);
  return {code, message, rich.SerializeAsString()};
}

FakeFleet::FakeFleet() {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(static_cast<v1::FleetService::Service*>(this));
  builder.RegisterService(static_cast<v1::CampaignService::Service*>(this));
  builder.RegisterService(static_cast<v1::MeasurementService::Service*>(this));
  builder.RegisterService(static_cast<v1::EstimationService::Service*>(this));
  builder.RegisterService(static_cast<v1::PlatformService::Service*>(this));
  server_ = builder.BuildAndStart();
  address_ = absl::StrCat("127.0.0.1:", port);
}

FakeFleet::~FakeFleet() { server_->Shutdown(std::chrono::system_clock::now()); }

grpc::Status FakeFleet::CreateToken(Context*, const v1::CreateTokenRequest* request,
                                    v1::CreateTokenResponse* response) {
  token_request = *request;
  response->set_token("tok-1");
  response->set_expire_time_unix_ms(4102444800000);  // 2100-01-01
  return grpc::Status::OK;
}

grpc::Status FakeFleet::ListAgents(Context*, const v1::ListAgentsRequest* request, v1::ListAgentsResponse* response) {
  // One per page, so that pages are followed.
  const size_t place = request->page_token().empty() ? 0 : static_cast<size_t>(std::stoi(request->page_token()));
  if (place < agents.size()) *response->add_agents() = agents[place];
  if (place + 1 < agents.size()) response->set_next_page_token(absl::StrCat(place + 1));
  return grpc::Status::OK;
}

grpc::Status FakeFleet::RevokeAgent(Context*, const v1::RevokeAgentRequest* request, v1::Agent* response) {
  v1::Agent* const agent = Find(agents, request->name());
  if (agent == nullptr) return ErrorWithReason(grpc::NOT_FOUND, "UNKNOWN_AGENT", "there is no such agent");
  agent->set_state(v1::AGENT_STATE_REVOKED);
  *response = *agent;
  return grpc::Status::OK;
}

grpc::Status FakeFleet::AcceptFingerprint(Context*, const v1::AcceptFingerprintRequest* request, v1::Agent* response) {
  v1::Agent* const agent = Find(agents, request->name());
  if (agent == nullptr) return ErrorWithReason(grpc::NOT_FOUND, "UNKNOWN_AGENT", "there is no such agent");
  if (!agent->has_changed_fingerprint()) {
    return ErrorWithReason(grpc::FAILED_PRECONDITION, "NOTHING_TO_ACCEPT", "the board has not changed");
  }
  agent->mutable_fingerprint()->Swap(agent->mutable_changed_fingerprint());
  agent->clear_changed_fingerprint();
  *response = *agent;
  return grpc::Status::OK;
}

grpc::Status FakeFleet::CreateCampaign(Context*, const v1::CreateCampaignRequest* request, v1::Campaign* response) {
  create_request = *request;
  if (campaigns.empty()) return ErrorWithReason(grpc::NOT_FOUND, "UNKNOWN_PLATFORM", "there is no such platform");
  *response = campaigns.front();
  return grpc::Status::OK;
}

grpc::Status FakeFleet::GetCampaign(Context*, const v1::GetCampaignRequest* request, v1::Campaign* response) {
  const v1::Campaign* const campaign = Find(campaigns, request->name());
  if (campaign == nullptr) return ErrorWithReason(grpc::NOT_FOUND, "UNKNOWN_CAMPAIGN", "there is no such campaign");
  *response = *campaign;
  return grpc::Status::OK;
}

grpc::Status FakeFleet::ListCampaigns(Context*, const v1::ListCampaignsRequest*, v1::ListCampaignsResponse* response) {
  for (const v1::Campaign& campaign : campaigns) *response->add_campaigns() = campaign;
  return grpc::Status::OK;
}

grpc::Status FakeFleet::WatchCampaign(Context* context, const v1::WatchCampaignRequest*,
                                      grpc::ServerWriter<v1::WatchCampaignResponse>* writer) {
  const auto place = static_cast<size_t>(streams_opened++);
  if (place >= streams.size()) return {grpc::INTERNAL, "watched too often"};
  for (const v1::Campaign& campaign : streams[place].messages) {
    v1::WatchCampaignResponse response;
    *response.mutable_campaign() = campaign;
    writer->Write(response);
  }
  while (streams[place].hold && !context->IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return streams[place].status;
}

grpc::Status FakeFleet::CancelCampaign(Context*, const v1::CancelCampaignRequest* request, v1::Campaign* response) {
  v1::Campaign* const campaign = Find(campaigns, request->name());
  if (campaign == nullptr) return ErrorWithReason(grpc::NOT_FOUND, "UNKNOWN_CAMPAIGN", "there is no such campaign");
  if (campaign->state() == v1::CAMPAIGN_STATE_RUNNING) campaign->set_state(v1::CAMPAIGN_STATE_CANCELLED);
  *response = *campaign;
  return grpc::Status::OK;
}

grpc::Status FakeFleet::MeasureNetwork(Context* context, const v1::MeasureNetworkRequest* request,
                                       v1::MeasureNetworkResponse* response) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    measure_requests.push_back(*request);
  }
  const auto found = measurements.find(request->network().display_name());
  if (found != measurements.end()) return found->second(response);
  while (!context->IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return grpc::Status::CANCELLED;
}

grpc::Status FakeFleet::EstimatePlatforms(Context*, const v1::EstimatePlatformsRequest* request,
                                          v1::EstimatePlatformsResponse* response) {
  const auto found = estimates.find(request->network().display_name());
  if (found == estimates.end()) return ErrorWithReason(grpc::INVALID_ARGUMENT, "BAD_AXIS", "node 'x' has no such axis");
  v1::NetworkEstimate& estimate = *response->add_estimates();
  *estimate.mutable_latency() = found->second;
  estimate.set_model_version("fit-2");
  return grpc::Status::OK;
}

grpc::Status FakeFleet::ListPlatformVersions(Context*, const v1::ListPlatformVersionsRequest*,
                                             v1::ListPlatformVersionsResponse* response) {
  for (const v1::PlatformVersion& version : versions) *response->add_versions() = version;
  return grpc::Status::OK;
}

grpc::Status FakeFleet::RollbackPlatform(Context*, const v1::RollbackPlatformRequest* request, v1::Platform* response) {
  rollback_request = *request;
  response->set_name("platforms/x");
  response->set_active_version(request->version().empty() ? "fit-1" : request->version());
  return grpc::Status::OK;
}

Outcome RunTool(std::vector<std::string> arguments, const FakeFleet* fleet, Interrupted interrupted) {
  if (fleet != nullptr) {
    arguments.emplace_back("--server");
    arguments.push_back(fleet->address());
  }
  StringOutput out;
  StringOutput err;
  CommandContext context;
  context.out = &out;
  context.err = &err;
  context.local = [] { return absl::InternalError("boards have no estimator in process"); };
  context.interrupted = std::move(interrupted);
  const Environment environment = [](const char*) { return std::optional<std::string>(); };
  Outcome outcome;
  outcome.code = RunApp(std::move(arguments), environment, std::move(context));
  outcome.out = out.text();
  outcome.err = err.text();
  return outcome;
}

v1::Measurement TimedMeasurement(double median_ms, double board_seconds) {
  v1::Measurement measurement;
  measurement.mutable_timing()->set_median_ms(median_ms);
  measurement.mutable_timing()->set_median_spread(0.01);
  measurement.mutable_timing()->set_runs(20);
  measurement.set_board_seconds(board_seconds);
  return measurement;
}

}  // namespace latimer::cli
