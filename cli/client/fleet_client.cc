#include "cli/client/fleet_client.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "grpcpp/client_context.h"

namespace latimer::cli {
namespace {

constexpr auto kTick = std::chrono::milliseconds(250);
constexpr absl::Duration kRetryPause = absl::Seconds(1);

absl::Status InterruptedError() {
  return Error(absl::StatusCode::kCancelled, "INTERRUPTED", "interrupted at the keyboard");
}

// What the thread that reads a stream hands to the one that draws.
struct Mailbox {
  std::mutex mutex;
  std::condition_variable changed;
  v1::Campaign campaign;
  bool fresh = false;
  bool ended = false;
};

void ReadAll(grpc::ClientReader<v1::WatchCampaignResponse>* reader, Mailbox* mailbox) {
  v1::WatchCampaignResponse response;
  while (reader->Read(&response)) {
    const std::lock_guard<std::mutex> lock(mailbox->mutex);
    mailbox->campaign.Swap(response.mutable_campaign());
    mailbox->fresh = true;
    mailbox->changed.notify_one();
  }
  const std::lock_guard<std::mutex> lock(mailbox->mutex);
  mailbox->ended = true;
  mailbox->changed.notify_one();
}

// Starts a call with `start`, which is given what to call at its end, and waits for it.
template <typename Start>
absl::Status CallInterruptibly(grpc::ClientContext* context, const CallTarget& target, const Interrupted& interrupted,
                               const Start& start) {
  std::mutex mutex;
  std::condition_variable finished;
  std::optional<grpc::Status> outcome;
  start([&](grpc::Status status) {
    const std::lock_guard<std::mutex> lock(mutex);
    outcome = std::move(status);
    finished.notify_one();  // under the lock: the waiting thread destroys both
  });
  std::unique_lock<std::mutex> lock(mutex);
  bool stopped = false;
  while (!finished.wait_for(lock, kTick, [&] { return outcome.has_value(); })) {
    if (stopped || !interrupted()) continue;
    stopped = true;
    lock.unlock();
    context->TryCancel();
    lock.lock();
  }
  if (stopped && !outcome->ok()) return InterruptedError();
  return ToStatus(*outcome, target);
}

}  // namespace

FleetClient::FleetClient(std::shared_ptr<grpc::Channel> channel, const ConnectionOptions& options)
    : channel_(std::move(channel)),
      target_{options.server, options.uses_tls(), options.timeout},
      fleet_(v1::FleetService::NewStub(channel_)),
      campaign_(v1::CampaignService::NewStub(channel_)),
      measurement_(v1::MeasurementService::NewStub(channel_)),
      platform_(v1::PlatformService::NewStub(channel_)) {}

std::unique_ptr<grpc::ClientContext> FleetClient::NewContext() const {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(absl::ToChronoTime(absl::Now() + target_.timeout));
  return context;
}

absl::StatusOr<v1::CreateTokenResponse> FleetClient::CreateToken(const v1::CreateTokenRequest& request) {
  v1::CreateTokenResponse response;
  LATIMER_RETURN_IF_ERROR(ToStatus(fleet_->CreateToken(NewContext().get(), request, &response), target_));
  return response;
}

absl::StatusOr<std::vector<v1::Agent>> FleetClient::ListAgents(const std::string& platform) {
  std::vector<v1::Agent> agents;
  v1::ListAgentsRequest request;
  request.set_platform(platform);
  do {
    v1::ListAgentsResponse response;
    LATIMER_RETURN_IF_ERROR(ToStatus(fleet_->ListAgents(NewContext().get(), request, &response), target_));
    for (v1::Agent& agent : *response.mutable_agents()) agents.push_back(std::move(agent));
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return agents;
}

absl::StatusOr<v1::Agent> FleetClient::RevokeAgent(const std::string& name) {
  v1::RevokeAgentRequest request;
  request.set_name(name);
  v1::Agent agent;
  LATIMER_RETURN_IF_ERROR(ToStatus(fleet_->RevokeAgent(NewContext().get(), request, &agent), target_));
  return agent;
}

absl::StatusOr<v1::Agent> FleetClient::AcceptFingerprint(const std::string& name) {
  v1::AcceptFingerprintRequest request;
  request.set_name(name);
  v1::Agent agent;
  LATIMER_RETURN_IF_ERROR(ToStatus(fleet_->AcceptFingerprint(NewContext().get(), request, &agent), target_));
  return agent;
}

absl::StatusOr<v1::Campaign> FleetClient::CreateCampaign(const v1::CreateCampaignRequest& request) {
  v1::Campaign campaign;
  LATIMER_RETURN_IF_ERROR(ToStatus(campaign_->CreateCampaign(NewContext().get(), request, &campaign), target_));
  return campaign;
}

absl::StatusOr<v1::Campaign> FleetClient::GetCampaign(const std::string& name) {
  v1::GetCampaignRequest request;
  request.set_name(name);
  v1::Campaign campaign;
  LATIMER_RETURN_IF_ERROR(ToStatus(campaign_->GetCampaign(NewContext().get(), request, &campaign), target_));
  return campaign;
}

absl::StatusOr<std::vector<v1::Campaign>> FleetClient::ListCampaigns(const std::string& platform) {
  std::vector<v1::Campaign> campaigns;
  v1::ListCampaignsRequest request;
  request.set_platform(platform);
  do {
    v1::ListCampaignsResponse response;
    LATIMER_RETURN_IF_ERROR(ToStatus(campaign_->ListCampaigns(NewContext().get(), request, &response), target_));
    for (v1::Campaign& campaign : *response.mutable_campaigns()) campaigns.push_back(std::move(campaign));
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return campaigns;
}

absl::StatusOr<v1::Campaign> FleetClient::CancelCampaign(const std::string& name) {
  v1::CancelCampaignRequest request;
  request.set_name(name);
  v1::Campaign campaign;
  LATIMER_RETURN_IF_ERROR(ToStatus(campaign_->CancelCampaign(NewContext().get(), request, &campaign), target_));
  return campaign;
}

absl::Status FleetClient::WatchOnce(const std::string& name, const Interrupted& interrupted, const OnWatch& on_event,
                                    v1::Campaign* last) {
  v1::WatchCampaignRequest request;
  request.set_name(name);
  grpc::ClientContext context;  // without a deadline: campaigns take hours
  Mailbox mailbox;
  const auto reader = campaign_->WatchCampaign(&context, request);
  std::thread thread(ReadAll, reader.get(), &mailbox);
  bool stopped = false;
  for (bool ended = false; !ended && !stopped;) {
    bool fresh = false;
    {
      std::unique_lock<std::mutex> lock(mailbox.mutex);
      mailbox.changed.wait_for(lock, kTick, [&] { return mailbox.fresh || mailbox.ended; });
      ended = mailbox.ended;
      fresh = std::exchange(mailbox.fresh, false);
      if (fresh) last->Swap(&mailbox.campaign);
    }
    if (fresh || !ended) on_event(fresh ? WatchEvent::kChange : WatchEvent::kTick, *last);
    stopped = interrupted();
  }
  if (stopped) context.TryCancel();
  thread.join();
  const grpc::Status status = reader->Finish();
  if (stopped && !HasEnded(last->state())) return InterruptedError();
  return ToStatus(status, target_);
}

absl::StatusOr<v1::Campaign> FleetClient::WatchCampaign(const std::string& name, const Interrupted& interrupted,
                                                        const OnWatch& on_event) {
  LATIMER_ASSIGN_OR_RETURN(v1::Campaign last, GetCampaign(name));
  on_event(WatchEvent::kChange, last);
  absl::Time heard = absl::Now();
  const OnWatch remember = [&](WatchEvent event, const v1::Campaign& campaign) {
    if (event == WatchEvent::kChange) heard = absl::Now();
    on_event(event, campaign);
  };
  while (!HasEnded(last.state())) {
    const absl::Time begin = absl::Now();
    const absl::Status status = WatchOnce(name, interrupted, remember, &last);
    if (HasEnded(last.state())) break;
    const std::optional<ErrorDetails> details = GetErrorDetails(status);
    if (details.has_value() && details->reason == "INTERRUPTED") return status;
    // A server that stops or is killed ends the stream in one of these ways; the campaign goes on when it is back.
    if (!status.ok() && !absl::IsUnavailable(status) && !absl::IsCancelled(status)) return status;
    if (begin - heard > target_.timeout) {
      if (!status.ok()) return status;
      return Error(absl::StatusCode::kUnavailable, "WATCH_ENDED", "the server keeps ending the watch of the campaign");
    }
    on_event(WatchEvent::kLost, last);
    for (const absl::Time pause_end = absl::Now() + kRetryPause; absl::Now() < pause_end;) {
      if (interrupted()) return InterruptedError();
      absl::SleepFor(absl::Milliseconds(50));
    }
  }
  return last;
}

absl::StatusOr<v1::MeasureNetworkResponse> FleetClient::MeasureNetwork(const v1::MeasureNetworkRequest& request,
                                                                       const Interrupted& interrupted) {
  const std::unique_ptr<grpc::ClientContext> context = NewContext();
  v1::MeasureNetworkResponse response;
  LATIMER_RETURN_IF_ERROR(CallInterruptibly(context.get(), target_, interrupted, [&](auto done) {
    measurement_->async()->MeasureNetwork(context.get(), &request, &response, std::move(done));
  }));
  return response;
}

absl::StatusOr<v1::ImportReportsResponse> FleetClient::ImportReports(const v1::ImportReportsRequest& request,
                                                                     const Interrupted& interrupted) {
  const std::unique_ptr<grpc::ClientContext> context = NewContext();
  v1::ImportReportsResponse response;
  LATIMER_RETURN_IF_ERROR(CallInterruptibly(context.get(), target_, interrupted, [&](auto done) {
    measurement_->async()->ImportReports(context.get(), &request, &response, std::move(done));
  }));
  return response;
}

absl::StatusOr<std::vector<v1::PlatformVersion>> FleetClient::ListPlatformVersions(const std::string& platform) {
  std::vector<v1::PlatformVersion> versions;
  v1::ListPlatformVersionsRequest request;
  request.set_name(platform);
  do {
    v1::ListPlatformVersionsResponse response;
    LATIMER_RETURN_IF_ERROR(ToStatus(platform_->ListPlatformVersions(NewContext().get(), request, &response), target_));
    for (v1::PlatformVersion& version : *response.mutable_versions()) versions.push_back(std::move(version));
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return versions;
}

absl::StatusOr<v1::Platform> FleetClient::RollbackPlatform(const std::string& platform, const std::string& version) {
  v1::RollbackPlatformRequest request;
  request.set_name(platform);
  request.set_version(version);
  v1::Platform answer;
  LATIMER_RETURN_IF_ERROR(ToStatus(platform_->RollbackPlatform(NewContext().get(), request, &answer), target_));
  return answer;
}

bool HasEnded(v1::CampaignState state) {
  return state == v1::CAMPAIGN_STATE_SUCCEEDED || state == v1::CAMPAIGN_STATE_FAILED ||
         state == v1::CAMPAIGN_STATE_CANCELLED;
}

}  // namespace latimer::cli
