// Server: Latimer's gRPC services in one object, over a socket or in process.
//
//   ServerOptions options;
//   options.listen_address = "";
//   LATIMER_ASSIGN_OR_RETURN(std::unique_ptr<Server> server, Server::Create(options));
//   auto stub = v1::EstimationService::NewStub(server->InProcessChannel());
//
// Safe for concurrent use. Stubs of InProcessChannel() must not start calls once Drain() or the destructor
// has begun: the transport of gRPC 1.51 then calls through a null pointer.
#ifndef LATIMER_SERVER_SERVER_H_
#define LATIMER_SERVER_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/server_options.h"

namespace grpc {
class Channel;
}

namespace latimer::server {

class Server {
 public:
  // Loads the platforms, then starts to serve. Errors: INVALID_ARGUMENT (options, platform files), NOT_FOUND (no
  // platform folder), FAILED_PRECONDITION (a reachable address without TLS and without `insecure`), UNAVAILABLE (the
  // address cannot be used, for example because another process has it).
  static absl::StatusOr<std::unique_ptr<Server>> Create(ServerOptions options);

  // Shuts down at once, cancelling what runs; call Drain() before to be graceful.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Port that was bound; 0 without a socket.
  int port() const;

  // "host:port" with the bound port; empty without a socket.
  const std::string& address() const;

  // "host:port" where metrics are served; empty where they are not.
  const std::string& metrics_address() const;

  // A channel that reaches this server without a socket. Message size is not limited on the client's side.
  std::shared_ptr<grpc::Channel> InProcessChannel();

  // Reads the platform folders again and swaps them in; running requests keep what they began with. On an error the
  // old platforms stay.
  absl::Status ReloadPlatforms();

  // Turns health to NOT_SERVING, serves on for ServerOptions::drain_time, refuses new calls, waits for running ones up
  // to ServerOptions::shutdown_grace, cancels the rest. Returns when all is done; later calls return at once.
  void Drain();

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace latimer::server

#endif  // LATIMER_SERVER_SERVER_H_
