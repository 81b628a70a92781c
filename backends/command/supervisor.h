// The process between this one and a toolchain's program. Everything here runs between fork and exec of a process that
// may have many threads: system calls only, no memory from the heap.
#ifndef LATIMER_BACKENDS_COMMAND_SUPERVISOR_H_
#define LATIMER_BACKENDS_COMMAND_SUPERVISOR_H_

#include <cstdint>

namespace latimer::command {

struct SupervisedProgram {
  const char* path = nullptr;
  char* const* argv = nullptr;
  char* const* environment = nullptr;
  const char* folder = nullptr;  // nullptr: as inherited
  int out = -1;
  int err = -1;
  int report = -1;    // gets one ProgramEnd
  int lifeline = -1;  // its other end is closed when the group has to die
  int64_t address_space_bytes = 0;
  int64_t cpu_seconds = 0;
  int64_t file_bytes = 0;
  int64_t open_files = 0;
};

struct ProgramEnd {
  enum Kind : int { kEnded = 1, kNotStarted = 2 };
  int kind = 0;
  int value = 0;  // of waitpid(), or errno of what failed
};

// The life of the forked process: starts the program, reports its end, and then waits to be killed with its group.
[[noreturn]] void Supervise(const SupervisedProgram& program);

}  // namespace latimer::command

#endif  // LATIMER_BACKENDS_COMMAND_SUPERVISOR_H_
