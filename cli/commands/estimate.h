// latimer estimate FILE… --platform P[,P…]
#ifndef LATIMER_CLI_COMMANDS_ESTIMATE_H_
#define LATIMER_CLI_COMMANDS_ESTIMATE_H_

#include <string>
#include <vector>

#include "cli/commands/command.h"
#include "latimer/v1/estimate.pb.h"

namespace latimer::cli {

// How the predicted execution graph is shown in place of the table of layers.
enum class MappingForm { kNone, kText, kDot };

struct EstimateCommand {
  NetworkOptions network;
  std::vector<std::string> platforms;
  v1::ModelKind model_kind = v1::MODEL_KIND_AUTO;
  double confidence = 0.9;
  Format format = Format::kTable;
  int top = 0;          // only the slowest units; 0: all
  bool layers = false;  // tables of layers also for several files
  MappingForm mapping = MappingForm::kNone;
  std::string output;  // file for the mapping; empty or "-": standard output
};

// Returns the exit code. A file that fails does not stop the others.
int RunEstimate(const EstimateCommand& command, CommandContext& context);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_COMMANDS_ESTIMATE_H_
