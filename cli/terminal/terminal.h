// What the place we print to can show.
#ifndef LATIMER_CLI_TERMINAL_TERMINAL_H_
#define LATIMER_CLI_TERMINAL_TERMINAL_H_

#include <functional>
#include <optional>
#include <string>

namespace latimer::cli {

// Properties of an output; a plain value, so that reports can be rendered for any terminal in tests.
struct Terminal {
  int width = 100;     // columns to fill at most
  bool ascii = false;  // only ASCII may be printed
  bool color = false;  // escape sequences are understood and wanted
};

enum class ColorMode { kAuto, kAlways, kNever };

// Value of an environment variable; nullopt if unset.
using Environment = std::function<std::optional<std::string>(const char* name)>;

// The process's environment.
Environment ProcessEnvironment();

inline constexpr int kMinimumWidth = 80;
inline constexpr int kDefaultWidth = 100;

// Width: COLUMNS, else the terminal's (`terminal_columns`, 0 if there is none), else 100; at least 80.
// ASCII: `force_ascii`, or a locale (LC_ALL, LC_CTYPE, LANG) that is not UTF-8.
// Colour: `color`; kAuto: on a terminal that is not "dumb", unless NO_COLOR is set and not empty.
Terminal DescribeTerminal(const Environment& environment, bool is_tty, int terminal_columns, bool force_ascii,
                          ColorMode color);

// Columns of the terminal behind a file descriptor; 0 if it is none or does not say.
int TerminalColumns(int descriptor);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_TERMINAL_TERMINAL_H_
