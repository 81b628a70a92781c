#include "server/boards.h"

#include <fcntl.h>
#include <grpcpp/generic/async_generic_service.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/campaign/campaign_manager.h"
#include "server/campaign/campaign_service.h"
#include "server/campaign/measurement_desk.h"
#include "server/campaign/measurement_service.h"
#include "server/campaign/refitter.h"
#include "server/fleet/fleet.h"
#include "server/fleet/fleet_services.h"
#include "server/fleet/on_executor.h"
#include "server/platform_versions.h"

namespace latimer::server {
namespace {

namespace fs = std::filesystem;

// Held for the life of the process: two servers on one store would lease the same work twice.
class FolderLock {
 public:
  static absl::StatusOr<std::unique_ptr<FolderLock>> Take(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
      return Error(absl::StatusCode::kUnavailable, "DATA_DIR_UNAVAILABLE",
                   absl::StrCat("the data folder ", folder.string(), " cannot be made: ", error.message()))
          .ToStatus();
    }
    const fs::path file = folder / "lock";
    const int descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0 || flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      const std::string why = errno == EWOULDBLOCK ? "another server uses it" : std::strerror(errno);
      if (descriptor >= 0) close(descriptor);
      return Error(absl::StatusCode::kUnavailable, "DATA_DIR_UNAVAILABLE",
                   absl::StrCat("the data folder ", folder.string(), " cannot be used: ", why))
          .ToStatus();
    }
    return std::unique_ptr<FolderLock>(new FolderLock(descriptor));
  }
  ~FolderLock() { close(descriptor_); }

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  const int descriptor_;
};

class NoBoardsReactor final : public grpc::ServerGenericBidiReactor {
 public:
  explicit NoBoardsReactor(const std::string& method) {
    const bool ours = absl::StartsWith(method, "/latimer.v1.AgentService/") ||
                      absl::StartsWith(method, "/latimer.v1.FleetService/") ||
                      absl::StartsWith(method, "/latimer.v1.CampaignService/") ||
                      absl::StartsWith(method, "/latimer.v1.MeasurementService/");
    Finish(ours ? ToGrpcStatus(Error(absl::StatusCode::kFailedPrecondition, "NO_DATA_DIR",
                                     "this server leads no boards; start it with --data-dir DIR"))
                : grpc::Status(grpc::StatusCode::UNIMPLEMENTED, absl::StrCat("there is no call ", method)));
  }
  void OnDone() override { delete this; }
};

class NoBoardsService final : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return new NoBoardsReactor(context->method());  // deletes itself
  }
};

}  // namespace

struct Boards::Impl {
  Impl(const ServerOptions& options, std::unique_ptr<FolderLock> folder_lock, std::unique_ptr<Store> opened,
       CatalogHolder* catalog_holder, CatalogSource* catalog_source)
      : lock(std::move(folder_lock)),
        store(std::move(opened)),
        holder(catalog_holder),
        source(catalog_source),
        fleet(
            store.get(), options.fleet, [this](absl::string_view id) { return source->IsShipped(id); }, options.logger),
        desk(store.get(), &fleet, source, options.import_limits),
        refitter(std::make_unique<Refitter>(store.get(), holder, source, options.logger)),
        executor(std::chrono::milliseconds(100), [this] { Tick(); }),
        manager(store.get(), &fleet, refitter.get(), &executor, options.fleet, options.logger),
        agent_service(&fleet, &executor),
        fleet_service(&fleet, &executor),
        campaign_service(&manager, &executor),
        measurement_service(&desk, &executor) {}

  // Ticks come from the executor's thread, which may start before the rest is made.
  void Tick() {
    if (!ready) return;
    fleet.Tick();
    manager.Tick();
    desk.Tick();
  }

  const std::unique_ptr<FolderLock> lock;
  const std::unique_ptr<Store> store;
  CatalogHolder* const holder;
  CatalogSource* const source;
  bool ready = false;  // on the executor
  Fleet fleet;
  MeasurementDesk desk;
  std::unique_ptr<Refitter> refitter;
  SerialExecutor executor;
  CampaignManager manager;
  AgentServiceImpl agent_service;
  FleetServiceImpl fleet_service;
  CampaignServiceImpl campaign_service;
  MeasurementServiceImpl measurement_service;
};

Boards::Boards(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

absl::StatusOr<std::unique_ptr<Boards>> Boards::Create(const ServerOptions& options, CatalogHolder* holder,
                                                       CatalogSource* source) {
  const fs::path folder = options.data_dir;
  LATIMER_ASSIGN_OR_RETURN(std::unique_ptr<FolderLock> lock, FolderLock::Take(folder));
  LATIMER_ASSIGN_OR_RETURN(std::unique_ptr<Store> store, Store::Open((folder / "latimer.sqlite").string()));
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
  auto impl = std::make_unique<Impl>(options, std::move(lock), std::move(store), holder, source);
  absl::Status resumed;
  impl->executor.RunAndWait([&] {
    impl->fleet.SetResultListener([impl = impl.get()](const TaskRecord& task, const v1::Measurement& measurement) {
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
  // No task orders a fit any more; then the fit that runs ends.
  impl_->executor.Stop();
  impl_->refitter.reset();
}

void Boards::Register(grpc::ServerBuilder& builder) {
  builder.RegisterService(&impl_->agent_service);
  builder.RegisterService(&impl_->fleet_service);
  builder.RegisterService(&impl_->campaign_service);
  builder.RegisterService(&impl_->measurement_service);
}

Store* Boards::store() { return impl_->store.get(); }

void Boards::Drain() {
  impl_->executor.RunAndWait([this] {
    impl_->fleet.Drain();
    impl_->desk.Drain();
  });
  impl_->campaign_service.Drain();
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

std::unique_ptr<grpc::CallbackGenericService> MakeNoBoardsService() { return std::make_unique<NoBoardsService>(); }

}  // namespace latimer::server
