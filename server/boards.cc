#include "server/boards.h"

#include <grpcpp/generic/async_generic_service.h>

#include <chrono>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/access/admin_service.h"
#include "server/campaign/campaign_manager.h"
#include "server/campaign/campaign_service.h"
#include "server/campaign/import_desk.h"
#include "server/campaign/measurement_desk.h"
#include "server/campaign/measurement_service.h"
#include "server/campaign/refitter.h"
#include "server/fleet/fleet.h"
#include "server/fleet/fleet_services.h"
#include "server/fleet/on_executor.h"
#include "server/metrics/fleet_metrics.h"
#include "server/platform_versions.h"
#include "server/store/data_folder.h"

namespace latimer::server {
namespace {

class NoBoardsReactor final : public grpc::ServerGenericBidiReactor {
 public:
  NoBoardsReactor(const std::string& method, const absl::Status& admitted) {
    if (!admitted.ok()) {
      Finish(ToGrpcStatus(admitted));
      return;
    }
    const bool ours = absl::StartsWith(method, "/latimer.v1.AgentService/") ||
                      absl::StartsWith(method, "/latimer.v1.FleetService/") ||
                      absl::StartsWith(method, "/latimer.v1.CampaignService/") ||
                      absl::StartsWith(method, "/latimer.v1.MeasurementService/") ||
                      absl::StartsWith(method, "/latimer.v1.AdminService/");
    Finish(ours ? ToGrpcStatus(Error(absl::StatusCode::kFailedPrecondition, "NO_DATA_DIR",
                                     "this server leads no boards; start it with --data-dir DIR"))
                : grpc::Status(grpc::StatusCode::UNIMPLEMENTED, absl::StrCat("there is no call ", method)));
  }
  void OnDone() override { delete this; }
};

class NoBoardsService final : public grpc::CallbackGenericService {
 public:
  explicit NoBoardsService(AccessControl* access) : access_(access) {}

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    // Strangers are not told what there is.
    return new NoBoardsReactor(context->method(), access_->Admit(*context, Role::kEstimate, 0));  // deletes itself
  }

 private:
  AccessControl* const access_;
};

}  // namespace

struct Boards::Impl {
  Impl(const ServerOptions& options, std::unique_ptr<FolderLock> folder_lock, std::unique_ptr<Store> opened,
       CatalogHolder* catalog_holder, CatalogSource* catalog_source, AccessControl* access)
      : lock(std::move(folder_lock)),
        store(std::move(opened)),
        holder(catalog_holder),
        source(catalog_source),
        fleet(
            store.get(), options.fleet, [this](absl::string_view id) { return source->IsShipped(id); }, options.logger),
        desk(store.get(), &fleet, source, options.import_limits),
        refitter(std::make_unique<Refitter>(store.get(), holder, source, options.logger)),
        imports(store.get(), refitter.get(), source, options.import_limits),
        executor(std::chrono::milliseconds(Fleet::kTickMs), [this] { Tick(); }),
        manager(store.get(), &fleet, refitter.get(), &executor, options.fleet, options.logger),
        agent_service(access, &fleet, &executor),
        fleet_service(access, &fleet, &executor),
        campaign_service(access, &manager, &executor, &planner),
        admin_service(access, store.get(), &executor, options.data_dir, options.logger),
        measurement_service(&desk, &imports, &executor) {}

  // Ticks come from the executor's thread, which may start before the rest is made.
  void Tick() {
    if (!ready) return;
    fleet.Tick();
    manager.Tick();
    desk.Tick();
  }

  const std::unique_ptr<FolderLock> lock;
  // What a scrape tells; on the executor.
  absl::StatusOr<FleetState> ReadFleet();

  const std::unique_ptr<Store> store;
  CatalogHolder* const holder;
  CatalogSource* const source;
  const std::shared_ptr<BoardMetrics> board_metrics = std::make_shared<BoardMetrics>(holder);
  bool ready = false;  // on the executor
  Fleet fleet;
  MeasurementDesk desk;
  std::unique_ptr<Refitter> refitter;
  ImportDesk imports;
  SerialExecutor executor;
  SerialExecutor planner{std::chrono::hours(1), [] {}};  // waits for `executor`, never the other way round
  CampaignManager manager;
  AgentServiceImpl agent_service;
  FleetServiceImpl fleet_service;
  CampaignServiceImpl campaign_service;
  AdminServiceImpl admin_service;
  MeasurementServiceImpl measurement_service;
  const std::shared_ptr<FleetMetrics> fleet_metrics =
      std::make_shared<FleetMetrics>(&executor, [this] { return ReadFleet(); });
};

absl::StatusOr<FleetState> Boards::Impl::ReadFleet() {
  FleetState state;
  v1::ListAgentsRequest request;
  request.set_page_size(1000);
  do {
    LATIMER_ASSIGN_OR_RETURN(v1::ListAgentsResponse page, fleet.ListAgents(request));
    for (v1::Agent& agent : *page.mutable_agents()) {
      if (agent.state() == v1::AGENT_STATE_REVOKED) continue;
      const Fleet::Presence presence = fleet.PresenceOf(agent.name());
      state.agents.push_back({std::move(agent), presence.up, presence.jobs});
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  LATIMER_ASSIGN_OR_RETURN(const std::vector<BoardRecord> platforms, store->ListBoards());
  for (const BoardRecord& board : platforms) {
    LATIMER_ASSIGN_OR_RETURN(const QueueCount queue, store->CountQueue(board.platform));
    state.platforms.push_back({board.platform, queue});
  }
  LATIMER_ASSIGN_OR_RETURN(state.campaigns, store->CountCampaigns());
  state.open_campaigns = manager.Open();
  state.time_ms = NowMs();
  return state;
}

Boards::Boards(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

absl::StatusOr<std::unique_ptr<Boards>> Boards::Create(const ServerOptions& options, CatalogHolder* holder,
                                                       CatalogSource* source, AccessControl* access) {
  LATIMER_ASSIGN_OR_RETURN(std::unique_ptr<FolderLock> lock, FolderLock::Take(options.data_dir));
  LATIMER_ASSIGN_OR_RETURN(std::unique_ptr<Store> store, Store::Open(StoreFile(options.data_dir)));
  LATIMER_ASSIGN_OR_RETURN(std::vector<model::v1::PlatformModel> models, store->ActiveModels());
  for (model::v1::PlatformModel& definition : models) {
    const std::string id = definition.id();
    absl::StatusOr<std::shared_ptr<const PlatformModel>> model = PlatformModel::Create(std::move(definition));
    if (!model.ok()) {
      // A model of another release: the measurements are there, and the next fit makes a new one.
      LogTo(options.logger, LogLevel::kError, "a fitted model cannot be read; fit it again with a campaign",
            {{"platform", id}, {"error", model.status().message()}});
      continue;
    }
    source->SetFitted(*std::move(model));
  }
  LATIMER_RETURN_IF_ERROR(access->UseStore(store.get()));
  LATIMER_RETURN_IF_ERROR(store->ExtendLeases(NowMs() + static_cast<int64_t>(options.fleet.lease_seconds * 1000)));
  auto impl = std::make_unique<Impl>(options, std::move(lock), std::move(store), holder, source, access);
  impl->measurement_service.UseAccess(access);
  absl::Status resumed;
  impl->executor.RunAndWait([&] {
    impl->refitter->SetMetrics(impl->board_metrics.get());
    impl->fleet.SetLeaseListener([impl = impl.get()](int64_t tasks) { impl->board_metrics->OnLeasesLost(tasks); });
    impl->fleet.SetResultListener([impl = impl.get()](const TaskRecord& task, const v1::Measurement& measurement) {
      impl->board_metrics->OnResult(task, measurement);
      impl->desk.OnResult(task, measurement);
      impl->manager.OnResult(task);
    });
    resumed = impl->desk.Resume();
    if (resumed.ok()) resumed = impl->manager.Resume();
    impl->ready = true;
  });
  auto boards = std::unique_ptr<Boards>(new Boards(std::move(impl)));
  LATIMER_RETURN_IF_ERROR(resumed);
  return boards;
}

Boards::~Boards() {
  impl_->planner.Stop();
  // No task orders a fit any more; then the fit that runs ends.
  impl_->executor.Stop();
  impl_->imports.Stop();
  impl_->refitter.reset();
}

void Boards::Register(grpc::ServerBuilder& builder) {
  builder.RegisterService(&impl_->agent_service);
  builder.RegisterService(&impl_->fleet_service);
  builder.RegisterService(&impl_->campaign_service);
  builder.RegisterService(&impl_->measurement_service);
  builder.RegisterService(&impl_->admin_service);
}

void Boards::UseQueries(const QueriedLayers* queried) { impl_->refitter->UseQueries(queried); }

Store* Boards::store() { return impl_->store.get(); }

BoardMetrics* Boards::metrics() { return impl_->board_metrics.get(); }

std::vector<std::shared_ptr<prometheus::Collectable>> Boards::Collectables() {
  return {impl_->board_metrics, impl_->fleet_metrics};
}

void Boards::Drain() {
  impl_->executor.RunAndWait([this] {
    impl_->fleet.Drain();
    impl_->desk.Drain();
  });
  impl_->imports.Drain();
  impl_->campaign_service.Drain();
  impl_->admin_service.Drain();
}

grpc::ServerUnaryReactor* Boards::ListVersions(grpc::CallbackServerContext* context,
                                               const v1::ListPlatformVersionsRequest* request,
                                               v1::ListPlatformVersionsResponse* response) {
  return OnExecutor(&impl_->executor, context, response, [this, request] {
    return ListPlatformVersions(*impl_->holder->Get(), impl_->store.get(), *request);
  });
}

grpc::ServerUnaryReactor* Boards::Rollback(grpc::CallbackServerContext* context,
                                           const v1::RollbackPlatformRequest* request, v1::Platform* response) {
  return OnExecutor(&impl_->executor, context, response, [this, request] {
    return RollbackPlatform(*impl_->holder->Get(), *impl_->store, *impl_->source, *request);
  });
}

std::unique_ptr<grpc::CallbackGenericService> MakeNoBoardsService(AccessControl* access) {
  return std::make_unique<NoBoardsService>(access);
}

}  // namespace latimer::server
