#include "core/refinement/choose.h"

#include <algorithm>
#include <cmath>
#include <queue>
#include <utility>

namespace latimer::refinement {
namespace {

// Doubt that a measurement of that very layer takes from a demand; at a factor of four in one size, e^-1 of that is
// taken, since models carry what they learn that far.
constexpr double kTakenAtOnce = 0.3;
constexpr double kReach = 2;
constexpr double kLeastTaken = 0.01;

struct Touch {
  uint32_t demand = 0;
  float left = 1;  // factor
};

float SquaredDistance(const confidence::CoveragePoint& a, const confidence::CoveragePoint& b) {
  float sum = 0;
  for (size_t i = 0; i + 1 < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

// Layers of one type tell of each other.
std::vector<Touch> TouchesOf(const Candidate& candidate, absl::Span<const Demand> demands) {
  std::vector<Touch> touches;
  for (size_t i = 0; i < demands.size(); ++i) {
    double left = 1;
    for (const confidence::CoveragePoint& point : candidate.points) {
      if (point.back() != demands[i].point.back()) continue;
      const auto squared = static_cast<double>(SquaredDistance(point, demands[i].point));
      left *= 1 - kTakenAtOnce * std::exp(-squared / (kReach * kReach));
    }
    if (1 - left > kLeastTaken) touches.push_back({static_cast<uint32_t>(i), static_cast<float>(left)});
  }
  return touches;
}

}  // namespace

std::vector<size_t> ChooseCandidates(absl::Span<const Candidate> candidates, absl::Span<const Demand> demands,
                                     size_t count) {
  std::vector<std::vector<Touch>> touches;
  touches.reserve(candidates.size());
  for (const Candidate& candidate : candidates) touches.push_back(TouchesOf(candidate, demands));
  std::vector<double> doubt;
  for (const Demand& demand : demands) doubt.push_back(demand.doubt);
  const auto gain_of = [&](size_t candidate) {
    double gain = 0;
    for (const Touch& touch : touches[candidate]) gain += doubt[touch.demand] * (1 - static_cast<double>(touch.left));
    return gain / candidates[candidate].cost;
  };
  // Gains only shrink: the best of the known ones that is still the best when looked at again is the best of all.
  std::priority_queue<std::pair<double, int64_t>> known;
  for (size_t i = 0; i < candidates.size(); ++i) known.emplace(gain_of(i), -static_cast<int64_t>(i));
  std::vector<size_t> chosen;
  while (chosen.size() < count && !known.empty()) {
    const auto candidate = static_cast<size_t>(-known.top().second);
    known.pop();
    const double gain = gain_of(candidate);
    if (gain <= 0) break;
    if (!known.empty() && gain < known.top().first) {
      known.emplace(gain, -static_cast<int64_t>(candidate));
      continue;
    }
    for (const Touch& touch : touches[candidate]) doubt[touch.demand] *= static_cast<double>(touch.left);
    chosen.push_back(candidate);
  }
  return chosen;
}

}  // namespace latimer::refinement
