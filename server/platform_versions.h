// Versions of a platform's model: which there are, and which answers.
#ifndef LATIMER_SERVER_PLATFORM_VERSIONS_H_
#define LATIMER_SERVER_PLATFORM_VERSIONS_H_

#include "absl/status/statusor.h"
#include "latimer/v1/platform_service.pb.h"
#include "server/catalog_source.h"
#include "server/store/store.h"

namespace latimer::server {

// `store` may be null: the version that answers is then the only one. Errors as in PlatformService.
absl::StatusOr<v1::ListPlatformVersionsResponse> ListPlatformVersions(const Catalog& catalog, Store* store,
                                                                      const v1::ListPlatformVersionsRequest& request);

absl::StatusOr<v1::Platform> RollbackPlatform(const Catalog& catalog, Store& store, CatalogSource& source,
                                              const v1::RollbackPlatformRequest& request);

}  // namespace latimer::server

#endif  // LATIMER_SERVER_PLATFORM_VERSIONS_H_
