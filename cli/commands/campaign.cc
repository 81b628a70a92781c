#include "cli/commands/campaign.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "cli/commands/fleet_command.h"
#include "cli/format/proto_json.h"
#include "cli/format/times.h"
#include "cli/report/campaign_progress.h"
#include "cli/report/fleet_report.h"
#include "cli/terminal/live_display.h"
#include "core/base/error.h"

namespace latimer::cli {
namespace {

constexpr absl::Duration kLinePause = absl::Seconds(5);

// Shows a campaign while it runs: in place on a terminal, else as a line now and then.
class Watcher {
 public:
  explicit Watcher(CommandContext& context) : context_(context), display_(context.err) {}

  void OnEvent(FleetClient::WatchEvent event, const v1::Campaign& campaign) {
    const absl::Time now = absl::Now();
    if (event == FleetClient::WatchEvent::kChange) lost_ = false;
    const bool just_lost = event == FleetClient::WatchEvent::kLost && !lost_;
    if (event == FleetClient::WatchEvent::kLost) lost_ = true;
    CampaignPace pace = pacer_.Update(campaign, now);
    pace.lost = lost_;
    if (context_.live_terminal) {
      display_.Show(CampaignProgressLines(campaign, pace, context_.live_terminal()));
      return;
    }
    const std::pair<int, int> place = {campaign.state(), campaign.current_stage()};
    const bool news = place != place_ || just_lost;
    if (!news && now - printed_ < kLinePause) return;
    place_ = place;
    printed_ = now;
    context_.err->Write(CampaignProgressLine(campaign, pace, context_.error_terminal.ascii) + "\n");
    (void)context_.err->Flush();
  }

  void Clear() { display_.Clear(); }

 private:
  CommandContext& context_;
  LiveDisplay display_;
  CampaignPacer pacer_;
  bool lost_ = false;
  absl::Time printed_ = absl::InfinitePast();
  std::pair<int, int> place_ = {-1, -1};
};

void PrintCampaign(const v1::Campaign& campaign, Format format, CommandContext& context) {
  context.out->Write(format == Format::kJson ? JsonText(ProtoToJson(campaign)) + "\n"
                                             : CampaignReport(campaign, context.terminal));
}

std::string CommandFor(absl::string_view verb, const std::string& name, const CommandContext& context) {
  return absl::StrCat("'latimer campaign ", verb, " ", ShortName(name), ServerFlags(context), "'");
}

// Watches to the end, prints the outcome.
int WatchToEnd(FleetClient& client, const std::string& name, Format format, CommandContext& context) {
  std::optional<InterruptGuard> guard;
  if (!context.interrupted) guard.emplace();
  const Interrupted interrupted = [&] { return guard ? InterruptGuard::Caught() : IsInterrupted(context); };
  Watcher watcher(context);
  const absl::StatusOr<v1::Campaign> campaign = client.WatchCampaign(
      name, interrupted, [&](FleetClient::WatchEvent event, const v1::Campaign& now) { watcher.OnEvent(event, now); });
  watcher.Clear();
  if (!campaign.ok()) {
    const std::optional<ErrorDetails> details = GetErrorDetails(campaign.status());
    const bool stopped = details.has_value() && details->reason == "INTERRUPTED";
    if (!stopped) PrintError(context, "", campaign.status());
    if (stopped || absl::IsUnavailable(campaign.status())) {
      context.err->Write(absl::StrCat(stopped ? "latimer: stopped watching; " : "latimer: ", "the campaign goes on. ",
                                      CommandFor("watch", name, context), " shows it again, ",
                                      CommandFor("cancel", name, context), " ends it.\n"));
    }
    return kRuntimeError;
  }
  PrintCampaign(*campaign, format, context);
  if (campaign->state() == v1::CAMPAIGN_STATE_SUCCEEDED) return kSuccess;
  const std::string why = campaign->message().empty() ? "" : absl::StrCat(": ", campaign->message());
  return Fail(
      context,
      Error(absl::StatusCode::kAborted, "CAMPAIGN_NOT_SUCCEEDED",
            absl::StrCat(campaign->name(),
                         campaign->state() == v1::CAMPAIGN_STATE_CANCELLED ? " was cancelled" : " failed", why)));
}

}  // namespace

int RunCampaignStart(const CampaignStartCommand& command, CommandContext& context) {
  const FleetConnection connection = ConnectToFleet(context);
  if (connection.client == nullptr) return connection.exit_code;
  v1::CreateCampaignRequest request;
  request.set_platform(command.platform);
  request.set_max_measurements(command.max_measurements);
  request.set_max_board_seconds(absl::ToDoubleSeconds(command.max_board_time));
  request.set_method(command.method);
  request.set_seed(command.seed);
  const absl::StatusOr<v1::Campaign> campaign = connection.client->CreateCampaign(request);
  if (!campaign.ok()) return Fail(context, campaign.status());
  std::string started = absl::StrCat(campaign->name(), " started on ", ShortName(campaign->platform()), ": ",
                                     campaign->max_measurements(), " measurements");
  if (campaign->max_board_seconds() > 0) {
    absl::StrAppend(&started, " or ", FormatClock(absl::Seconds(campaign->max_board_seconds())), " of board time");
  }
  absl::StrAppend(&started, ", ", MethodWords(campaign->method()), "\n");
  if (command.wait) {
    context.err->Write(started);
    return WatchToEnd(*connection.client, campaign->name(), command.format, context);
  }
  if (command.format == Format::kJson) {
    PrintCampaign(*campaign, command.format, context);
  } else {
    context.out->Write(
        absl::StrCat(started, CommandFor("watch", campaign->name(), context), " shows how far it is.\n"));
  }
  return kSuccess;
}

int RunCampaignWatch(const CampaignCommand& command, CommandContext& context) {
  const FleetConnection connection = ConnectToFleet(context);
  if (connection.client == nullptr) return connection.exit_code;
  return WatchToEnd(*connection.client, command.name, command.format, context);
}

int RunCampaignShow(const CampaignCommand& command, CommandContext& context) {
  const FleetConnection connection = ConnectToFleet(context);
  if (connection.client == nullptr) return connection.exit_code;
  const absl::StatusOr<v1::Campaign> campaign = connection.client->GetCampaign(command.name);
  if (!campaign.ok()) return Fail(context, campaign.status());
  PrintCampaign(*campaign, command.format, context);
  return kSuccess;
}

int RunCampaignCancel(const CampaignCommand& command, CommandContext& context) {
  const FleetConnection connection = ConnectToFleet(context);
  if (connection.client == nullptr) return connection.exit_code;
  const absl::StatusOr<v1::Campaign> campaign = connection.client->CancelCampaign(command.name);
  if (!campaign.ok()) return Fail(context, campaign.status());
  if (command.format == Format::kJson) {
    PrintCampaign(*campaign, command.format, context);
    return kSuccess;
  }
  // A campaign that had ended before is returned as it is.
  context.out->Write(
      campaign->state() == v1::CAMPAIGN_STATE_CANCELLED || !HasEnded(campaign->state())
          ? absl::StrCat(campaign->name(), " is cancelled after ", campaign->done(), " of ",
                         PlannedMeasurements(*campaign), " measurements; they stay\n")
          : absl::StrCat(campaign->name(), " had ended already: ", CampaignStateWord(campaign->state()), "\n"));
  return kSuccess;
}

int RunCampaignList(const CampaignListCommand& command, CommandContext& context) {
  const FleetConnection connection = ConnectToFleet(context);
  if (connection.client == nullptr) return connection.exit_code;
  const absl::StatusOr<std::vector<v1::Campaign>> campaigns = connection.client->ListCampaigns(command.platform);
  if (!campaigns.ok()) return Fail(context, campaigns.status());
  if (command.format == Format::kJson) {
    nlohmann::ordered_json json;
    json["campaigns"] = nlohmann::ordered_json::array();
    for (const v1::Campaign& campaign : *campaigns) json["campaigns"].push_back(ProtoToJson(campaign));
    context.out->Write(JsonText(json) + "\n");
  } else if (campaigns->empty()) {
    context.out->Write(
        absl::StrCat("There is no campaign", command.platform.empty() ? "" : " of this platform", ".\n"));
  } else {
    context.out->Write(CampaignList(*campaigns, context.terminal));
  }
  return kSuccess;
}

}  // namespace latimer::cli
