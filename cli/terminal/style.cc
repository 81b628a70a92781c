#include "cli/terminal/style.h"

#include "absl/strings/str_cat.h"

namespace latimer::cli {
namespace {

// Only the eight base colours: they follow the user's palette, on dark and on light backgrounds.
absl::string_view Sequence(Style style) {
  switch (style) {
    case Style::kPlain:
      return "";
    case Style::kTitle:
      return "\x1b[1m";
    case Style::kHeader:
      return "\x1b[1m";
    case Style::kDim:
      return "\x1b[2m";
    case Style::kHot:
      return "\x1b[1;31m";
    case Style::kWarm:
      return "\x1b[33m";
    case Style::kGood:
      return "\x1b[32m";
    case Style::kWarning:
      return "\x1b[33m";
    case Style::kError:
      return "\x1b[1;31m";
  }
  return "";
}

}  // namespace

std::string Paint(absl::string_view text, Style style, bool color) {
  const absl::string_view sequence = Sequence(style);
  if (!color || sequence.empty() || text.empty()) return std::string(text);
  return absl::StrCat(sequence, text, "\x1b[0m");
}

}  // namespace latimer::cli
