// Runs one program of a toolchain to its end: time limit, bounded output, limits of resources, cancellation.
//
// The program and whatever it starts form a process group of their own, which a small supervisor leads. The group dies
// when the program ends, when its time is up, and when this process dies, however that happens.
#ifndef LATIMER_BACKENDS_COMMAND_PROCESS_H_
#define LATIMER_BACKENDS_COMMAND_PROCESS_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace latimer::command {

struct ProcessRequest {
  std::vector<std::string> argv;  // the program first; without '/' it is looked for in PATH
  std::string folder;             // to run in; empty: this process's
  std::vector<std::pair<std::string, std::string>> environment;  // on top of this process's
  std::chrono::milliseconds limit{60'000};
  // Between SIGTERM and SIGKILL: tools that hold a device free it.
  std::chrono::milliseconds grace{2'000};
  // Kept of each of stdout and stderr; the rest is read and dropped.
  size_t most_output = size_t{64} << 20;
  // 0: as inherited.
  int64_t address_space_bytes = 0;
  int64_t cpu_seconds = 0;
  int64_t file_bytes = 0;
  int64_t open_files = 0;
  // A descriptor that becomes readable when the program is to stop; -1: none.
  int cancel = -1;
};

struct ProcessResult {
  std::string out;
  std::string err;
  bool output_cut = false;
  int exit_code = -1;  // -1: it was killed
  int signal = 0;      // 0: it ended by itself
  bool timed_out = false;
  bool cancelled = false;
  double seconds = 0;

  bool ended_well() const { return exit_code == 0 && !timed_out && !cancelled; }
  // "ended with exit code 3", "was killed by signal SIGSEGV", "did not end within 60 s and was killed".
  std::string Ending() const;
};

// Errors: NOT_FOUND or PERMISSION_DENIED where the program cannot be started, INTERNAL. A program that fails is no
// error. Thread-safe.
absl::StatusOr<ProcessResult> RunProcess(const ProcessRequest& request);

// The program's path: `name` itself where it has a '/', else where PATH has it. Empty: there is no such program that
// may be run.
std::string FindProgram(absl::string_view name);

}  // namespace latimer::command

#endif  // LATIMER_BACKENDS_COMMAND_PROCESS_H_
