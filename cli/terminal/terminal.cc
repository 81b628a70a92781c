#include "cli/terminal/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"

namespace latimer::cli {
namespace {

bool LocaleIsUtf8(const Environment& environment) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::optional<std::string> value = environment(name);
    if (!value || value->empty()) continue;
    const std::string lower = absl::AsciiStrToLower(*value);
    return absl::StrContains(lower, "utf-8") || absl::StrContains(lower, "utf8");
  }
  return false;
}

bool WantsColor(const Environment& environment, bool is_tty, ColorMode color) {
  if (color != ColorMode::kAuto) return color == ColorMode::kAlways;
  if (!is_tty || !environment("NO_COLOR").value_or("").empty()) return false;
  const std::optional<std::string> term = environment("TERM");
  return term && *term != "dumb" && !term->empty();
}

}  // namespace

Environment ProcessEnvironment() {
  return [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

Terminal DescribeTerminal(const Environment& environment, bool is_tty, int terminal_columns, bool force_ascii,
                          ColorMode color) {
  Terminal terminal;
  int columns = 0;
  if (!absl::SimpleAtoi(environment("COLUMNS").value_or(""), &columns) || columns <= 0) columns = terminal_columns;
  terminal.width = columns <= 0 ? kDefaultWidth : std::max(columns, kMinimumWidth);
  terminal.ascii = force_ascii || !LocaleIsUtf8(environment);
  terminal.color = WantsColor(environment, is_tty, color);
  return terminal;
}

int TerminalColumns(int descriptor) {
  winsize size = {};
  if (isatty(descriptor) == 0 || ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

}  // namespace latimer::cli
