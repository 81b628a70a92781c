// A few lines at the bottom of a terminal that are drawn again in place.
#ifndef LATIMER_CLI_TERMINAL_LIVE_DISPLAY_H_
#define LATIMER_CLI_TERMINAL_LIVE_DISPLAY_H_

#include <string>
#include <vector>

#include "cli/terminal/output.h"

namespace latimer::cli {

// Not thread-safe. Needs a terminal that understands the usual escape sequences; lines must fit its width, for a line
// that wraps is two.
class LiveDisplay {
 public:
  explicit LiveDisplay(Output* output) : output_(output) {}
  ~LiveDisplay() { Clear(); }
  LiveDisplay(const LiveDisplay&) = delete;
  LiveDisplay& operator=(const LiveDisplay&) = delete;

  // Puts `lines` in the place of those shown before, in one write, so that nothing flickers.
  void Show(const std::vector<std::string>& lines);

  // Takes the lines away; to be called before anything else is printed.
  void Clear();

 private:
  // Moves to the first line shown and erases everything below.
  std::string Erase() const;

  Output* const output_;
  std::vector<std::string> shown_;
};

}  // namespace latimer::cli

#endif  // LATIMER_CLI_TERMINAL_LIVE_DISPLAY_H_
