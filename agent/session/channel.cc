#include "agent/session/channel.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace latimer::agent {

absl::StatusOr<std::shared_ptr<grpc::Channel>> DialServer(const cli::ConnectionOptions& options,
                                                          std::chrono::milliseconds heartbeat) {
  const auto within = [&](int heartbeats, int fewest_ms, int most_ms) {
    if (heartbeat.count() == 0) return most_ms;
    return static_cast<int>(std::clamp<int64_t>(heartbeats * heartbeat.count(), fewest_ms, most_ms));
  };
  grpc::ChannelArguments arguments;
  // Servers refuse pings that come more often than every second.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, within(3, 1'500, 15'000));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, within(2, 2'000, 10'000));
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5'000);  // the time a connection may take
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
  return cli::Connect(options, nullptr, arguments);
}

absl::Status ReachServer(const cli::ConnectionOptions& options) {
  constexpr auto kPatience = std::chrono::seconds(10);
  LATIMER_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel,
                           DialServer(options, std::chrono::milliseconds(0)));
  if (channel->WaitForConnected(std::chrono::system_clock::now() + kPatience)) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(options.server, " cannot be reached",
                                             options.uses_tls() ? " with TLS" : "", " within ", kPatience.count(),
                                             " s; is the address right, is there a "
                                             "firewall between?"));
}

}  // namespace latimer::agent
