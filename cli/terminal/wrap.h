// Breaks running text into lines.
#ifndef LATIMER_CLI_TERMINAL_WRAP_H_
#define LATIMER_CLI_TERMINAL_WRAP_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace latimer::cli {

// Lines of at most `width` columns, broken at spaces; a word longer than a line stands alone and sticks out, so that
// names stay whole for copying. Line breaks in `text` start a new line, an empty line stays one.
std::vector<std::string> Wrap(absl::string_view text, int width);

// The lines of Wrap() joined: the first after `first_prefix`, the others after as many spaces; each line with a
// trailing line break. `width` includes the prefix.
std::string WrapHanging(absl::string_view text, absl::string_view first_prefix, int width);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_TERMINAL_WRAP_H_
