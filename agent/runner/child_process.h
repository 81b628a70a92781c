// One child process with a socket to it, on descriptor 3 of the child.
#ifndef LATIMER_AGENT_RUNNER_CHILD_PROCESS_H_
#define LATIMER_AGENT_RUNNER_CHILD_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/base/descriptor.h"

namespace latimer::agent {

// Where the child finds its end of the socket pair.
inline constexpr int kChildSocket = 3;

struct ChildCommand {
  std::string program;              // path
  std::vector<std::string> argv;    // with the program's name first
  std::string output_path;          // gets the child's stdout and stderr, emptied at the start; empty: inherited
  int64_t address_space_bytes = 0;  // RLIMIT_AS; 0: as inherited
};

// Dies with this object, and with the THREAD that started it (PR_SET_PDEATHSIG is per thread): start it from one that
// lives as long as it is needed. Leads a process group of its own, so that Ctrl-C at the agent's terminal does not end
// a measurement and whatever the engine starts dies with it. Leaves no core files.
class ChildProcess {
 public:
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(const ChildCommand& command);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  int socket() const { return socket_.get(); }
  pid_t pid() const { return pid_; }
  // Readable when the child has ended; -1 on kernels before 5.3.
  int death() const { return death_.get(); }

  // Waits up to `patience` for the child to end by itself, then kills it. The answer says how it ended, for example
  // "was killed by signal SIGSEGV", "ended with exit code 3", or "did not end and was killed".
  std::string End(std::chrono::milliseconds patience);

 private:
  ChildProcess(pid_t pid, Descriptor socket);

  pid_t pid_;  // -1: reaped
  Descriptor socket_;
  Descriptor death_;
};

}  // namespace latimer::agent

#endif  // LATIMER_AGENT_RUNNER_CHILD_PROCESS_H_
