// Horizontal bars made of characters.
#ifndef LATIMER_CLI_TERMINAL_BAR_H_
#define LATIMER_CLI_TERMINAL_BAR_H_

#include <string>

namespace latimer::cli {

// A bar of `fraction` (clipped to 0 … 1) of `width` columns, without padding. Unicode bars resolve eighths of a
// column, ASCII bars whole ones ('#'). Anything above 0 shows at least the smallest mark ('.' in ASCII).
std::string Bar(double fraction, int width, bool ascii);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_TERMINAL_BAR_H_
