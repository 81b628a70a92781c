// Boards: everything of the server that has to do with boards, in one object: store, fleet, campaigns, fits, measuring
// on demand. A server without a data folder has none.
#ifndef LATIMER_SERVER_BOARDS_H_
#define LATIMER_SERVER_BOARDS_H_

#include <grpcpp/grpcpp.h>
#include <prometheus/collectable.h>

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "latimer/v1/platform_service.pb.h"
#include "server/access/access_control.h"
#include "server/catalog_source.h"
#include "server/metrics/board_metrics.h"
#include "server/queried_layers.h"
#include "server/server_options.h"
#include "server/store/store.h"

namespace latimer::server {

class Boards {
 public:
  // Opens the store, takes up campaigns that had not ended, and lets fitted models answer. Errors: those of the store;
  // UNAVAILABLE if another server uses the folder. `access` outlives this, and takes its clients from the store.
  static absl::StatusOr<std::unique_ptr<Boards>> Create(const ServerOptions& options, CatalogHolder* holder,
                                                        CatalogSource* source, AccessControl* access);
  // After gRPC's server is down.
  ~Boards();
  Boards(const Boards&) = delete;
  Boards& operator=(const Boards&) = delete;

  void Register(grpc::ServerBuilder& builder);

  // Safe for concurrent use; lives as long as this.
  Store* store();

  // What callers ask about, for campaigns to measure there; not owned, outlives this. Before the server starts.
  void UseQueries(const QueriedLayers* queried);

  // What Prometheus is told of boards; safe from any thread. Not to be asked any more once this is destroyed.
  BoardMetrics* metrics();
  std::vector<std::shared_ptr<prometheus::Collectable>> Collectables();

  // Ends sessions, watches and waits, so that gRPC's server can go down.
  void Drain();

  // Calls about model versions; safe from any thread.
  grpc::ServerUnaryReactor* ListVersions(grpc::CallbackServerContext* context,
                                         const v1::ListPlatformVersionsRequest* request,
                                         v1::ListPlatformVersionsResponse* response);
  grpc::ServerUnaryReactor* Rollback(grpc::CallbackServerContext* context, const v1::RollbackPlatformRequest* request,
                                     v1::Platform* response);

 private:
  struct Impl;
  explicit Boards(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Answers calls of the board services where there are none: says how to get them.
std::unique_ptr<grpc::CallbackGenericService> MakeNoBoardsService(AccessControl* access);

}  // namespace latimer::server

#endif  // LATIMER_SERVER_BOARDS_H_
