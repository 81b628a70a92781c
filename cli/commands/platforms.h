// latimer platforms [NAME]
#ifndef LATIMER_CLI_COMMANDS_PLATFORMS_H_
#define LATIMER_CLI_COMMANDS_PLATFORMS_H_

#include "cli/commands/command.h"

namespace latimer::cli {

struct PlatformsCommand {
  std::string name;  // empty: list all
  Format format = Format::kTable;
};

int RunPlatforms(const PlatformsCommand& command, CommandContext& context);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_COMMANDS_PLATFORMS_H_
