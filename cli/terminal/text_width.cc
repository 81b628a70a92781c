#include "cli/terminal/text_width.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"

namespace latimer::cli {
namespace {

// One decoded character; `valid` is false for a byte that starts no well-formed sequence.
struct Character {
  absl::string_view bytes;
  uint32_t code_point = 0;
  bool valid = true;
};

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";

Character NextCharacter(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {text.substr(0, 1), lead, true};
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  static constexpr std::array<uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {text.substr(0, 1), lead, false};
  uint32_t code_point = lead & (0xFF >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {text.substr(0, 1), lead, false};
    code_point = code_point << 6 | (byte(i) & 0x3F);
  }
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point < kSmallest[length] || code_point > 0x10FFFF || surrogate) return {text.substr(0, 1), lead, false};
  return {text.substr(0, length), code_point, true};
}

std::vector<Character> Characters(absl::string_view text) {
  std::vector<Character> characters;
  while (!text.empty()) {
    characters.push_back(NextCharacter(text));
    text.remove_prefix(characters.back().bytes.size());
  }
  return characters;
}

struct Range {
  uint32_t first;
  uint32_t last;
};

template <size_t N>
bool Contains(const std::array<Range, N>& ranges, uint32_t code_point) {
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), code_point,
                                      [](uint32_t value, const Range& range) { return value < range.first; });
  return after != ranges.begin() && code_point <= std::prev(after)->last;
}

// Combining marks, joiners and variation selectors in common use (Unicode general categories Mn, Me, Cf).
constexpr std::array<Range, 14> kZeroWidth = {{{0x0300, 0x036F},
                                               {0x0483, 0x0489},
                                               {0x0591, 0x05BD},
                                               {0x0610, 0x061A},
                                               {0x064B, 0x065F},
                                               {0x0E34, 0x0E3A},
                                               {0x1AB0, 0x1AFF},
                                               {0x1DC0, 0x1DFF},
                                               {0x200B, 0x200F},
                                               {0x202A, 0x202E},
                                               {0x2060, 0x2064},
                                               {0x20D0, 0x20F0},
                                               {0xFE00, 0xFE0F},
                                               {0xFEFF, 0xFEFF}}};

// Blocks that terminals draw two columns wide (Unicode East Asian Width W and F).
constexpr std::array<Range, 13> kWide = {{{0x1100, 0x115F},
                                          {0x2E80, 0x303E},
                                          {0x3041, 0x33FF},
                                          {0x3400, 0x4DBF},
                                          {0x4E00, 0x9FFF},
                                          {0xA000, 0xA4CF},
                                          {0xAC00, 0xD7A3},
                                          {0xF900, 0xFAFF},
                                          {0xFE30, 0xFE6F},
                                          {0xFF00, 0xFF60},
                                          {0xFFE0, 0xFFE6},
                                          {0x1F300, 0x1FAFF},
                                          {0x20000, 0x3FFFD}}};

bool IsControl(uint32_t code_point) { return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0); }

// Reorders the text around it on screen; refused like a control character.
bool IsBidiControl(uint32_t code_point) {
  return (code_point >= 0x202A && code_point <= 0x202E) || (code_point >= 0x2066 && code_point <= 0x2069);
}

int Width(const Character& character) {
  if (!character.valid) return 1;
  if (IsControl(character.code_point)) return 0;
  if (character.code_point < 0x300) return 1;
  if (Contains(kZeroWidth, character.code_point)) return 0;
  return Contains(kWide, character.code_point) ? 2 : 1;
}

// Longest prefix of at most `width` columns.
absl::string_view Prefix(absl::string_view text, int width) {
  size_t bytes = 0;
  for (const Character& character : Characters(text)) {
    width -= Width(character);
    if (width < 0) break;
    bytes += character.bytes.size();
  }
  return text.substr(0, bytes);
}

// Longest suffix of at most `width` columns that starts with a character of its own.
absl::string_view Suffix(absl::string_view text, int width) {
  const std::vector<Character> characters = Characters(text);
  size_t bytes = 0;
  size_t kept = 0;
  for (auto it = characters.rbegin(); it != characters.rend(); ++it) {
    width -= Width(*it);
    if (width < 0) break;
    bytes += it->bytes.size();
    if (Width(*it) > 0) kept = bytes;
  }
  return text.substr(text.size() - kept);
}

}  // namespace

int DisplayWidth(absl::string_view text) {
  int width = 0;
  for (const Character& character : Characters(text)) width += Width(character);
  return width;
}

std::string Printable(absl::string_view text, bool ascii) {
  std::string result;
  result.reserve(text.size());
  for (const Character& character : Characters(text)) {
    const bool bad = !character.valid || IsControl(character.code_point) || IsBidiControl(character.code_point);
    if (ascii && (bad || character.code_point >= 0x80)) {
      result += '?';
    } else {
      absl::StrAppend(&result, bad ? kReplacement : character.bytes);
    }
  }
  return result;
}

std::string ShortenMiddle(absl::string_view text, int width, bool ascii) {
  if (DisplayWidth(text) <= width) return std::string(text);
  const absl::string_view ellipsis = ascii ? ".." : "…";
  const int room = width - DisplayWidth(ellipsis);
  if (room < 1) return std::string(Prefix(text, std::max(width, 0)));
  const int head = room * 2 / 5;
  return absl::StrCat(Prefix(text, head), ellipsis, Suffix(text, room - head));
}

std::string ShortenEnd(absl::string_view text, int width, bool ascii) {
  if (DisplayWidth(text) <= width) return std::string(text);
  const absl::string_view ellipsis = ascii ? ".." : "…";
  const int room = width - DisplayWidth(ellipsis);
  if (room < 1) return std::string(Prefix(text, std::max(width, 0)));
  return absl::StrCat(Prefix(text, room), ellipsis);
}

std::string PadRight(absl::string_view text, int width) {
  return absl::StrCat(text, std::string(std::max(0, width - DisplayWidth(text)), ' '));
}

std::string PadLeft(absl::string_view text, int width) {
  return absl::StrCat(std::string(std::max(0, width - DisplayWidth(text)), ' '), text);
}

}  // namespace latimer::cli
