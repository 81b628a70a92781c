// How far a layer lies from the measured ones: the difficulty behind CM_O of paper II.
#ifndef LATIMER_CORE_CONFIDENCE_COVERAGE_H_
#define LATIMER_CORE_CONFIDENCE_COVERAGE_H_

#include <array>
#include <vector>

#include "absl/types/span.h"
#include "core/model/unit_features.h"

namespace latimer::confidence {

// Logarithms to the base 2 of a layer's sizes, and its type: 1 is a factor of two in one of them, or another type.
// Part of the platform format.
inline constexpr size_t kCoverageDimensions = 12;
using CoveragePoint = std::array<float, kCoverageDimensions>;

CoveragePoint MakeCoveragePoint(const UnitFeatures& features);

// At most `most` of the points, chosen so that none of the others is far from them. Deterministic.
std::vector<CoveragePoint> Cover(absl::Span<const CoveragePoint> points, size_t most);

// Mean distance to the three nearest points, or to all where there are fewer; 0 where there are none. Points are
// coordinates one after the other.
float DistanceToNearest(const CoveragePoint& from, absl::Span<const float> points);

}  // namespace latimer::confidence

#endif  // LATIMER_CORE_CONFIDENCE_COVERAGE_H_
