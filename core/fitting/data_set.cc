#include "core/fitting/data_set.h"

#include <algorithm>
#include <cmath>

#include "core/mapping/features.h"
#include "core/model/mapping_rules.h"

namespace latimer::fitting {
namespace {

constexpr double kLeastShare = 0.05;    // of the upper bound: below, a bound says nothing about a ratio
constexpr double kLeastSeconds = 1e-9;  // shorter times are noise on every clock
constexpr double kMostSeconds = 1e6;
constexpr double kFullWeight = 0.06;   // doubt at which a point has half its weight
constexpr double kWidthSpread = 0.25;  // share of the interval's log width that acts as noise

}  // namespace

Family FamilyOf(LayerType type) {
  switch (type) {
    case LayerType::kConv:
      return Family::kConvolution;
    case LayerType::kDepthwiseConv:
      return Family::kDepthwise;
    case LayerType::kConvTranspose:
      return Family::kTransposed;
    case LayerType::kFullyConnected:
      return Family::kFullyConnected;
    case LayerType::kMatMul:
      return Family::kMatMul;
    case LayerType::kSoftmax:
    case LayerType::kBatchNorm:
    case LayerType::kLayerNorm:
    case LayerType::kInstanceNorm:
    case LayerType::kLrn:
    case LayerType::kLpNorm:
      return Family::kNormalization;
    case LayerType::kReduce:
    case LayerType::kArgReduce:
      return Family::kReduction;
    default:
      break;
  }
  if (IsPooling(type)) return Family::kPool;
  if (IsElementwiseUnary(type)) return Family::kUnary;
  if (IsElementwiseBroadcast(type)) return Family::kBinary;
  return Family::kMove;
}

std::optional<DataPoint> MakePoint(const Sample& sample, const benchmark::TimeInterval& seconds,
                                   absl::Span<const LayerId> layers, const model::v1::PlatformModel& base) {
  const double upper = seconds.upper_seconds;
  const double lower = seconds.lower_seconds;
  if (!std::isfinite(upper) || !std::isfinite(lower) || !(lower <= upper)) return std::nullopt;
  if (!(upper > kLeastSeconds) || upper > kMostSeconds) return std::nullopt;
  DataPoint point;
  const LayerType type = sample.subject.layers[static_cast<size_t>(layers[0])].type;
  point.unit_type = std::string(UnitTypeName(type));
  point.features = ComputeFeatures(sample.subject, layers, base.activation_bits(), base.weight_bits());
  const double least = upper * kLeastShare;
  point.log_upper = std::log(upper);
  point.log_lower = std::log(std::max(lower, least));
  point.log_target = std::log(std::clamp(seconds.middle_seconds(), std::max(lower, least), upper));
  const double doubt = kWidthSpread * (point.log_upper - point.log_lower);
  point.weight = kFullWeight * kFullWeight / (kFullWeight * kFullWeight + doubt * doubt);
  return point;
}

}  // namespace latimer::fitting
