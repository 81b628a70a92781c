// The tool's command line: parses it and runs the command.
#ifndef LATIMER_CLI_APP_H_
#define LATIMER_CLI_APP_H_

#include <string>
#include <vector>

#include "cli/commands/command.h"

namespace latimer::cli {

// `arguments` without the program's name. `context` holds outputs and the local estimator; terminals and connection are
// filled in from flags and `environment`. Returns the exit code: 0 success, 1 an error at run time, 2 a usage error.
int RunApp(std::vector<std::string> arguments, const Environment& environment, CommandContext context);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_APP_H_
