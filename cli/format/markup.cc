#include "cli/format/markup.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/format/numbers.h"
#include "cli/terminal/text_width.h"

namespace latimer::cli {
namespace {

// HTML reads "<name/>" of other elements as an opening tag.
bool MayCloseItself(absl::string_view name) {
  constexpr std::array<absl::string_view, 10> kNames = {"meta", "link", "br",     "line",     "rect",
                                                        "path", "use",  "circle", "polyline", "col"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

}  // namespace

std::string Escape(absl::string_view text) {
  std::string escaped;
  // XML has no such characters, though UTF-8 can say them.
  const std::string legal = absl::StrReplaceAll(Printable(text), {{"\xef\xbf\xbe", "\xef\xbf\xbd"},  //
                                                                  {"\xef\xbf\xbf", "\xef\xbf\xbd"}});
  for (const char c : legal) {
    switch (c) {
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '&':
        escaped += "&amp;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string Element(absl::string_view name, Attributes attributes, absl::string_view content) {
  std::string text = absl::StrCat("<", name);
  for (const auto& [key, value] : attributes) absl::StrAppend(&text, " ", key, "=\"", Escape(value), "\"");
  if (content.empty() && MayCloseItself(name)) return text + "/>";
  absl::StrAppend(&text, ">", content, "</", name, ">");
  return text;
}

std::string TextElement(absl::string_view name, Attributes attributes, absl::string_view text) {
  return Element(name, attributes, Escape(text));
}

std::string Coordinate(double value) {
  if (!std::isfinite(value)) return "0";
  return FormatExact(std::round(value * 100) / 100);
}

}  // namespace latimer::cli
