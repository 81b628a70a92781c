#include "server/platform_evaluations.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/estimation/estimator.h"
#include "core/evaluation/measured_pace.h"
#include "core/network/read_network.h"
#include "server/campaign/fit_input.h"
#include "server/measured_latency.h"

namespace latimer::server {
namespace {

constexpr int kDefaultPageSize = 50;
constexpr int kMostPageSize = 200;
constexpr double kDefaultConfidence = 0.9;
// A page starts after the network its token names.
constexpr absl::string_view kTokenPrefix = "after:";

absl::Status AddEvaluation(const std::string& hash, const v1::Measurement& measurement, Store& store,
                           const PlatformModel& platform, double confidence, const ImportLimits& limits,
                           v1::ListEvaluationsResponse* response) {
  LATIMER_ASSIGN_OR_RETURN(const std::optional<TaskRecord> task, store.FindTask(measurement.measurement_id()));
  v1::NetworkSource source;
  if (!task.has_value() || !source.ParseFromString(task->network))
    return absl::DataLossError("a stored network cannot be read");
  LATIMER_ASSIGN_OR_RETURN(const Network network, ReadNetwork(source, limits));
  EstimateSettings settings;
  settings.confidence = confidence;
  settings.with_units = false;
  v1::NetworkEstimate estimate;
  LATIMER_RETURN_IF_ERROR(EstimateNetwork(network, platform, settings, nullptr, &estimate));
  v1::NetworkEvaluation* evaluation = response->add_evaluations();
  evaluation->set_network(task->name);
  evaluation->set_network_hash(hash);
  *evaluation->mutable_estimate() = estimate.latency();
  v1::MeasuredLatency& measured = *evaluation->mutable_measured();
  measured = MeasuredLatencyOf(measurement);
  evaluation->set_as_measured_ms(measured.median_ms());
  measured.set_median_ms(MedianMsAtPace(measured, estimate));
  if (measured.pass_ns() > 0 && estimate.pass_ns() > 0) measured.set_pass_ns(estimate.pass_ns());
  evaluation->set_validation(task->campaign > 0);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::ListEvaluationsResponse> ListEvaluations(const Catalog& catalog, Store* store,
                                                            const v1::ListEvaluationsRequest& request,
                                                            const ImportLimits& limits) {
  if (request.page_size() < 0) {
    return InvalidArgument("BAD_PAGE_SIZE", absl::StrCat("page_size is ", request.page_size(), "; it is not negative"))
        .Field("page_size");
  }
  absl::string_view after = request.page_token();
  if (!after.empty() && !absl::ConsumePrefix(&after, kTokenPrefix)) {
    return InvalidArgument("BAD_PAGE_TOKEN", "page_token is not one this call returned").Field("page_token");
  }
  const double confidence = request.confidence() == 0 ? kDefaultConfidence : request.confidence();
  if (!(confidence > 0 && confidence < 1)) {
    return InvalidArgument("BAD_CONFIDENCE",
                           absl::StrCat("the confidence is ", confidence, "; it lies between 0 and 1, such as 0.9"))
        .Field("confidence");
  }
  LATIMER_ASSIGN_OR_RETURN(const std::shared_ptr<const PlatformModel> platform, catalog.Find(request.name(), "name"));
  v1::ListEvaluationsResponse response;
  response.set_model_version(platform->version());
  response.set_confidence(confidence);
  if (store == nullptr) return response;

  LATIMER_ASSIGN_OR_RETURN(const std::set<std::string> fingerprints, CountedFingerprints(*store, platform->id()));
  const int size = request.page_size() == 0 ? kDefaultPageSize : std::min(request.page_size(), kMostPageSize);
  LATIMER_ASSIGN_OR_RETURN(const auto results, store->MeasuredNetworks(platform->id(), after, size));
  for (const auto& [hash, measurement] : results) {
    if (fingerprints.count(measurement.fingerprint_digest()) == 0) continue;
    AddEvaluation(hash, measurement, *store, *platform, confidence, limits, &response).IgnoreError();
  }
  if (static_cast<int>(results.size()) == size) {
    response.set_next_page_token(absl::StrCat(kTokenPrefix, results.back().first));
  }
  return response;
}

}  // namespace latimer::server
