// Answers estimation requests; knows messages, not transports.
#ifndef LATIMER_SERVER_ESTIMATION_ENGINE_H_
#define LATIMER_SERVER_ESTIMATION_ENGINE_H_

#include "absl/status/status.h"
#include "core/estimation/unit_memo.h"
#include "core/network/import_options.h"
#include "latimer/v1/estimation_service.pb.h"
#include "latimer/v1/network_service.pb.h"
#include "server/catalog.h"

namespace latimer::server {

// Safe for concurrent use. Fields of errors are relative to the request message.
class EstimationEngine {
 public:
  EstimationEngine(const ImportLimits& limits, size_t memo_entries) : limits_(limits), memo_(memo_entries) {}

  absl::Status Estimate(const Catalog& catalog, const v1::EstimateRequest& request, v1::NetworkEstimate* result);
  absl::Status EstimatePlatforms(const Catalog& catalog, const v1::EstimatePlatformsRequest& request,
                                 v1::EstimatePlatformsResponse* response);
  absl::Status DescribeNetwork(const v1::DescribeNetworkRequest& request, v1::DescribeNetworkResponse* response) const;

  const UnitMemo& memo() const { return memo_; }

 private:
  const ImportLimits limits_;
  UnitMemo memo_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_ESTIMATION_ENGINE_H_
