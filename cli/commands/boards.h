// latimer token create; latimer agents [revoke NAME | accept NAME]
#ifndef LATIMER_CLI_COMMANDS_BOARDS_H_
#define LATIMER_CLI_COMMANDS_BOARDS_H_

#include <string>

#include "absl/time/time.h"
#include "cli/commands/command.h"

namespace latimer::cli {

struct TokenCommand {
  std::string platform;  // empty: any
  absl::Duration lifetime = absl::Hours(24);
  Format format = Format::kTable;
};

// Makes a token and prints what to run on the board.
int RunTokenCreate(const TokenCommand& command, CommandContext& context);

struct AgentsCommand {
  std::string platform;  // empty: all
  Format format = Format::kTable;
};

int RunAgents(const AgentsCommand& command, CommandContext& context);

struct AgentCommand {
  std::string name;
  Format format = Format::kTable;
};

// Takes the agent's credential away.
int RunAgentRevoke(const AgentCommand& command, CommandContext& context);

// Accepts the board's changed fingerprint, after showing what differs.
int RunAgentAccept(const AgentCommand& command, CommandContext& context);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_COMMANDS_BOARDS_H_
