#include "cli/terminal/wrap.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli/terminal/text_width.h"

namespace latimer::cli {

std::vector<std::string> Wrap(absl::string_view text, int width) {
  std::vector<std::string> lines;
  for (const absl::string_view paragraph : absl::StrSplit(text, '\n')) {
    std::string line;
    int columns = 0;
    for (const absl::string_view word : absl::StrSplit(paragraph, ' ', absl::SkipEmpty())) {
      const int word_columns = DisplayWidth(word);
      if (!line.empty() && columns + 1 + word_columns > width) {
        lines.push_back(std::move(line));
        line.clear();
        columns = 0;
      }
      if (!line.empty()) {
        line += ' ';
        ++columns;
      }
      absl::StrAppend(&line, word);
      columns += word_columns;
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string WrapHanging(absl::string_view text, absl::string_view first_prefix, int width) {
  const int indent = DisplayWidth(first_prefix);
  const std::string spaces(indent, ' ');
  std::string result;
  bool first = true;
  for (const std::string& line : Wrap(text, std::max(1, width - indent))) {
    if (line.empty() && !first) {
      absl::StrAppend(&result, "\n");
      continue;
    }
    absl::StrAppend(&result, first ? first_prefix : absl::string_view(spaces), line, "\n");
    first = false;
  }
  return result;
}

}  // namespace latimer::cli
