// Emphasis on terminals that have it; nothing anywhere else.
#ifndef LATIMER_CLI_TERMINAL_STYLE_H_
#define LATIMER_CLI_TERMINAL_STYLE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace latimer::cli {

// What a piece of text is for; how that looks is decided here alone.
enum class Style {
  kPlain,
  kTitle,    // names of networks and platforms
  kHeader,   // titles of columns
  kDim,      // beside the point
  kHot,      // slowest of all
  kWarm,     // among the slowest
  kGood,     // best of several
  kWarning,  // warnings, "simulated"
  kError,    // errors
};

// `text` between the escape sequences of `style`; `text` itself if `color` is false or the style is plain.
std::string Paint(absl::string_view text, Style style, bool color);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_TERMINAL_STYLE_H_
