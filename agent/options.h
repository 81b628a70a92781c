// The agent's command line.
#ifndef LATIMER_AGENT_OPTIONS_H_
#define LATIMER_AGENT_OPTIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "agent/engine/serve_tasks.h"

namespace latimer::agent {

struct CommandLine {
  AgentOptions agent;
  EngineOptions engine;
  bool run_task = false;   // this is the child process: only `engine` counts
  bool self_test = false;  // check the board and end
  bool json = false;       // of the self-test
};

// nullopt: help, version or an error was printed, and `exit_code` says which (0, or 2 for a usage error).
std::optional<CommandLine> ParseCommandLine(int argc, const char* const* argv, int* exit_code);

// "0,2-4" -> 0 2 3 4. INVALID_ARGUMENT for anything else.
absl::StatusOr<std::vector<int>> ParseCpuList(absl::string_view text);

// The child's command line for these settings.
std::vector<std::string> ChildArguments(const EngineOptions& engine);

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_OPTIONS_H_
