// Text as a terminal shows it: columns taken, safe characters, shortening, padding.
//
// Names come from files of strangers, so everything printed goes through Printable() first: control characters and
// malformed UTF-8 become visible replacements and can neither move the cursor nor break a table.
#ifndef LATIMER_CLI_TERMINAL_TEXT_WIDTH_H_
#define LATIMER_CLI_TERMINAL_TEXT_WIDTH_H_

#include <string>

#include "absl/strings/string_view.h"

namespace latimer::cli {

// Columns `text` takes: 0 for combining marks and controls, 2 for East Asian wide characters and emoji, else 1.
// A malformed byte counts as one column.
int DisplayWidth(absl::string_view text);

// `text` with control characters (line breaks and tabs too) and malformed UTF-8 replaced by U+FFFD; by '?' with
// `ascii`, which replaces every other non-ASCII character too.
std::string Printable(absl::string_view text, bool ascii = false);

// `text` in at most `width` columns. What is cut out of the middle (the end) is marked by an ellipsis, "…" or, with
// `ascii`, "..". The end of a middle-shortened text keeps the larger half: names of layers differ there.
std::string ShortenMiddle(absl::string_view text, int width, bool ascii = false);
std::string ShortenEnd(absl::string_view text, int width, bool ascii = false);

// `text` with spaces up to `width` columns; longer text is left alone.
std::string PadRight(absl::string_view text, int width);
std::string PadLeft(absl::string_view text, int width);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_TERMINAL_TEXT_WIDTH_H_
