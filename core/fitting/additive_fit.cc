#include "core/fitting/additive_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace latimer::fitting {
namespace {

constexpr size_t kN = kNumAdditiveTerms;
constexpr size_t kLeastPoints = 24;  // of a path with prices of its own
constexpr int kReweightings = 6;
constexpr int kSweeps = 400;
constexpr double kHuber = 0.1;  // relative errors beyond count linearly
constexpr double kRidge = 1e-6;

struct Row {
  AdditiveTerms terms{};  // over the measured time: their prices sum to 1
  double weight = 1;
};

// Coordinate descent on the normal equations, prices kept at 0 or above (Lawson and Hanson's problem; a dozen unknowns
// need nothing faster).
AdditiveTerms Solve(const std::vector<Row>& rows) {
  // Terms differ by many orders of magnitude.
  AdditiveTerms scale{};
  for (const Row& row : rows) {
    for (size_t i = 0; i < kN; ++i) scale[i] += row.terms[i] * row.terms[i];
  }
  for (double& s : scale) s = s > 0 ? 1 / std::sqrt(s / static_cast<double>(rows.size())) : 0;
  AdditiveTerms x{};
  for (int round = 0; round < kReweightings; ++round) {
    double a[kN][kN] = {};
    double b[kN] = {};
    for (const Row& row : rows) {
      double fitted = 0;
      for (size_t i = 0; i < kN; ++i) fitted += x[i] * row.terms[i] * scale[i];
      const double residual = round == 0 ? 0 : std::abs(fitted - 1);
      const double weight = row.weight * std::min(1.0, kHuber / std::max(residual, 1e-9));
      for (size_t i = 0; i < kN; ++i) {
        const double t = weight * row.terms[i] * scale[i];
        b[i] += t;
        for (size_t k = 0; k < kN; ++k) a[i][k] += t * row.terms[k] * scale[k];
      }
    }
    for (size_t i = 0; i < kN; ++i) a[i][i] += kRidge * static_cast<double>(rows.size());
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      double change = 0;
      for (size_t i = 0; i < kN; ++i) {
        if (!(scale[i] > 0)) continue;
        double gradient = b[i];
        for (size_t k = 0; k < kN; ++k) gradient -= a[i][k] * x[k];
        const double next = std::max(0.0, x[i] + gradient / a[i][i]);
        change = std::max(change, std::abs(next - x[i]));
        x[i] = next;
      }
      if (change < 1e-9) break;
    }
  }
  for (size_t i = 0; i < kN; ++i) x[i] *= scale[i];
  return x;
}

}  // namespace

AdditivePrices FitAdditive(absl::Span<const DataPoint> points) {
  std::array<std::vector<Row>, kNumKernelPaths> by_path;
  std::vector<Row> all;
  std::vector<BlockedKernel> kernels;  // of each point
  kernels.reserve(points.size());
  std::array<size_t, kNumKernelPaths> count{};
  for (const DataPoint& point : points) {
    kernels.push_back(FitKernel(point.features, 16));
    ++count[static_cast<size_t>(kernels.back().path)];
  }
  for (size_t i = 0; i < points.size(); ++i) {
    const DataPoint& point = points[i];
    BlockedKernel kernel = kernels[i];
    if (count[static_cast<size_t>(kernel.path)] < kLeastPoints) kernel = FitBlockedKernel(point.features, 16);
    const double seconds = std::exp(point.log_target);
    Row row;
    row.terms = MakeAdditiveTerms(point.features, kernel);
    for (double& term : row.terms) term /= seconds;
    row.weight = point.weight;
    all.push_back(row);
    by_path[static_cast<size_t>(kernel.path)].push_back(row);
  }
  AdditivePrices prices;
  prices.any = Solve(all);
  for (size_t path = 0; path < by_path.size(); ++path) {
    if (by_path[path].size() >= kLeastPoints) prices.by_path[path] = Solve(by_path[path]);
  }
  return prices;
}

}  // namespace latimer::fitting
