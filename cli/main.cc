// latimer: the tool people type.
#include <signal.h>
#include <unistd.h>

#include <memory>

#include "cli/app.h"
#include "server/server.h"

namespace {

using latimer::server::Server;
using latimer::server::ServerOptions;

// An estimator of our own: the same server, without a socket.
absl::StatusOr<std::shared_ptr<grpc::Channel>> StartLocalEstimator() {
  static std::unique_ptr<Server>* const kServer = new std::unique_ptr<Server>();
  ServerOptions options;
  options.listen_address = "";
  options.max_message_bytes = -1;
  options.response_cache_bytes = 0;
  options.default_deadline = std::chrono::milliseconds(0);
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Create(options);
  if (!server.ok()) return server.status();
  *kServer = *std::move(server);
  return (*kServer)->InProcessChannel();
}

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  latimer::cli::DescriptorOutput out(STDOUT_FILENO);
  latimer::cli::DescriptorOutput err(STDERR_FILENO, 0);
  latimer::cli::CommandContext context;
  context.out = &out;
  context.err = &err;
  context.local = StartLocalEstimator;
  int code = latimer::cli::RunApp({argv + 1, argv + argc}, latimer::cli::ProcessEnvironment(), std::move(context));
  if (const absl::Status status = out.Flush(); !status.ok()) {
    err.Write("latimer: " + std::string(status.message()) + "\n");
    code = latimer::cli::kRuntimeError;
  }
  // Threads of gRPC must not outlive static objects.
  _exit(code);
}
