#include "core/evaluation/measured_pace.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace latimer {
namespace {

constexpr double kMostFactor = 4;

bool IsPositive(double value) { return value > 0 && std::isfinite(value); }

}  // namespace

double CommonPassNs(std::vector<double> pass_ns) {
  pass_ns.erase(std::remove_if(pass_ns.begin(), pass_ns.end(), [](double value) { return !IsPositive(value); }),
                pass_ns.end());
  if (pass_ns.empty()) return 0;
  const auto middle = pass_ns.begin() + static_cast<std::ptrdiff_t>(pass_ns.size() / 2);
  std::nth_element(pass_ns.begin(), middle, pass_ns.end());
  return *middle;
}

double PaceFactor(double pass_ns, double wanted_ns, double exponent) {
  if (!IsPositive(pass_ns) || !IsPositive(wanted_ns)) return 1;
  const double factor = std::pow(wanted_ns / pass_ns, exponent);
  return IsPositive(factor) ? std::clamp(factor, 1 / kMostFactor, kMostFactor) : 1;
}

}  // namespace latimer
