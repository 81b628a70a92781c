#include "agent/session/channel.h"

namespace latimer::agent {

absl::StatusOr<std::shared_ptr<grpc::Channel>> DialServer(const cli::ConnectionOptions& options) {
  grpc::ChannelArguments arguments;
  // Servers refuse pings that come more often than every 10 s.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 15'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5'000);  // the time a connection may take
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
  return cli::Connect(options, nullptr, arguments);
}

}  // namespace latimer::agent
