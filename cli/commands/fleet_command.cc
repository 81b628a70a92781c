#include "cli/commands/fleet_command.h"

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace latimer::cli {

FleetConnection ConnectToFleet(CommandContext& context) {
  FleetConnection connection;
  if (context.connection.server.empty()) {
    PrintError(
        context, "",
        InvalidArgument("NO_SERVER",
                        "--server is needed: boards enrol with a server, and there is none in this process. Give "
                        "its address, such as --server localhost:50051; 'latimer-server' starts one"));
    connection.exit_code = kUsageError;
    return connection;
  }
  absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = Connect(context.connection, context.local);
  if (!channel.ok()) {
    connection.exit_code = Fail(context, channel.status());
    return connection;
  }
  connection.channel = *channel;
  connection.client = std::make_unique<FleetClient>(*channel, context.connection);
  return connection;
}

int Fail(CommandContext& context, const absl::Status& status) {
  PrintError(context, "", status);
  return kRuntimeError;
}

std::string ServerFlags(const CommandContext& context) {
  const ConnectionOptions& connection = context.connection;
  std::string flags = absl::StrCat(" --server ", connection.server);
  if (!connection.tls_ca.empty()) absl::StrAppend(&flags, " --tls-ca ", connection.tls_ca);
  if (!connection.tls_cert.empty()) {
    absl::StrAppend(&flags, " --tls-cert ", connection.tls_cert, " --tls-key ", connection.tls_key);
  }
  if (connection.tls && connection.tls_ca.empty() && connection.tls_cert.empty()) absl::StrAppend(&flags, " --tls");
  return flags;
}

std::string ShortName(const std::string& name) { return name.substr(name.find('/') + 1); }

}  // namespace latimer::cli
