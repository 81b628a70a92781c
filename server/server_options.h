// How a Server is set up. Every field has a default that is safe on a developer's machine: loopback, bounded queues,
// bounded caches.
#ifndef LATIMER_SERVER_SERVER_OPTIONS_H_
#define LATIMER_SERVER_SERVER_OPTIONS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/network/import_options.h"
#include "server/access/access_options.h"

namespace latimer::server {

class Logger;

// PEM files. All empty: plaintext.
struct TlsOptions {
  std::string certificate_file;  // the server's certificate chain
  std::string key_file;          // its private key; needed with a certificate
  std::string client_ca_file;    // mutual TLS: only clients with a certificate of this authority get in
  // How often the files are looked at for newer ones.
  std::chrono::milliseconds reload = std::chrono::seconds(30);
};

enum class Reflection {
  kAuto,  // on where the server listens on loopback or not at all
  kOn,
  kOff,
};

// How boards are led.
struct FleetOptions {
  double heartbeat_seconds = 5;
  // A lease nobody renews for that long is lost, and its tasks are given again.
  double lease_seconds = 30;
  // A task lost that often fails: it is itself the likely cause.
  int most_leases = 3;
  int tasks_per_job = 16;
  // Most time one task may take on the board before its process is killed.
  double task_timeout_seconds = 60;
  // New results after which a running campaign is fitted again, beside the ends of stages.
  int refit_after = 250;
};

struct ServerOptions {
  // "host:port", port 0 picks a free one. Empty: no socket, only Server::InProcessChannel().
  std::string listen_address = "127.0.0.1:50051";
  // Allows plaintext on an address other machines can reach. Without it, and without TLS, Create() refuses.
  bool insecure = false;
  TlsOptions tls;
  Reflection reflection = Reflection::kAuto;
  AccessOptions access;
  // "host:port" where Prometheus scrapes /metrics, port 0 picks a free one. Empty: nowhere.
  std::string metrics_address;

  // Folders with platform files (*.textproto). Empty: FindPlatformsDir() of server/catalog.h.
  std::vector<std::string> platforms_dirs;

  // Largest request and answer; -1: no limit. Initializer data is not needed to estimate, so networks fit easily.
  int64_t max_message_bytes = 8 << 20;
  // Limits on the contents of networks.
  ImportLimits import_limits;

  // Threads for large requests; 0: one per core.
  int worker_threads = 0;
  // Large requests that may wait for a worker; the next one is refused with RESOURCE_EXHAUSTED and RetryInfo.
  size_t max_queued_requests = 256;
  // Requests up to this size are answered on the thread that received them; larger ones go to a worker.
  size_t inline_request_bytes = 64 << 10;
  // Deadline of requests that came without one; 0: none.
  std::chrono::milliseconds default_deadline = std::chrono::seconds(10);
  // Requests of one EstimateStream that are read and not yet answered; beyond it the server stops reading.
  int max_stream_in_flight = 64;
  // Time a new connection may take for its handshake.
  std::chrono::milliseconds handshake_timeout = std::chrono::seconds(20);
  // Concurrent calls per connection.
  int max_calls_per_connection = 100;
  // Memory gRPC may use for buffers; 0: no quota.
  size_t grpc_memory_bytes = 512 << 20;

  // Answers of Estimate remembered by the exact bytes of the request; 0: none are.
  size_t response_cache_bytes = 64 << 20;
  // Unit times remembered (a few hundred bytes each).
  size_t unit_memo_entries = 1 << 17;

  // Drain(): how long calls are still accepted after health turned NOT_SERVING, so that balancers notice …
  std::chrono::milliseconds drain_time = std::chrono::seconds(2);
  // … and how long running calls may then take before they are cancelled.
  std::chrono::milliseconds shutdown_grace = std::chrono::seconds(30);

  // Whether features of layers that callers ask about are kept in memory, so that campaigns can measure where answers
  // matter (server/queried_layers.h). Networks, names and callers never are.
  bool remember_queries = true;

  // Folder for what the server remembers: agents, campaigns, measurements, fitted models. Created when missing. Empty:
  // nothing is remembered, and the services of boards answer FAILED_PRECONDITION.
  std::string data_dir;
  // Data folder of another server on this machine whose fitted models this one answers with, as they change. Empty:
  // none. Not together with data_dir.
  std::string follow_dir;
  FleetOptions fleet;

  // Not owned, must outlive the server; null: nothing is logged.
  Logger* logger = nullptr;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_SERVER_OPTIONS_H_
