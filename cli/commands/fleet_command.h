// What the commands about boards have in common.
#ifndef LATIMER_CLI_COMMANDS_FLEET_COMMAND_H_
#define LATIMER_CLI_COMMANDS_FLEET_COMMAND_H_

#include <memory>
#include <string>

#include "cli/client/fleet_client.h"
#include "cli/commands/command.h"

namespace latimer::cli {

// A connection to the server the boards are enrolled with.
struct FleetConnection {
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<FleetClient> client;  // null: the error is printed
  int exit_code = kSuccess;             // of a command that has no client
};

// Prints why there is none: usage error without --server, since boards enrol with a server and this process has none.
FleetConnection ConnectToFleet(CommandContext& context);

// Prints the error and returns the exit code.
int Fail(CommandContext& context, const absl::Status& status);

// " --server lab:50051 --tls", to be put behind a command a person may want to run next.
std::string ServerFlags(const CommandContext& context);

// `name` as it is typed: without "agents/", "campaigns/" or "platforms/".
std::string ShortName(const std::string& name);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_COMMANDS_FLEET_COMMAND_H_
