#include "cli/format/ticks.h"

#include <cmath>

#include "absl/strings/str_format.h"

namespace latimer::cli {
namespace {

// Less than half a unit in the last place that TickText() shows.
constexpr double kSlack = 1e-9;

}  // namespace

std::vector<double> LinearTicks(double low, double high, int most) {
  if (!std::isfinite(low) || !std::isfinite(high) || !(low < high) || most < 2) return {};
  const double range = high - low;
  for (double power = std::pow(10.0, std::floor(std::log10(range)) - 2);; power *= 10) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double step = factor * power;
      const double first = std::ceil(low / step - kSlack);
      const double last = std::floor(high / step + kSlack);
      if (last - first + 1 > most) continue;
      std::vector<double> ticks;
      for (double i = first; i <= last; ++i) ticks.push_back(i * step + 0.0);  // no negative zero
      return ticks;
    }
  }
}

std::vector<double> LogTicks(double low, double high) {
  if (!std::isfinite(low) || !std::isfinite(high) || !(low > 0) || !(low < high)) return {};
  const double decades = std::log10(high / low);
  std::vector<double> ticks;
  for (double exponent = std::floor(std::log10(low)); exponent <= std::ceil(std::log10(high)); ++exponent) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      if (factor > 1 && decades > 3) continue;
      const double tick = factor * std::pow(10.0, exponent);
      if (tick >= low * (1 - kSlack) && tick <= high * (1 + kSlack)) ticks.push_back(tick);
    }
  }
  return ticks;
}

std::string TickText(double value) { return absl::StrFormat("%.6g", value); }

}  // namespace latimer::cli
