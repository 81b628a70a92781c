// Ctrl-C during a long command: the command ends in good order instead of in the middle of a line.
#ifndef LATIMER_CLI_TERMINAL_INTERRUPT_H_
#define LATIMER_CLI_TERMINAL_INTERRUPT_H_

#include <signal.h>

#include <functional>

namespace latimer::cli {

// Says whether the person asked to stop. Tests make their own.
using Interrupted = std::function<bool()>;

// Catches SIGINT and SIGTERM while it lives. A second signal ends the process as usual, should the command not come to
// its end. At most one at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  // Whether a signal has come.
  static bool Caught();

 private:
  struct sigaction old_int_ = {};
  struct sigaction old_term_ = {};
};

}  // namespace latimer::cli

#endif  // LATIMER_CLI_TERMINAL_INTERRUPT_H_
