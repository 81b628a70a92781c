// latimer import-report --platform P --toolchain T --network N REPORT…
#ifndef LATIMER_CLI_COMMANDS_IMPORT_REPORT_H_
#define LATIMER_CLI_COMMANDS_IMPORT_REPORT_H_

#include <string>
#include <vector>

#include "cli/commands/command.h"

namespace latimer::cli {

struct ImportReportCommand {
  std::string platform;
  std::string toolchain;
  NetworkOptions network;  // one file
  std::string network_file;
  std::vector<std::string> reports;
  std::string subject;
  std::string precision;
  std::string hardware;
  bool validation = false;
  bool dry_run = false;
  Format format = Format::kTable;
};

// Returns the exit code. Nothing is stored unless every file can be read.
int RunImportReport(const ImportReportCommand& command, CommandContext& context);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_COMMANDS_IMPORT_REPORT_H_
