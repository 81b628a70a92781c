#include "cli/format/numbers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace latimer::cli {
namespace {

// Digits before the decimal point of a value rounded to `significant` digits; below 1: 0, -1 for 0.0x and so on.
int IntegerDigits(double value, int significant) {
  if (value <= 0 || !std::isfinite(value)) return 1;
  int digits = static_cast<int>(std::floor(std::log10(value))) + 1;
  const double unit = std::pow(10.0, digits - significant);
  if (std::round(value / unit) * unit >= std::pow(10.0, digits)) ++digits;
  return digits;
}

}  // namespace

std::string FormatFixed(double value, int decimals) {
  if (!std::isfinite(value)) return "-";
  std::string text = absl::StrFormat("%.*f", decimals, value);
  const bool reads_as_zero = text.find_first_of("123456789") == std::string::npos;
  if (value > 0 && reads_as_zero) return absl::StrFormat("<%.*f", decimals, std::pow(10.0, -decimals));
  return text;
}

int DecimalsFor(double largest, int significant) {
  return std::clamp(significant - IntegerDigits(largest, significant), 0, 6);
}

std::string FormatSi(double value, absl::string_view unit, int significant) {
  if (!std::isfinite(value)) return absl::StrCat("- ", unit);
  static constexpr std::array<absl::string_view, 7> kPrefixes = {"", "k", "M", "G", "T", "P", "E"};
  size_t prefix = 0;
  while (prefix + 1 < kPrefixes.size() && IntegerDigits(value, significant) > 3) {
    value /= 1000;
    ++prefix;
  }
  const bool whole = prefix == 0 && value == std::floor(value);
  return absl::StrFormat("%.*f %s%s", whole ? 0 : DecimalsFor(value, significant), value, kPrefixes[prefix], unit);
}

std::string FormatBytes(double bytes) {
  if (!std::isfinite(bytes)) return "- B";
  static constexpr std::array<absl::string_view, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  while (unit + 1 < kUnits.size() && bytes >= 999.5) {
    bytes /= 1024;
    ++unit;
  }
  return absl::StrFormat("%.*f %s", unit == 0 ? 0 : std::min(2, DecimalsFor(bytes, 3)), bytes, kUnits[unit]);
}

std::string FormatPercent(double ratio, int decimals) { return absl::StrCat(FormatFixed(ratio * 100, decimals), "%"); }

std::string FormatMs(double ms, int significant) {
  return absl::StrCat(FormatFixed(ms, DecimalsFor(ms, significant)), " ms");
}

std::string FormatShape(const v1::Shape& shape) {
  return shape.dims().empty() ? "scalar" : absl::StrJoin(shape.dims(), "x");
}

std::string FormatExact(double value) {
  if (!std::isfinite(value)) return "";
  if (value == std::floor(value) && std::abs(value) < 1e15) return absl::StrFormat("%.0f", value);
  std::array<char, 32> buffer;
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return std::string(buffer.data(), end);
}

}  // namespace latimer::cli
