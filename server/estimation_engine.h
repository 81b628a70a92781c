// Answers estimation requests; knows messages, not transports.
#ifndef LATIMER_SERVER_ESTIMATION_ENGINE_H_
#define LATIMER_SERVER_ESTIMATION_ENGINE_H_

#include <thread>

#include "absl/status/status.h"
#include "core/estimation/quick_estimator.h"
#include "core/estimation/unit_memo.h"
#include "core/network/import_options.h"
#include "latimer/v1/estimation_service.pb.h"
#include "latimer/v1/network_service.pb.h"
#include "server/catalog.h"
#include "server/queried_layers.h"

namespace latimer::server {

// Safe for concurrent use. Fields of errors are relative to the request message.
class EstimationEngine {
 public:
  EstimationEngine(const ImportLimits& limits, size_t memo_entries)
      : limits_(limits), memo_(memo_entries), quick_(limits, memo_entries / 4, std::thread::hardware_concurrency()) {}

  absl::Status Estimate(const Catalog& catalog, const v1::EstimateRequest& request, v1::NetworkEstimate* result);
  // Estimate() for the serialised request, without reading it into messages. False: that one has to answer, because
  // something is wrong or out of the ordinary; `result` is then in no particular state.
  bool EstimateQuickly(const Catalog& catalog, absl::string_view request, v1::NetworkEstimate* result);
  absl::Status EstimatePlatforms(const Catalog& catalog, const v1::EstimatePlatformsRequest& request,
                                 v1::EstimatePlatformsResponse* response);
  absl::Status DescribeNetwork(const v1::DescribeNetworkRequest& request, v1::DescribeNetworkResponse* response) const;

  // From now on layers of requests are remembered there; not owned, outlives this. Before the first request.
  void RememberQueries(QueriedLayers* queried) { queried_ = queried; }

  const UnitMemo& memo() const { return memo_; }
  const QuickEstimator& quick() const { return quick_; }

 private:
  const ImportLimits limits_;
  UnitMemo memo_;
  QuickEstimator quick_;
  QueriedLayers* queried_ = nullptr;  // null: nothing is remembered
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_ESTIMATION_ENGINE_H_
