// latimer evaluate --platform P DIR|FILE…
#ifndef LATIMER_CLI_COMMANDS_EVALUATE_H_
#define LATIMER_CLI_COMMANDS_EVALUATE_H_

#include <string>

#include "cli/commands/command.h"
#include "latimer/v1/estimate.pb.h"

namespace latimer::cli {

struct EvaluateCommand {
  NetworkOptions network;  // files and folders
  std::string platform;
  v1::ModelKind model_kind = v1::MODEL_KIND_AUTO;
  double confidence = 0.9;
  int repetitions = 2;
  bool reuse = false;
  Format format = Format::kTable;
};

// Returns the exit code: kSuccess also with networks the board refuses, which are listed with the reason; not if one
// could not be read or estimated, or if none could be compared.
int RunEvaluate(const EvaluateCommand& command, CommandContext& context);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_COMMANDS_EVALUATE_H_
