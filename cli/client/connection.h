// How the tool reaches an estimator: over the network, or in its own process.
#ifndef LATIMER_CLI_CLIENT_CONNECTION_H_
#define LATIMER_CLI_CLIENT_CONNECTION_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/support/channel_arguments.h"

namespace latimer::cli {

struct ConnectionOptions {
  std::string server;                          // "host:port"; empty: in process
  bool tls = false;                            // also true with any of the files
  std::string tls_ca;                          // PEM; empty: the system's authorities
  std::string tls_cert;                        // PEM; for servers that ask for a client's certificate
  std::string tls_key;                         // PEM; needed with tls_cert
  std::string token;                           // of a client, sent with every call; empty: none
  std::string token_file;                      // holds the token; before `token`
  bool insecure = false;                       // the token may travel in the clear
  absl::Duration timeout = absl::Seconds(30);  // of each call
  std::string user_agent = "latimer-cli";

  bool uses_tls() const { return tls || !tls_ca.empty() || !tls_cert.empty(); }
};

// Starts an estimator in this process and hands out a channel to it, which keeps it alive.
using LocalEstimator = std::function<absl::StatusOr<std::shared_ptr<grpc::Channel>>()>;

// A channel as the options want it. Dialling happens at the first call.
// Errors: INVALID_ARGUMENT, NOT_FOUND (certificate and token files), FAILED_PRECONDITION (a token without TLS to
// another machine, and without `insecure`), those of `local`. `keepalive`: a caller's own pings and pauses between
// attempts, in place of those that suit a person who waits.
absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const ConnectionOptions& options, const LocalEstimator& local,
                                                       const std::optional<grpc::ChannelArguments>& keepalive = {});

}  // namespace latimer::cli

#endif  // LATIMER_CLI_CLIENT_CONNECTION_H_
