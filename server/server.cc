#include "server/server.h"

#include <grpc/grpc.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/impl/server_builder_plugin.h>
#include <grpcpp/resource_quota.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "metrics/endpoint.h"
#include "metrics/process_metrics.h"
#include "server/access/first_admin.h"
#include "server/boards.h"
#include "server/catalog_source.h"
#include "server/credentials.h"
#include "server/estimation_service.h"
#include "server/metrics/model_metrics.h"
#include "server/metrics/resource_metrics.h"
#include "server/model_follower.h"
#include "server/network_service.h"
#include "server/platform_service.h"

namespace latimer::server {
namespace {

// The reflection library puts itself into every server of a process; this decides for one.
class ReflectionOption final : public grpc::ServerBuilderOption {
 public:
  explicit ReflectionOption(bool on) : on_(on) {}
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    const std::string name = grpc::reflection::ProtoServerReflectionPlugin().name();
    plugins->erase(
        std::remove_if(plugins->begin(), plugins->end(), [&](const auto& plugin) { return plugin->name() == name; }),
        plugins->end());
    if (on_) plugins->push_back(std::make_unique<grpc::reflection::ProtoServerReflectionPlugin>());
  }

 private:
  const bool on_;
};

bool WantsReflection(const ServerOptions& options) {
  if (options.reflection != Reflection::kAuto) return options.reflection == Reflection::kOn;
  return options.listen_address.empty() || IsLoopback(options.listen_address);
}

int MessageLimit(int64_t bytes) { return bytes < 0 ? -1 : static_cast<int>(std::min<int64_t>(bytes, INT_MAX)); }

// gRPC refuses what is much too large before it is read, without a reason and uncounted; what is a little too large is
// refused by AccessControl, with both.
int64_t HardLimit(int64_t bytes) { return bytes < INT_MAX / 4 ? 4 * bytes : bytes; }

AccessOptions WithSizes(const ServerOptions& options) {
  AccessOptions access = options.access;
  access.most_request_bytes = options.max_message_bytes;
  return access;
}

void Configure(const ServerOptions& options, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(MessageLimit(HardLimit(options.max_message_bytes)));
  builder.SetMaxSendMessageSize(MessageLimit(options.max_message_bytes));
  // Without this a second server on the same port shares it silently.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_calls_per_connection);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                             static_cast<int>(std::clamp<int64_t>(options.handshake_timeout.count(), 1, INT_MAX)));
  // Dead peers behind NAT are noticed; eager ones are tolerated.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  if (options.grpc_memory_bytes > 0) {
    grpc::ResourceQuota quota("latimer");
    quota.Resize(options.grpc_memory_bytes);
    builder.SetResourceQuota(quota);
  }
}

absl::Status CheckOptions(const ServerOptions& options) {
  auto bad = [](absl::string_view message) { return InvalidArgument("BAD_OPTION", message); };
  if (options.max_stream_in_flight < 1) return bad("max_stream_in_flight is at least 1");
  if (options.max_calls_per_connection < 1) return bad("max_calls_per_connection is at least 1");
  if (options.worker_threads < 0 || options.worker_threads > 1024) return bad("worker_threads lies between 0 and 1024");
  if (options.max_message_bytes == 0) return bad("max_message_bytes is at least 1, or -1 for no limit");
  if (options.default_deadline.count() < 0) return bad("default_deadline is not negative");
  return absl::OkStatus();
}

}  // namespace

struct Server::Impl {
  explicit Impl(ServerOptions server_options)
      : options(std::move(server_options)),
        engine(options.import_limits, options.unit_memo_entries),
        cache(options.response_cache_bytes),
        workers(std::make_unique<WorkerPool>(options.worker_threads, options.max_queued_requests)),
        access(WithSizes(options), options.listen_address.empty() || IsLoopback(options.listen_address),
               !options.data_dir.empty(), options.logger),
        parts{&options, &access, &catalog, &engine, &cache, workers.get(), rpc_metrics.get(), estimate_metrics.get()},
        estimation(parts, &streams),
        network(parts),
        platform(parts) {}

  absl::Status LoadPlatforms() {
    std::vector<std::string> folders = options.platforms_dirs;
    if (folders.empty()) {
      LATIMER_ASSIGN_OR_RETURN(std::string folder, FindPlatformsDir());
      folders.push_back(std::move(folder));
    }
    LATIMER_RETURN_IF_ERROR(source.LoadFiles(folders));
    const std::shared_ptr<const Catalog> loaded = catalog.Get();
    LogTo(options.logger, LogLevel::kInfo, "platforms loaded",
          {{"count", static_cast<int64_t>(loaded->platforms.size())},
           {"generation", static_cast<int64_t>(loaded->generation)}});
    return absl::OkStatus();
  }

  absl::Status OpenBoards() {
    if (!options.follow_dir.empty()) {
      LATIMER_ASSIGN_OR_RETURN(follower, ModelFollower::Start(options.follow_dir, &source, options.logger));
    }
    if (options.data_dir.empty()) return absl::OkStatus();
    LATIMER_ASSIGN_OR_RETURN(boards, Boards::Create(options, &catalog, &source, &access));
    platform.SetBoards(boards.get());
    return GiveFirstAdmin(access, options.data_dir, options.logger);
  }

  absl::Status ReadCertificates() {
    if (options.listen_address.empty()) return absl::OkStatus();
    LATIMER_ASSIGN_OR_RETURN(credentials, MakeCredentials(options, &certificates));
    return absl::OkStatus();
  }

  absl::Status Start() {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    Configure(options, builder);
    builder.SetOption(std::make_unique<ReflectionOption>(WantsReflection(options)));
    if (credentials != nullptr) builder.AddListeningPort(options.listen_address, credentials, &port);
    builder.RegisterService(&estimation);
    builder.RegisterService(&network);
    builder.RegisterService(&platform);
    if (boards != nullptr) {
      boards->Register(builder);
    } else {
      builder.RegisterCallbackGenericService(no_boards.get());
    }
    if (!options.metrics_address.empty()) {
      std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
      interceptors.push_back(rpc_metrics->MakeInterceptorFactory());
      builder.experimental().SetInterceptorCreators(std::move(interceptors));
    }
    grpc_server = builder.BuildAndStart();
    // A port that is taken shows as a null server, a port of 0, or both.
    if (grpc_server == nullptr || (credentials != nullptr && port == 0)) {
      return Error(absl::StatusCode::kUnavailable, "ADDRESS_UNAVAILABLE",
                   absl::StrCat("cannot listen on ", options.listen_address,
                                "; does another process have it? Is the address one of this machine?"));
    }
    bound_port = port;
    if (credentials != nullptr) {
      const size_t colon = options.listen_address.rfind(':');
      address = absl::StartsWith(options.listen_address, "unix:")
                    ? options.listen_address
                    : absl::StrCat(options.listen_address.substr(0, colon), ":", port);
    }
    return absl::OkStatus();
  }

  absl::Status ServeMetrics() {
    if (options.metrics_address.empty()) return absl::OkStatus();
    std::vector<std::shared_ptr<prometheus::Collectable>> collectables = {
        std::make_shared<metrics::ProcessMetrics>("server", LATIMER_VERSION), rpc_metrics, estimate_metrics,
        std::make_shared<ResourceMetrics>(
            ResourceMetrics::Parts{&cache, &engine, workers.get(), &bound_port, certificates.get(), options.data_dir})};
    if (boards != nullptr) {
      for (auto& collectable : boards->Collectables()) collectables.push_back(std::move(collectable));
    }
    model_metrics =
        std::make_shared<ModelMetrics>(&catalog, boards == nullptr ? nullptr : boards->store(),
                                       boards == nullptr ? nullptr : boards->metrics(), options.import_limits);
    collectables.push_back(model_metrics);
    LATIMER_ASSIGN_OR_RETURN(metrics_endpoint,
                             metrics::Endpoint::Start(options.metrics_address, std::move(collectables)));
    LogTo(options.logger, LogLevel::kInfo, "serving metrics", {{"address", metrics_endpoint->address()}});
    return absl::OkStatus();
  }

  void SetHealth(bool serving) {
    if (grpc::HealthCheckServiceInterface* health = grpc_server->GetHealthCheckService()) {
      health->SetServingStatus(serving);
      for (const char* service :
           {"latimer.v1.EstimationService", "latimer.v1.NetworkService", "latimer.v1.PlatformService"}) {
        health->SetServingStatus(service, serving);
      }
      if (boards == nullptr) return;
      for (const char* service : {"latimer.v1.AgentService", "latimer.v1.FleetService", "latimer.v1.CampaignService",
                                  "latimer.v1.MeasurementService", "latimer.v1.AdminService"}) {
        health->SetServingStatus(service, serving);
      }
    }
  }

  void Shutdown(std::chrono::milliseconds grace) {
    streams.Drain();
    if (boards != nullptr) boards->Drain();
    grpc_server->Shutdown(std::chrono::system_clock::now() + grace);
    grpc_server->Wait();
  }

  const ServerOptions options;
  CatalogHolder catalog;
  CatalogSource source{&catalog};
  QueriedLayers queried;
  EstimationEngine engine;
  ResponseCache cache;
  StreamRegistry streams;
  std::unique_ptr<WorkerPool> workers;
  AccessControl access;
  const std::shared_ptr<RpcMetrics> rpc_metrics = std::make_shared<RpcMetrics>();
  const std::shared_ptr<EstimateMetrics> estimate_metrics = std::make_shared<EstimateMetrics>(&catalog);
  const ServiceParts parts;
  EstimationServiceImpl estimation;
  NetworkServiceImpl network;
  PlatformServiceImpl platform;
  std::unique_ptr<ModelFollower> follower;  // null: this server is nobody's replica
  std::unique_ptr<Boards> boards;           // null without a data folder
  const std::unique_ptr<grpc::CallbackGenericService> no_boards = MakeNoBoardsService(&access);
  std::unique_ptr<CertificateFiles> certificates;        // null without TLS
  std::shared_ptr<grpc::ServerCredentials> credentials;  // null without a socket
  std::unique_ptr<grpc::Server> grpc_server;
  // Both read what stands above. Null: nobody scrapes.
  std::shared_ptr<ModelMetrics> model_metrics;
  std::unique_ptr<metrics::Endpoint> metrics_endpoint;
  int port = 0;
  std::atomic<int> bound_port{0};  // the same, for those who ask while it is found
  std::string address;
  Mutex drain_mutex;
  bool drained ABSL_GUARDED_BY(drain_mutex) = false;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

absl::StatusOr<std::unique_ptr<Server>> Server::Create(ServerOptions options) {
  LATIMER_RETURN_IF_ERROR(CheckOptions(options));
  auto impl = std::make_unique<Impl>(std::move(options));
  if (!impl->options.listen_address.empty()) {
    LogTo(impl->options.logger, LogLevel::kInfo, "access", {{"rule", impl->access.Describe()}});
  }
  LATIMER_RETURN_IF_ERROR(impl->LoadPlatforms());
  LATIMER_RETURN_IF_ERROR(impl->OpenBoards());
  if (impl->options.remember_queries && impl->boards != nullptr) {
    impl->engine.RememberQueries(&impl->queried);
    impl->boards->UseQueries(&impl->queried);
  }
  LATIMER_RETURN_IF_ERROR(impl->ReadCertificates());
  LATIMER_RETURN_IF_ERROR(impl->ServeMetrics());
  LATIMER_RETURN_IF_ERROR(impl->Start());
  impl->SetHealth(true);
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::~Server() {
  {
    MutexLock lock(&impl_->drain_mutex);
    if (!impl_->drained) impl_->Shutdown(std::chrono::milliseconds(0));
    impl_->drained = true;
  }
  impl_->metrics_endpoint.reset();
  impl_->workers.reset();
}

int Server::port() const { return impl_->port; }

const std::string& Server::address() const { return impl_->address; }

const std::string& Server::metrics_address() const {
  static const std::string* const none = new std::string();
  return impl_->metrics_endpoint == nullptr ? *none : impl_->metrics_endpoint->address();
}

std::shared_ptr<grpc::Channel> Server::InProcessChannel() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  return impl_->grpc_server->InProcessChannel(arguments);
}

absl::Status Server::ReloadPlatforms() { return impl_->LoadPlatforms(); }

void Server::Drain() {
  // The lock is held throughout: a second caller returns when the first is done.
  MutexLock lock(&impl_->drain_mutex);
  if (impl_->drained) return;
  impl_->SetHealth(false);
  if (!impl_->address.empty()) std::this_thread::sleep_for(impl_->options.drain_time);
  impl_->Shutdown(impl_->options.shutdown_grace);
  impl_->drained = true;
}

}  // namespace latimer::server
