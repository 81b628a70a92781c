#include "core/fitting/nelder_mead.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace latimer::fitting {
namespace {

struct Vertex {
  std::vector<double> at;
  double value = 0;
};

}  // namespace

std::vector<double> Minimize(const std::function<double(const std::vector<double>&)>& function,
                             std::vector<double> start, double step, int evaluations) {
  const size_t n = start.size();
  int left = evaluations;
  auto evaluate = [&](std::vector<double> at) {
    --left;
    const double value = function(at);
    return Vertex{std::move(at), value};
  };
  std::vector<Vertex> simplex;
  simplex.push_back(evaluate(start));
  for (size_t i = 0; i < n; ++i) {
    std::vector<double> at = start;
    at[i] += step;
    simplex.push_back(evaluate(std::move(at)));
  }
  auto by_value = [](const Vertex& a, const Vertex& b) { return a.value < b.value; };
  while (left > 0) {
    std::stable_sort(simplex.begin(), simplex.end(), by_value);
    Vertex& worst = simplex.back();
    if (worst.value - simplex.front().value <= 1e-10 * (1e-10 + std::abs(simplex.front().value))) break;
    std::vector<double> center(n, 0);
    for (size_t v = 0; v < n; ++v) {
      for (size_t i = 0; i < n; ++i) center[i] += simplex[v].at[i] / static_cast<double>(n);
    }
    // The point at center + factor * (center - worst).
    auto along = [&](double factor) {
      std::vector<double> at(n);
      for (size_t i = 0; i < n; ++i) at[i] = center[i] + factor * (center[i] - worst.at[i]);
      return evaluate(std::move(at));
    };
    Vertex reflected = along(1);
    if (reflected.value < simplex.front().value) {
      Vertex expanded = along(2);
      worst = expanded.value < reflected.value ? std::move(expanded) : std::move(reflected);
    } else if (reflected.value < simplex[n - 1].value) {
      worst = std::move(reflected);
    } else {
      Vertex contracted = along(reflected.value < worst.value ? 0.5 : -0.5);
      if (contracted.value < std::min(reflected.value, worst.value)) {
        worst = std::move(contracted);
      } else {
        for (size_t v = 1; v <= n; ++v) {
          std::vector<double> at(n);
          for (size_t i = 0; i < n; ++i) at[i] = (simplex[v].at[i] + simplex[0].at[i]) / 2;
          simplex[v] = evaluate(std::move(at));
        }
      }
    }
  }
  return std::min_element(simplex.begin(), simplex.end(), by_value)->at;
}

}  // namespace latimer::fitting
