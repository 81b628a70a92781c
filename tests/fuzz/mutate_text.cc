// Mutations of reports in lines: most keep what a parser looks for at the beginning.
#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/fuzz/mutate.h"

namespace latimer::fuzz {
namespace {

constexpr absl::string_view kDigits = "0123456789.";

std::string WildText(Random& random) {
  constexpr absl::string_view kWords[] = {"",         "nan",     "inf", "-1",     "1e308", "1e-308",
                                          "1e15",     "0",       "0x1", "1e99",   "\xff",  "conv",
                                          "relu",     "add",     "fc",  "<none>", " + ",   "...",
                                          "EXECUTED", "NOT_RUN", "*",   "{",      "}",     "999999999999999999999"};
  const absl::string_view word = kWords[random() % std::size(kWords)];
  return random() % 8 == 0 ? absl::StrCat(WildNumber(random)) : std::string(word);
}

// Replaces one run of digits.
void ChangeNumber(std::string* line, Random& random) {
  if (line->empty()) return;
  const size_t start = line->find_first_of(std::string(kDigits), random() % line->size());
  if (start == std::string::npos) return;
  const size_t end = std::min(line->find_first_not_of(std::string(kDigits), start), line->size());
  line->replace(start, end - start, WildText(random));
}

// Adds, removes or repeats a separator.
void ChangeSeparator(std::string* line, Random& random) {
  constexpr absl::string_view kSeparators = ";,\t| =:\"";
  const char separator = kSeparators[random() % kSeparators.size()];
  const size_t at = line->empty() ? 0 : line->find(separator, random() % line->size());
  if (at == std::string::npos || line->empty()) {
    line->insert(line->empty() ? 0 : random() % line->size(), 1, separator);
  } else if (random() % 2 == 0) {
    line->erase(at, 1);
  } else {
    line->insert(at, 1 + random() % 3, separator);
  }
}

}  // namespace

std::string MutateText(absl::string_view text, Random& random) {
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  const uint64_t changes = 1 + random() % 4;
  for (uint64_t i = 0; i < changes; ++i) {
    const size_t at = random() % lines.size();
    std::string& line = lines[at];
    switch (random() % 7) {
      case 0:
        lines.insert(lines.begin() + static_cast<ptrdiff_t>(random() % lines.size()), std::string(line));
        break;
      case 1:
        if (lines.size() > 1) lines.erase(lines.begin() + static_cast<ptrdiff_t>(at));
        break;
      case 2:
        std::swap(line, lines[random() % lines.size()]);
        break;
      case 3:
        ChangeSeparator(&line, random);
        break;
      case 4:
        line.insert(line.empty() ? 0 : random() % line.size(), WildText(random));
        break;
      default:
        ChangeNumber(&line, random);
        break;
    }
  }
  return absl::StrJoin(lines, "\n");
}

}  // namespace latimer::fuzz
