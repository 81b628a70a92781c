// latimer-server: the estimator as a gRPC service.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "server/allocator.h"
#include "server/clock.h"
#include "server/grpc_log.h"
#include "server/log.h"
#include "server/server.h"
#include "server/store/restore.h"
#include "server/version.h"

namespace {

using latimer::server::JsonLogger;
using latimer::server::LogLevel;
using latimer::server::LogTo;
using latimer::server::Role;
using latimer::server::Server;
using latimer::server::ServerOptions;

constexpr int kRuntimeError = 1;
constexpr int kUsageError = 2;

struct Flags {
  ServerOptions options;
  std::string anonymous = "auto";
  std::vector<std::string> certificate_roles;
  double client_megabytes = 0;
  double handshake_seconds = 20;
  double tls_reload_seconds = 30;
  std::string restore;
  int64_t max_message_mb = 8;
  double drain_seconds = 2;
  double shutdown_grace_seconds = 30;
  double default_deadline_seconds = 10;
  std::string reflection = "auto";
  std::string log_level = "info";
};

std::optional<Role> ParseRole(const std::string& word) {
  if (word == "none") return Role::kNone;
  if (word == "estimate") return Role::kEstimate;
  if (word == "operate") return Role::kOperate;
  if (word == "admin") return Role::kAdmin;
  return std::nullopt;
}

// "NAME=ROLE".
std::optional<std::pair<std::string, Role>> ParseCertificateRole(const std::string& text) {
  const size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0) return std::nullopt;
  const std::optional<Role> role = ParseRole(text.substr(equals + 1));
  if (!role.has_value()) return std::nullopt;
  return std::make_pair(text.substr(0, equals), *role);
}

void AddFlags(CLI::App& app, Flags& flags) {
  ServerOptions& o = flags.options;
  app.add_option("--listen", o.listen_address, "Address to listen on; port 0 picks a free one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app.add_option("--platforms-dir", o.platforms_dirs, "Folder with platform files (*.textproto); may be repeated")
      ->type_name("DIR");
  app.add_option("--data-dir", o.data_dir,
                 "Folder for boards, campaigns, measurements and fitted models; without it the server leads no boards")
      ->type_name("DIR");
  app.add_option("--follow", o.follow_dir,
                 "Be a replica: answer with the models of the server with this data folder, as they change")
      ->type_name("DIR")
      ->excludes("--data-dir");
  app.add_flag("!--no-remember-queries", o.remember_queries,
               "Keep no features of the layers callers ask about; campaigns then refine for networks in general");
  app.add_option("--threads", o.worker_threads, "Threads for large requests; 0: one per core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();

  app.add_option("--tls-cert", o.tls.certificate_file, "The server's certificate chain (PEM)")->group("Security");
  app.add_option("--tls-key", o.tls.key_file, "Its private key (PEM)")->group("Security");
  app.add_option("--tls-client-ca", o.tls.client_ca_file,
                 "Mutual TLS: only clients with a certificate of this authority get in (PEM)")
      ->group("Security");
  app.add_option("--tls-reload", flags.tls_reload_seconds, "Seconds after which those three files are read again")
      ->check(CLI::Range(0.1, 86400.0))
      ->group("Security")
      ->capture_default_str();
  app.add_flag("--insecure", o.insecure, "Allow plaintext on an address other machines can reach")->group("Security");
  app.add_option("--anonymous", flags.anonymous,
                 "What callers without a token may do; auto: everything on loopback, elsewhere nothing, or to estimate "
                 "where there is no --data-dir")
      ->check(CLI::IsMember({"auto", "none", "estimate", "operate", "admin"}))
      ->group("Security")
      ->capture_default_str();
  app.add_option("--certificate-role", flags.certificate_roles,
                 "What clients may do by the common name of their certificate, with --tls-client-ca: none, estimate, "
                 "operate or admin; * is any other name; may be repeated")
      ->type_name("NAME=ROLE")
      ->check(CLI::Validator(
          [](std::string& text) {
            return ParseCertificateRole(text).has_value() ? std::string()
                                                          : absl::StrCat("'", text, "' is not NAME=ROLE");
          },
          ""))
      ->group("Security");
  app.add_option("--client-requests", o.access.requests_per_second,
                 "Requests a client may send per second, on streams too; 0: any number")
      ->check(CLI::NonNegativeNumber)
      ->group("Limits")
      ->capture_default_str();
  app.add_option("--client-megabytes", flags.client_megabytes, "MiB a client may send per second; 0: any number")
      ->check(CLI::NonNegativeNumber)
      ->group("Limits")
      ->capture_default_str();
  app.add_option("--client-streams", o.access.streams, "Streams a client may have open; 0: any number")
      ->check(CLI::NonNegativeNumber)
      ->group("Limits")
      ->capture_default_str();
  app.add_option("--reflection", flags.reflection, "Server reflection; auto: only on loopback")
      ->check(CLI::IsMember({"auto", "on", "off"}))
      ->group("Security")
      ->capture_default_str();

  app.add_option("--max-message-mb", flags.max_message_mb, "Largest request and answer, in MiB")
      ->check(CLI::Range(int64_t{1}, int64_t{2047}))
      ->group("Limits")
      ->capture_default_str();
  app.add_option("--max-queued", o.max_queued_requests, "Large requests that may wait; more are refused")
      ->group("Limits")
      ->capture_default_str();
  app.add_option("--default-deadline", flags.default_deadline_seconds,
                 "Seconds a request without a deadline may take; 0: any")
      ->check(CLI::NonNegativeNumber)
      ->group("Limits")
      ->capture_default_str();
  app.add_option("--handshake-timeout", flags.handshake_seconds,
                 "Seconds a new connection may take to say what it wants, with TLS or without")
      ->check(CLI::Range(0.1, 600.0))
      ->group("Limits")
      ->capture_default_str();
  app.add_option("--max-nodes", o.import_limits.max_nodes, "Nodes a network may have")
      ->check(CLI::PositiveNumber)
      ->group("Limits")
      ->capture_default_str();

  app.add_option("--heartbeat", o.fleet.heartbeat_seconds, "Seconds between an agent's signs of life")
      ->check(CLI::Range(0.1, 60.0))
      ->group("Boards")
      ->capture_default_str();
  app.add_option("--lease", o.fleet.lease_seconds, "Seconds without a sign of life after which an agent's work is lost")
      ->check(CLI::Range(0.5, 3600.0))
      ->group("Boards")
      ->capture_default_str();
  app.add_option("--task-timeout", o.fleet.task_timeout_seconds, "Seconds one measurement may take on a board")
      ->check(CLI::Range(1.0, 86400.0))
      ->group("Boards")
      ->capture_default_str();

  app.add_option("--metrics-listen", o.metrics_address,
                 "Address where Prometheus scrapes /metrics; port 0 picks a free one; default: none")
      ->type_name("HOST:PORT")
      ->group("Operation");
  app.add_option("--restore", flags.restore,
                 "Put this backup into the data folder and end; no server may be running there")
      ->type_name("FILE")
      ->group("Operation");
  app.add_option("--drain", flags.drain_seconds, "Seconds to serve on after SIGTERM, so that balancers notice")
      ->check(CLI::NonNegativeNumber)
      ->group("Operation")
      ->capture_default_str();
  app.add_option("--shutdown-grace", flags.shutdown_grace_seconds, "Seconds running calls may take after that")
      ->check(CLI::NonNegativeNumber)
      ->group("Operation")
      ->capture_default_str();
  app.add_option("--log-level", flags.log_level, "Least important events to log (JSON lines on stderr)")
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}))
      ->group("Operation")
      ->capture_default_str();
}

std::chrono::milliseconds Milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

void Finish(Flags& flags) {
  flags.options.max_message_bytes = flags.max_message_mb << 20;
  flags.options.drain_time = Milliseconds(flags.drain_seconds);
  flags.options.shutdown_grace = Milliseconds(flags.shutdown_grace_seconds);
  flags.options.default_deadline = Milliseconds(flags.default_deadline_seconds);
  flags.options.tls.reload = Milliseconds(flags.tls_reload_seconds);
  flags.options.handshake_timeout = Milliseconds(flags.handshake_seconds);
  flags.options.access.anonymous = ParseRole(flags.anonymous);
  flags.options.access.bytes_per_second = flags.client_megabytes * (1 << 20);
  // The name that fits exactly comes before the one that fits all.
  for (const bool wildcard : {false, true}) {
    for (const std::string& text : flags.certificate_roles) {
      const auto role = ParseCertificateRole(text);
      if (role.has_value() && (role->first == "*") == wildcard) flags.options.access.certificate_roles.push_back(*role);
    }
  }
  if (flags.reflection == "on") flags.options.reflection = latimer::server::Reflection::kOn;
  if (flags.reflection == "off") flags.options.reflection = latimer::server::Reflection::kOff;
}

// Puts a backup into the data folder and ends.
int Restore(const Flags& flags) {
  if (flags.options.data_dir.empty()) {
    std::cerr << "latimer-server: --restore needs --data-dir, the folder to restore into\n";
    return kUsageError;
  }
  const absl::StatusOr<latimer::server::Restored> restored =
      latimer::server::RestoreStore(flags.restore, flags.options.data_dir, latimer::server::NowMs());
  if (!restored.ok()) {
    std::cerr << "latimer-server: " << restored.status().message() << "\n";
    return kRuntimeError;
  }
  std::cout << "restored " << restored->agents << " agents, " << restored->campaigns << " campaigns, "
            << restored->measurements << " measurements, " << restored->model_versions << " model versions\n";
  if (!restored->kept.empty()) std::cout << "what was there before is now " << restored->kept << "\n";
  return 0;
}

// Each connection is a file; the system's usual limit of 1024 is soon reached.
void AllowManyConnections() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Waits for signals until one asks to stop.
void Serve(Server& server, const sigset_t& signals, JsonLogger& logger) {
  while (true) {
    int number = 0;
    if (sigwait(&signals, &number) != 0) continue;
    if (number != SIGHUP) {
      LogTo(&logger, LogLevel::kInfo, "draining", {{"signal", static_cast<int64_t>(number)}});
      server.Drain();
      LogTo(&logger, LogLevel::kInfo, "stopped");
      return;
    }
    const absl::Status status = server.ReloadPlatforms();
    if (!status.ok()) {
      LogTo(&logger, LogLevel::kError, "platforms not reloaded, the old ones serve on", {{"error", status.message()}});
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  latimer::server::KeepFreedMemory();
  // Before any thread starts: signals are taken by sigwait() alone.
  sigset_t signals;
  sigemptyset(&signals);
  for (int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a write beyond a limit fails like one to a full disk
  AllowManyConnections();

  Flags flags;
  CLI::App app("Latimer's server: answers how long neural networks run on embedded boards, over gRPC.",
               "latimer-server");
  app.footer(
      "SIGTERM and SIGINT drain and stop, SIGHUP reads the platform files again.\n\n"
      "Examples:\n"
      "  latimer-server                                         loopback, port 50051\n"
      "  latimer-server --listen 127.0.0.1:0                    any free port, printed when ready\n"
      "  latimer-server --listen 0.0.0.0:50051 --tls-cert server.pem --tls-key server.key\n"
      "  latimer-server --platforms-dir my-platforms --log-level debug\n"
      "  latimer-server --data-dir /var/lib/latimer             leads boards and fits their models\n"
      "  latimer-server --data-dir /var/lib/latimer --restore monday.latimer");
  app.set_version_flag("--version", latimer::server::VersionText());
  AddFlags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageError;
  }
  Finish(flags);
  if (!flags.restore.empty()) return Restore(flags);

  JsonLogger logger(*latimer::server::LogLevelFromName(flags.log_level));
  flags.options.logger = &logger;
  latimer::server::TakeGrpcLog(&logger);
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Create(flags.options);
  if (!server.ok()) {
    std::cerr << "latimer-server: " << server.status().message() << "\n";
    return kRuntimeError;
  }
  std::printf("listening on %s\n", (*server)->address().c_str());
  std::fflush(stdout);
  LogTo(&logger, LogLevel::kInfo, "serving", {{"address", (*server)->address()}});
  Serve(**server, signals, logger);
  // Not by the destructor, which waits for a fit that runs, for minutes perhaps: it is made again after the next start,
  // as after a kill.
  _exit(0);
}
