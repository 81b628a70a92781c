// latimer measure FILE… --platform P
#ifndef LATIMER_CLI_COMMANDS_MEASURE_H_
#define LATIMER_CLI_COMMANDS_MEASURE_H_

#include <string>

#include "cli/commands/command.h"

namespace latimer::cli {

struct MeasureCommand {
  NetworkOptions network;
  std::string platform;
  int repetitions = 1;
  bool layers = false;
  bool reuse = false;
  Format format = Format::kTable;
};

// Returns the exit code. A network that fails does not stop the others.
int RunMeasure(const MeasureCommand& command, CommandContext& context);

// Whether an error concerns the server, the platform or all its boards, so that no other network will do better.
bool ConcernsAllNetworks(const absl::Status& status);

// Whether the person interrupted the call.
bool WasInterrupted(const absl::Status& status);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_COMMANDS_MEASURE_H_
