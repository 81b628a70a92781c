// Text of HTML and SVG that is well-formed as XML.
#ifndef LATIMER_CLI_FORMAT_MARKUP_H_
#define LATIMER_CLI_FORMAT_MARKUP_H_

#include <initializer_list>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace latimer::cli {

// `text` as contents of an element or a quoted attribute: <, >, &, quotes and apostrophes as references; characters
// XML does not allow, such as escape sequences of terminals, and malformed UTF-8 as U+FFFD.
std::string Escape(absl::string_view text);

using Attributes = std::initializer_list<std::pair<absl::string_view, std::string>>;

// <name a="…">content</name>; `content` is markup, attribute values are escaped. Without content: <name a="…"/>, but
// for elements whose end HTML wants to see.
std::string Element(absl::string_view name, Attributes attributes, absl::string_view content = "");

// Element() with text as its contents.
std::string TextElement(absl::string_view name, Attributes attributes, absl::string_view text);

// A coordinate: at most two decimal places, never "nan".
std::string Coordinate(double value);

}  // namespace latimer::cli

#endif  // LATIMER_CLI_FORMAT_MARKUP_H_
