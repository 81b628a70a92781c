// One line on a terminal that says how far a long command is.
#ifndef LATIMER_CLI_TERMINAL_PROGRESS_H_
#define LATIMER_CLI_TERMINAL_PROGRESS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "cli/terminal/output.h"
#include "cli/terminal/terminal.h"

namespace latimer::cli {

// Shows "[12/109] name" and takes it away again; prints nothing unless `enabled` and there are several steps.
class Progress {
 public:
  Progress(Output* output, bool enabled, int steps, const Terminal& terminal)
      : output_(output), enabled_(enabled && steps > 1), steps_(steps), terminal_(terminal) {}
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // The next step begins.
  void Step(absl::string_view name);

  // Takes the line away; to be called before anything else is printed.
  void Clear();

 private:
  Output* const output_;
  const bool enabled_;
  const int steps_;
  const Terminal terminal_;
  int done_ = 0;
  bool shown_ = false;
};

}  // namespace latimer::cli

#endif  // LATIMER_CLI_TERMINAL_PROGRESS_H_
