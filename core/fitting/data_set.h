// Samples -> data points, and the families of layer types that are fitted together. Internal to core/fitting.
#ifndef LATIMER_CORE_FITTING_DATA_SET_H_
#define LATIMER_CORE_FITTING_DATA_SET_H_

#include <optional>
#include <vector>

#include "core/fitting/data_point.h"
#include "core/fitting/fit_platform.h"

namespace latimer::fitting {

// Layer types whose times follow the same laws: those with few samples lean on the others of their family.
enum class Family : uint8_t {
  kConvolution,
  kDepthwise,
  kTransposed,
  kFullyConnected,
  kMatMul,
  kPool,
  kUnary,
  kBinary,
  kNormalization,
  kReduction,
  kMove,
};
inline constexpr int kNumFamilies = 11;
Family FamilyOf(LayerType type);

// `layers` of the sample's subject as one unit that took `seconds`; nullopt when the time says nothing.
std::optional<DataPoint> MakePoint(const Sample& sample, const benchmark::TimeInterval& seconds,
                                   absl::Span<const LayerId> layers, const model::v1::PlatformModel& base);

}  // namespace latimer::fitting

#endif  // LATIMER_CORE_FITTING_DATA_SET_H_
