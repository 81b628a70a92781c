#include "server/platform_service.h"

#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/platform_evaluations.h"
#include "server/platform_versions.h"
#include "server/status_mapping.h"

namespace latimer::server {
namespace {

constexpr int kDefaultPageSize = 50;
constexpr int kMostPageSize = 1000;
// A page starts after the platform its token names, so that platforms may come and go between pages.
constexpr absl::string_view kTokenPrefix = "after:";
// Small requests with much work behind them.
constexpr size_t kOnAWorker = std::numeric_limits<size_t>::max();

absl::Status List(const Catalog& catalog, const v1::ListPlatformsRequest& request,
                  v1::ListPlatformsResponse* response) {
  if (request.page_size() < 0) {
    return InvalidArgument("BAD_PAGE_SIZE", absl::StrCat("page_size is ", request.page_size(), "; it is not negative"))
        .Field("page_size");
  }
  absl::string_view after = request.page_token();
  if (!after.empty() && !absl::ConsumePrefix(&after, kTokenPrefix)) {
    return InvalidArgument("BAD_PAGE_TOKEN", "page_token is not one this call returned").Field("page_token");
  }
  const int size = request.page_size() == 0 ? kDefaultPageSize : std::min(request.page_size(), kMostPageSize);
  auto at = after.empty() ? catalog.platforms.begin() : catalog.platforms.upper_bound(std::string(after));
  for (; at != catalog.platforms.end() && response->platforms_size() < size; ++at) {
    *response->add_platforms() = at->second->Describe(false);
  }
  if (at != catalog.platforms.end()) {
    response->set_next_page_token(absl::StrCat(kTokenPrefix, std::prev(at)->first));
  }
  return absl::OkStatus();
}

absl::Status Get(const Catalog& catalog, const v1::GetPlatformRequest& request, v1::Platform* response) {
  LATIMER_ASSIGN_OR_RETURN(const std::shared_ptr<const PlatformModel> platform, catalog.Find(request.name(), "name"));
  *response = platform->Describe(true);
  return absl::OkStatus();
}

}  // namespace

grpc::ServerUnaryReactor* PlatformServiceImpl::ListPlatforms(grpc::CallbackServerContext* context,
                                                             const v1::ListPlatformsRequest* request,
                                                             v1::ListPlatformsResponse* response) {
  if (auto* refused = parts_.access->Refuse(context, Role::kEstimate, *request)) return refused;
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(RunGuarded([&] { return List(*parts_.catalog->Get(), *request, response); })));
  return reactor;
}

grpc::ServerUnaryReactor* PlatformServiceImpl::GetPlatform(grpc::CallbackServerContext* context,
                                                           const v1::GetPlatformRequest* request,
                                                           v1::Platform* response) {
  if (auto* refused = parts_.access->Refuse(context, Role::kEstimate, *request)) return refused;
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(RunGuarded([&] { return Get(*parts_.catalog->Get(), *request, response); })));
  return reactor;
}

grpc::ServerUnaryReactor* PlatformServiceImpl::ListPlatformVersions(grpc::CallbackServerContext* context,
                                                                    const v1::ListPlatformVersionsRequest* request,
                                                                    v1::ListPlatformVersionsResponse* response) {
  if (auto* refused = parts_.access->Refuse(context, Role::kEstimate, *request)) return refused;
  if (boards_ != nullptr) return boards_->ListVersions(context, request, response);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(RunGuarded([&]() -> absl::Status {
    LATIMER_ASSIGN_OR_RETURN(*response, server::ListPlatformVersions(*parts_.catalog->Get(), nullptr, *request));
    return absl::OkStatus();
  })));
  return reactor;
}

grpc::ServerUnaryReactor* PlatformServiceImpl::RollbackPlatform(grpc::CallbackServerContext* context,
                                                                const v1::RollbackPlatformRequest* request,
                                                                v1::Platform* response) {
  if (auto* refused = parts_.access->Refuse(context, Role::kOperate, *request)) return refused;
  if (boards_ != nullptr) return boards_->Rollback(context, request, response);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(Error(absl::StatusCode::kFailedPrecondition, "NO_DATA_DIR",
                                     "this server fits no models; start it with --data-dir DIR")));
  return reactor;
}

grpc::ServerUnaryReactor* PlatformServiceImpl::ListSweeps(grpc::CallbackServerContext* context,
                                                          const v1::ListSweepsRequest* request,
                                                          v1::ListSweepsResponse* response) {
  if (auto* refused = parts_.access->Refuse(context, Role::kEstimate, *request)) return refused;
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  RunRequest(
      parts_, context, kOnAWorker,
      [this, request, response]() -> absl::Status {
        LATIMER_ASSIGN_OR_RETURN(*response, sweeps_.List(*parts_.catalog->Get(), store(), *request));
        return absl::OkStatus();
      },
      [reactor](const absl::Status& status) { reactor->Finish(ToGrpcStatus(status)); });
  return reactor;
}

grpc::ServerUnaryReactor* PlatformServiceImpl::ListEvaluations(grpc::CallbackServerContext* context,
                                                               const v1::ListEvaluationsRequest* request,
                                                               v1::ListEvaluationsResponse* response) {
  if (auto* refused = parts_.access->Refuse(context, Role::kEstimate, *request)) return refused;
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  RunRequest(
      parts_, context, kOnAWorker,
      [this, request, response]() -> absl::Status {
        LATIMER_ASSIGN_OR_RETURN(*response, server::ListEvaluations(*parts_.catalog->Get(), store(), *request,
                                                                    parts_.options->import_limits));
        return absl::OkStatus();
      },
      [reactor](const absl::Status& status) { reactor->Finish(ToGrpcStatus(status)); });
  return reactor;
}

}  // namespace latimer::server
