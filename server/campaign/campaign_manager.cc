// Calls of people; how campaigns advance is in campaign_progress.cc.
#include "server/campaign/campaign_manager.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/benchmark/plan.h"
#include "server/campaign/plan_campaign.h"

namespace latimer::server {
namespace {

constexpr int64_t kDefaultMeasurements = 1000;
constexpr int64_t kFewestMeasurements = 50;
// Planning these takes about a second; models need a thousand.
constexpr int64_t kMostMeasurements = 10'000;
// Campaigns with fewer measurements have too rough a model to choose by.
constexpr int64_t kFewestToRefine = 200;
constexpr double kRefinementShare = 0.25;
// Fewer are too few excerpts to be clearly better (docs/results.md).
constexpr int64_t kFewestToCut = 1000;
constexpr int kDefaultPageSize = 50;
constexpr int kMostPageSize = 1000;
constexpr absl::string_view kTokenPrefix = "before:";

// `has_layer_report`: of the platform's engines.
absl::StatusOr<benchmark::Method> MethodOf(v1::BenchmarkMethod method, bool has_layer_report, int64_t measurements) {
  switch (method) {
    case v1::BENCHMARK_METHOD_UNSPECIFIED:
      if (has_layer_report) return benchmark::Method::kExcerpts;
      return measurements >= kFewestToCut ? benchmark::Method::kCutExcerpts : benchmark::Method::kSmartPadding;
    case v1::BENCHMARK_METHOD_SMART_PADDING:
      return benchmark::Method::kSmartPadding;
    case v1::BENCHMARK_METHOD_EXCERPTS:
      return benchmark::Method::kExcerpts;
    case v1::BENCHMARK_METHOD_CUT_EXCERPTS:
      return benchmark::Method::kCutExcerpts;
    case v1::BENCHMARK_METHOD_SINGLE_LAYER:
      return benchmark::Method::kSingleLayer;
    case v1::BENCHMARK_METHOD_LAYER_REPORT:
      return benchmark::Method::kLayerReport;
    default:
      return InvalidArgument(
                 "UNKNOWN_METHOD",
                 absl::StrCat("there is no method ", static_cast<int>(method),
                              "; there are SMART_PADDING, SINGLE_LAYER, LAYER_REPORT, EXCERPTS, CUT_EXCERPTS"))
          .Field("method");
  }
}

}  // namespace

absl::Status CampaignManager::Resume() {
  LATIMER_ASSIGN_OR_RETURN(const std::vector<v1::Campaign> open, store_->OpenCampaigns());
  for (const v1::Campaign& campaign : open) {
    int64_t id = 0;
    if (!absl::SimpleAtoi(absl::StripPrefix(campaign.name(), "campaigns/"), &id)) continue;
    Live& live = live_[id];
    live.id = id;
    live.record = campaign;
    live.fitted_stage = campaign.current_stage() - 1;
    LogTo(logger_, LogLevel::kInfo, "campaign resumed", {{"campaign", campaign.name()}});
    // Its last fit was under way.
    if (campaign.state() == v1::CAMPAIGN_STATE_FITTING) OrderFit(live, true);
  }
  return absl::OkStatus();
}

absl::StatusOr<CampaignOrder> CampaignManager::Check(const v1::CreateCampaignRequest& request) {
  const std::string platform(absl::StripPrefix(request.platform(), "platforms/"));
  if (platform.empty()) {
    return InvalidArgument("NO_PLATFORM", "the request names no platform").Field("platform");
  }
  LATIMER_ASSIGN_OR_RETURN(const std::optional<BoardRecord> board, store_->FindBoard(platform));
  if (!board.has_value()) {
    LATIMER_ASSIGN_OR_RETURN(const std::vector<BoardRecord> boards, store_->ListBoards());
    const std::string known =
        absl::StrJoin(boards, ", ", [](std::string* out, const BoardRecord& b) { out->append(b.platform); });
    return NotFound("NO_BOARD", absl::StrCat("no board of platform '", platform.substr(0, 100), "' is enrolled; ",
                                             known.empty() ? "none of any is" : absl::StrCat("there are: ", known)))
        .Field("platform");
  }
  const int64_t measurements = request.max_measurements() == 0 ? kDefaultMeasurements : request.max_measurements();
  if (measurements < kFewestMeasurements || measurements > kMostMeasurements) {
    return InvalidArgument("BAD_BUDGET", absl::StrCat("max_measurements is ", measurements, "; it lies between ",
                                                      kFewestMeasurements, " and ", kMostMeasurements,
                                                      " (for more, start another campaign with another seed)"))
        .Field("max_measurements");
  }
  if (!(request.max_board_seconds() >= 0 && request.max_board_seconds() < 1e7)) {
    return InvalidArgument("BAD_BUDGET", "max_board_seconds is a positive number of seconds, or 0 for no limit")
        .Field("max_board_seconds");
  }
  LATIMER_ASSIGN_OR_RETURN(const std::vector<v1::Agent> agents, store_->ListAgents(platform, "", kMostPageSize));
  const bool connected =
      std::any_of(agents.begin(), agents.end(), [](const v1::Agent& agent) { return agent.last_seen_unix_ms() > 0; });
  const bool reported =
      std::any_of(agents.begin(), agents.end(), [](const v1::Agent& agent) { return agent.has_layer_report(); });
  LATIMER_ASSIGN_OR_RETURN(const benchmark::Method method, MethodOf(request.method(), reported, measurements));
  const bool needs_report = method == benchmark::Method::kExcerpts || method == benchmark::Method::kLayerReport;
  if (needs_report && connected && !reported) {
    return Error(absl::StatusCode::kFailedPrecondition, "NO_LAYER_REPORT",
                 absl::StrCat("no engine of '", platform, "' reports times per layer, which this method needs; ",
                              "use CUT_EXCERPTS or SMART_PADDING"))
        .Field("method");
  }
  LATIMER_RETURN_IF_ERROR(store_->CheckNoCampaignRuns(platform));

  CampaignOrder order;
  order.platform = platform;
  order.max_board_seconds = request.max_board_seconds();
  order.plan.max_measurements = measurements;
  order.plan.method = method;
  order.plan.seed = request.seed() == 0 ? 1 : request.seed();
  if (measurements >= kFewestToRefine &&
      (method == benchmark::Method::kSmartPadding || method == benchmark::Method::kExcerpts)) {
    order.plan.refinement_share = kRefinementShare;
  }
  return order;
}

absl::StatusOr<v1::Campaign> CampaignManager::Begin(const PlannedCampaign& planned) {
  v1::Campaign campaign = planned.record;
  campaign.set_create_time_unix_ms(NowMs());
  LATIMER_ASSIGN_OR_RETURN(const int64_t id, store_->AddCampaign(campaign, planned.tasks));
  campaign.set_name(absl::StrCat("campaigns/", id));
  Live& live = live_[id];
  live.id = id;
  live.record = campaign;
  LogTo(logger_, LogLevel::kInfo, "campaign started",
        {{"campaign", campaign.name()},
         {"platform", campaign.platform()},
         {"measurements", static_cast<int64_t>(planned.tasks.size())}});
  LATIMER_RETURN_IF_ERROR(Refresh(live));
  fleet_->Dispatch(std::string(absl::StripPrefix(campaign.platform(), "platforms/")));
  return live.record;
}

absl::StatusOr<v1::Campaign> CampaignManager::Find(absl::string_view name, int64_t* id) {
  std::optional<v1::Campaign> campaign;
  if (absl::SimpleAtoi(absl::StripPrefix(name, "campaigns/"), id)) {
    const auto live = live_.find(*id);
    if (live != live_.end()) return live->second.record;
    LATIMER_ASSIGN_OR_RETURN(campaign, store_->FindCampaign(*id));
  }
  if (!campaign.has_value()) {
    return NotFound("UNKNOWN_CAMPAIGN",
                    absl::StrCat("there is no campaign '", name.substr(0, 100), "'; see: latimer campaign list"))
        .Field("name");
  }
  return *std::move(campaign);
}

absl::StatusOr<v1::Campaign> CampaignManager::Get(absl::string_view name) {
  int64_t id = 0;
  LATIMER_ASSIGN_OR_RETURN(v1::Campaign campaign, Find(name, &id));
  const auto live = live_.find(id);
  if (live == live_.end()) return campaign;
  LATIMER_RETURN_IF_ERROR(Refresh(live->second));
  return live->second.record;
}

absl::StatusOr<v1::ListCampaignsResponse> CampaignManager::List(const v1::ListCampaignsRequest& request) {
  if (request.page_size() < 0) {
    return InvalidArgument("BAD_PAGE_SIZE", absl::StrCat("page_size is ", request.page_size(), "; it is not negative"))
        .Field("page_size");
  }
  int64_t before = 0;
  absl::string_view token = request.page_token();
  if (!token.empty() && (!absl::ConsumePrefix(&token, kTokenPrefix) || !absl::SimpleAtoi(token, &before))) {
    return InvalidArgument("BAD_PAGE_TOKEN", "page_token is not one this call returned").Field("page_token");
  }
  const int size = request.page_size() == 0 ? kDefaultPageSize : std::min(request.page_size(), kMostPageSize);
  LATIMER_ASSIGN_OR_RETURN(
      std::vector<v1::Campaign> campaigns,
      store_->ListCampaigns(absl::StripPrefix(request.platform(), "platforms/"), before, size + 1));
  v1::ListCampaignsResponse response;
  const bool more = static_cast<int>(campaigns.size()) > size;
  if (more) campaigns.pop_back();
  for (v1::Campaign& campaign : campaigns) {
    int64_t id = 0;
    if (absl::SimpleAtoi(absl::StripPrefix(campaign.name(), "campaigns/"), &id)) {
      if (const auto live = live_.find(id); live != live_.end()) {
        LATIMER_RETURN_IF_ERROR(Refresh(live->second));
        campaign = live->second.record;
      }
      before = id;
    }
    *response.add_campaigns() = std::move(campaign);
  }
  if (more) response.set_next_page_token(absl::StrCat(kTokenPrefix, before));
  return response;
}

absl::StatusOr<v1::Campaign> CampaignManager::Cancel(absl::string_view name) {
  int64_t id = 0;
  LATIMER_ASSIGN_OR_RETURN(const v1::Campaign campaign, Find(name, &id));
  const auto found = live_.find(id);
  if (found == live_.end()) return campaign;
  Live& live = found->second;
  LATIMER_ASSIGN_OR_RETURN(const std::vector<std::string> jobs, store_->DropTasks(id, -1));
  fleet_->CancelJobs(jobs);
  LATIMER_RETURN_IF_ERROR(Refresh(live));
  const int64_t measured = live.record.done() - live.record.failed();
  const std::string platform(absl::StripPrefix(live.record.platform(), "platforms/"));
  LATIMER_RETURN_IF_ERROR(End(live, v1::CAMPAIGN_STATE_CANCELLED, "cancelled; what was measured stays"));
  // What was measured is fitted, for nobody in particular.
  if (measured > 0) refitter_->Request(platform, id, [](const absl::StatusOr<RefitResult>&) {});
  return Find(name, &id);
}

absl::Status CampaignManager::Watch(absl::string_view name, const void* key, Watcher watcher) {
  int64_t id = 0;
  LATIMER_ASSIGN_OR_RETURN(const v1::Campaign campaign, Find(name, &id));
  const auto live = live_.find(id);
  if (live == live_.end()) {
    watcher(campaign, true);
    return absl::OkStatus();
  }
  LATIMER_RETURN_IF_ERROR(Refresh(live->second));
  watcher(live->second.record, false);
  watchers_[key] = {id, std::move(watcher)};
  return absl::OkStatus();
}

void CampaignManager::Unwatch(const void* key) { watchers_.erase(key); }

}  // namespace latimer::server
