// latimer platforms show NAME, latimer report --platform P
#ifndef LATIMER_CLI_COMMANDS_PLATFORM_SHOW_H_
#define LATIMER_CLI_COMMANDS_PLATFORM_SHOW_H_

#include <string>

#include "cli/commands/command.h"

namespace latimer::cli {

struct PlatformShowCommand {
  std::string platform;
  std::string sweep;  // which to draw; empty: the one that says most
  Format format = Format::kTable;
};

// What the models of a platform learnt, in the terminal. Returns the exit code.
int RunPlatformShow(const PlatformShowCommand& command, CommandContext& context);

struct ReportCommand {
  std::string platform;
  std::string output;  // empty: report-<platform>.html; "-": standard output
  double confidence = 0.9;
  Format format = Format::kTable;  // kJson: what the report is made of, to standard output unless `output` is given
};

// The same with measured networks, as one HTML file. Returns the exit code.
int RunReport(const ReportCommand& command, CommandContext& context);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_COMMANDS_PLATFORM_SHOW_H_
