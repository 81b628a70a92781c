#include "backends/command/words.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer::command {
namespace {

Error Bad(absl::string_view text, absl::string_view problem) {
  return InvalidArgument("BAD_TOOLCHAIN", absl::StrCat("'", text, "': ", problem)).With("text", text);
}

}  // namespace

absl::StatusOr<std::string> FillIn(absl::string_view text, const Values& values) {
  std::string filled;
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '{') {
      filled += text[i++];
      continue;
    }
    if (text.substr(i, 2) == "{{") {
      filled += '{';
      i += 2;
      continue;
    }
    const size_t end = text.find('}', i);
    if (end == absl::string_view::npos) return Bad(text, "a brace is not closed; write {{ for a brace");
    const std::string name(text.substr(i + 1, end - i - 1));
    const auto found = values.find(name);
    if (found == values.end()) return Bad(text, absl::StrCat("there is nothing called {", name, "}"));
    filled += found->second;
    i = end + 1;
  }
  return filled;
}

absl::StatusOr<std::vector<std::string>> FillInWords(absl::string_view text, const Values& values) {
  std::vector<std::string> words;
  std::string word;
  bool quoted = false;
  bool started = false;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (!quoted && absl::ascii_isspace(static_cast<unsigned char>(text[i])))) {
      if (!started) continue;
      LATIMER_ASSIGN_OR_RETURN(std::string filled, FillIn(word, values));
      if (!filled.empty()) words.push_back(std::move(filled));
      word.clear();
      started = false;
      continue;
    }
    started = true;
    if (text[i] == '\'') {
      quoted = !quoted;
    } else {
      word += text[i];
    }
  }
  if (quoted) return Bad(text, "a quote is not closed");
  return words;
}

absl::StatusOr<bool> Holds(absl::string_view condition, const Values& values) {
  if (absl::StripAsciiWhitespace(condition).empty()) return true;
  bool holds = true;
  for (absl::string_view part : absl::StrSplit(condition, ',')) {
    part = absl::StripAsciiWhitespace(part);
    const size_t sign = part.find('=');
    if (sign == absl::string_view::npos || sign == 0) return Bad(condition, "a condition is name=value or name!=value");
    const bool differs = part[sign - 1] == '!';
    const std::string name(absl::StripAsciiWhitespace(part.substr(0, sign - (differs ? 1 : 0))));
    const auto found = values.find(name);
    if (found == values.end()) return Bad(condition, absl::StrCat("there is no setting '", name, "'"));
    const std::vector<absl::string_view> choices = absl::StrSplit(part.substr(sign + 1), '|');
    const bool equal = std::find(choices.begin(), choices.end(), absl::string_view(found->second)) != choices.end();
    holds = holds && equal != differs;
  }
  return holds;
}

absl::Status CollectNames(absl::string_view text, std::set<std::string>* names) {
  for (size_t i = text.find('{'); i != absl::string_view::npos; i = text.find('{', i)) {
    if (text.substr(i, 2) == "{{") {
      i += 2;
      continue;
    }
    const size_t end = text.find('}', i);
    if (end == absl::string_view::npos) return Bad(text, "a brace is not closed; write {{ for a brace");
    names->insert(std::string(text.substr(i + 1, end - i - 1)));
    i = end + 1;
  }
  return absl::OkStatus();
}

}  // namespace latimer::command
