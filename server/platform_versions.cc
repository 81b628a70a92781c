#include "server/platform_versions.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer::server {
namespace {

constexpr int kDefaultPageSize = 50;
constexpr int kMostPageSize = 1000;
constexpr absl::string_view kTokenPrefix = "from:";

void AddAccuracy(const model::v1::PlatformModel& model, v1::PlatformVersion* to) {
  for (const v1::Accuracy& accuracy : model.network_accuracy()) *to->add_accuracy() = accuracy;
  for (const model::v1::LayerModel& layer : model.layer_models()) {
    for (const v1::Accuracy& accuracy : layer.accuracy()) *to->add_accuracy() = accuracy;
  }
}

absl::StatusOr<v1::PlatformVersion> Describe(const std::string& platform, const ModelVersionRecord& record,
                                             Store& store) {
  v1::PlatformVersion version;
  version.set_version(record.version);
  version.set_create_time_unix_ms(record.create_ms);
  version.set_active(record.active);
  version.set_promoted(record.promoted);
  version.set_rejection(record.rejection);
  version.set_measurement_count(record.measurements);
  if (record.campaign > 0) version.set_campaign(absl::StrCat("campaigns/", record.campaign));
  LATIMER_ASSIGN_OR_RETURN(const std::optional<model::v1::PlatformModel> model,
                           store.FindModel(platform, record.version));
  if (model.has_value()) {
    AddAccuracy(*model, &version);
    version.set_description(model->description());
  }
  return version;
}

}  // namespace

absl::StatusOr<v1::ListPlatformVersionsResponse> ListPlatformVersions(const Catalog& catalog, Store* store,
                                                                      const v1::ListPlatformVersionsRequest& request) {
  if (request.page_size() < 0) {
    return InvalidArgument("BAD_PAGE_SIZE", absl::StrCat("page_size is ", request.page_size(), "; it is not negative"))
        .Field("page_size");
  }
  int64_t from = 0;
  absl::string_view token = request.page_token();
  if (!token.empty() && (!absl::ConsumePrefix(&token, kTokenPrefix) || !absl::SimpleAtoi(token, &from) || from < 0)) {
    return InvalidArgument("BAD_PAGE_TOKEN", "page_token is not one this call returned").Field("page_token");
  }
  const std::string platform(absl::StripPrefix(request.name(), "platforms/"));
  std::vector<ModelVersionRecord> records;
  if (store != nullptr) {
    LATIMER_ASSIGN_OR_RETURN(records, store->ListModelVersions(platform));
  }
  v1::ListPlatformVersionsResponse response;
  if (records.empty()) {
    // One that came with the server; its file is its only version.
    LATIMER_ASSIGN_OR_RETURN(const std::shared_ptr<const PlatformModel> model, catalog.Find(request.name(), "name"));
    v1::PlatformVersion* version = response.add_versions();
    version->set_version(model->version());
    version->set_active(true);
    version->set_promoted(true);
    version->set_description(model->definition().description());
    AddAccuracy(model->definition(), version);
    return response;
  }
  const int64_t size = request.page_size() == 0 ? kDefaultPageSize : std::min(request.page_size(), kMostPageSize);
  const auto count = static_cast<int64_t>(records.size());
  for (int64_t i = from; i < std::min(count, from + size); ++i) {
    LATIMER_ASSIGN_OR_RETURN(*response.add_versions(), Describe(platform, records[static_cast<size_t>(i)], *store));
  }
  if (from + size < count) response.set_next_page_token(absl::StrCat(kTokenPrefix, from + size));
  return response;
}

absl::StatusOr<v1::Platform> RollbackPlatform(const Catalog& catalog, Store& store, CatalogSource& source,
                                              const v1::RollbackPlatformRequest& request) {
  LATIMER_ASSIGN_OR_RETURN(const std::shared_ptr<const PlatformModel> now, catalog.Find(request.name(), "name"));
  LATIMER_ASSIGN_OR_RETURN(const std::vector<ModelVersionRecord> records, store.ListModelVersions(now->id()));
  std::string wanted = request.version();
  if (wanted == now->version()) return now->Describe(true);
  if (wanted.empty()) {
    for (const ModelVersionRecord& record : records) {  // newest first
      if (record.promoted && !record.active) {
        wanted = record.version;
        break;
      }
    }
    if (wanted.empty()) {
      return Error(absl::StatusCode::kFailedPrecondition, "NO_EARLIER_VERSION",
                   absl::StrCat("no earlier version of platform '", now->id(), "' has answered"))
          .Field("version");
    }
  }
  LATIMER_ASSIGN_OR_RETURN(std::optional<model::v1::PlatformModel> definition, store.FindModel(now->id(), wanted));
  if (!definition.has_value()) {
    const std::string known = absl::StrJoin(
        records, ", ", [](std::string* out, const ModelVersionRecord& record) { out->append(record.version); });
    return NotFound("UNKNOWN_VERSION",
                    absl::StrCat("platform '", now->id(), "' has no version '", wanted.substr(0, 100),
                                 "'; there are: ", known.empty() ? now->version() : known))
        .Field("version");
  }
  LATIMER_ASSIGN_OR_RETURN(std::shared_ptr<const PlatformModel> model, PlatformModel::Create(*std::move(definition)));
  LATIMER_RETURN_IF_ERROR(store.ActivateModel(now->id(), wanted));
  source.SetFitted(model);
  return model->Describe(true);
}

}  // namespace latimer::server
