// latimer network FILE…
#ifndef LATIMER_CLI_COMMANDS_NETWORK_H_
#define LATIMER_CLI_COMMANDS_NETWORK_H_

#include "cli/commands/command.h"

namespace latimer::cli {

struct NetworkCommand {
  NetworkOptions network;
  Format format = Format::kTable;
};

int RunNetwork(const NetworkCommand& command, CommandContext& context);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_COMMANDS_NETWORK_H_
