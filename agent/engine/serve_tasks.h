// The child process: one engine, task after task, until the agent goes away.
#ifndef LATIMER_AGENT_ENGINE_SERVE_TASKS_H_
#define LATIMER_AGENT_ENGINE_SERVE_TASKS_H_

#include <string>
#include <vector>

#include "backends/registry.h"

namespace latimer::agent {

struct EngineOptions {
  std::string backend;
  BackendOptions settings;
  std::vector<int> cpus;  // processors to pin to; empty: none
};

// Speaks agent/runner/wire.h on `socket`; returns the exit code.
int ServeTasks(const EngineOptions& options, int socket);

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_ENGINE_SERVE_TASKS_H_
