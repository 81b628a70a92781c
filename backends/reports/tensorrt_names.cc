#include "backends/reports/tensorrt_names.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace latimer {
namespace {

constexpr int kMostLevels = 16;
constexpr size_t kMostNames = 4096;
constexpr size_t kMostWaitingRows = 8;  // each gets a copy of the subgraph's names, and reports are untrusted
constexpr absl::string_view kReformat = "Reformatting CopyNode for ";
constexpr absl::string_view kForeign = "{ForeignNode[";

using Names = std::vector<std::string>;

// Parts of `text` between separators outside of brackets.
std::vector<absl::string_view> SplitOutside(absl::string_view text, absl::string_view separator) {
  std::vector<absl::string_view> parts;
  int level = 0;
  size_t start = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '(' || c == '[' || c == '{') ++level;
    if ((c == ')' || c == ']' || c == '}') && level > 0) --level;
    if (level == 0 && absl::StartsWith(text.substr(i), separator)) {
      parts.push_back(text.substr(start, i - start));
      i += separator.size() - 1;
      start = i + 1;
    }
  }
  parts.push_back(text.substr(start));
  return parts;
}

void AddNames(absl::string_view text, int level, Names* names) {
  text = absl::StripAsciiWhitespace(text);
  if (text.empty() || names->size() >= kMostNames) return;
  if (level < kMostLevels) {
    for (absl::string_view separator : {" || ", " + ", ", "}) {
      const std::vector<absl::string_view> parts = SplitOutside(text, separator);
      if (parts.size() == 1) continue;
      for (absl::string_view part : parts) AddNames(part, level + 1, names);
      return;
    }
    absl::string_view inner = text;
    if (absl::ConsumePrefix(&inner, "PWN(") && absl::ConsumeSuffix(&inner, ")")) {
      AddNames(inner, level + 1, names);
      return;
    }
  }
  names->emplace_back(text);
}

// Cuts `words` and a number at the end: " input reformatter 0".
bool CutNumbered(absl::string_view* text, absl::string_view words) {
  const size_t start = text->rfind(words);
  if (start == absl::string_view::npos || start == 0) return false;
  const absl::string_view digits = text->substr(start + words.size());
  if (digits.empty() || digits.find_first_not_of("0123456789") != absl::string_view::npos) return false;
  *text = text->substr(0, start);
  return true;
}

// What a row of layout work is for; nullopt: it is not one.
std::optional<absl::string_view> OverheadOf(absl::string_view name) {
  if (absl::ConsumePrefix(&name, kReformat)) {
    const size_t to = name.find(" to ");
    return to == absl::string_view::npos ? name : name.substr(to + 4);
  }
  if (CutNumbered(&name, " input reformatter ") || CutNumbered(&name, " output reformatter ")) return name;
  if (absl::ConsumeSuffix(&name, " copy")) return name;
  absl::string_view helper = name;
  absl::ConsumePrefix(&helper, "copied_");
  for (absl::string_view operation : {"reshape_", "squeeze_", "unsqueeze_", "shuffle_", "transpose_"}) {
    if (!absl::ConsumePrefix(&helper, operation)) continue;
    if (absl::ConsumePrefix(&helper, "before_") || absl::ConsumePrefix(&helper, "after_")) return helper;
    break;
  }
  return std::nullopt;
}

bool IsDla(absl::string_view name) { return absl::StartsWith(name, "{") && !absl::StartsWith(name, kForeign); }

bool WaitsForDla(absl::string_view name) {
  if (IsDla(name)) return false;
  return absl::EndsWith(name, " from nvm") || absl::EndsWith(name, " finish") ||
         CutNumbered(&name, " input reformatter ");
}

bool FeedsDla(absl::string_view name) {
  return absl::EndsWith(name, " to nvm") || absl::EndsWith(name, " copy finish");
}

}  // namespace

void ReadTensorRtName(ReportRow* row) {
  absl::string_view name = row->name;
  if (const size_t profile = name.rfind(" [profile "); profile != absl::string_view::npos && profile > 0) {
    name = name.substr(0, profile);
  }
  row->original_names.clear();
  row->meaning = NameMeaning::kNodes;
  if (const std::optional<absl::string_view> target = OverheadOf(name)) {
    row->meaning = NameMeaning::kOverhead;
    name = *target;
  }
  absl::string_view inner = name;
  if (absl::ConsumePrefix(&inner, kForeign) && absl::ConsumeSuffix(&inner, "]}")) {
    const size_t dots = inner.find("...");
    if (dots == absl::string_view::npos) {
      AddNames(inner, 0, &row->original_names);
      return;
    }
    row->original_names = {std::string(inner.substr(0, dots)), std::string(inner.substr(dots + 3))};
    if (row->meaning == NameMeaning::kNodes) row->meaning = NameMeaning::kRegion;
    return;
  }
  if (absl::ConsumePrefix(&inner, "{")) {
    inner = inner.substr(0, inner.rfind('}'));
    row->meaning = NameMeaning::kNodes;  // also its reformatters: see JoinDlaRows()
    for (absl::string_view part : SplitOutside(inner, ",")) AddNames(part, kMostLevels, &row->original_names);
    return;
  }
  AddNames(name, 0, &row->original_names);
}

void JoinDlaRows(std::vector<ReportRow>* rows) {
  const size_t count = rows->size();
  auto give = [&](size_t row, size_t subgraph) {
    (*rows)[row].original_names = (*rows)[subgraph].original_names;
    (*rows)[row].meaning = NameMeaning::kNodes;
  };
  for (size_t i = 0; i < count; ++i) {
    if (!IsDla((*rows)[i].name)) continue;
    for (size_t before = i; before-- > 0 && i - before <= kMostWaitingRows && FeedsDla((*rows)[before].name);) {
      give(before, i);
    }
    for (size_t after = i + 1; after < std::min(count, i + 1 + kMostWaitingRows); ++after) {
      if (!WaitsForDla((*rows)[after].name)) break;
      give(after, i);
    }
  }
}

}  // namespace latimer
