#include "cli/terminal/bar.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace latimer::cli {

std::string Bar(double fraction, int width, bool ascii) {
  if (!(fraction > 0) || width <= 0) return "";
  fraction = std::min(fraction, 1.0);
  if (ascii) {
    const int full = static_cast<int>(std::lround(fraction * width));
    return full == 0 ? "." : std::string(full, '#');
  }
  static constexpr std::array<absl::string_view, 8> kPartial = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int eighths = std::max(1, static_cast<int>(std::lround(fraction * width * 8)));
  std::string bar;
  for (int i = 0; i < eighths / 8; ++i) absl::StrAppend(&bar, "█");
  absl::StrAppend(&bar, kPartial[eighths % 8]);
  return bar;
}

}  // namespace latimer::cli
