// Networks that were measured on boards of a platform, beside what its model says about them now.
#ifndef LATIMER_SERVER_PLATFORM_EVALUATIONS_H_
#define LATIMER_SERVER_PLATFORM_EVALUATIONS_H_

#include "absl/status/statusor.h"
#include "core/network/import_options.h"
#include "latimer/v1/platform_service.pb.h"
#include "server/catalog.h"
#include "server/store/store.h"

namespace latimer::server {

// `store` may be null: nothing was measured here. Networks that cannot be read any more are left out. Errors as in
// PlatformService.
absl::StatusOr<v1::ListEvaluationsResponse> ListEvaluations(const Catalog& catalog, Store* store,
                                                            const v1::ListEvaluationsRequest& request,
                                                            const ImportLimits& limits);

}  // namespace latimer::server

#endif  // LATIMER_SERVER_PLATFORM_EVALUATIONS_H_
