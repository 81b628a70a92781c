// latimer platforms versions P; latimer platforms rollback P [--version V]
#ifndef LATIMER_CLI_COMMANDS_PLATFORM_VERSIONS_H_
#define LATIMER_CLI_COMMANDS_PLATFORM_VERSIONS_H_

#include <string>

#include "cli/commands/command.h"

namespace latimer::cli {

struct PlatformVersionsCommand {
  std::string platform;
  std::string version;  // of a roll-back; empty: the previous one
  Format format = Format::kTable;
};

int RunPlatformVersions(const PlatformVersionsCommand& command, CommandContext& context);

int RunPlatformRollback(const PlatformVersionsCommand& command, CommandContext& context);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_COMMANDS_PLATFORM_VERSIONS_H_
