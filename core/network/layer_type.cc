#include "core/network/layer_type.h"

namespace latimer {

absl::string_view LayerTypeName(LayerType type) {
  switch (type) {
    case LayerType::kUnspecified:
      return "Unspecified";
#define LATIMER_X(name, number) \
  case LayerType::k##name:      \
    return #name;
      LATIMER_LAYER_TYPES(LATIMER_X)
#undef LATIMER_X
  }
  return "Unspecified";
}

std::optional<LayerType> LayerTypeFromName(absl::string_view name) {
#define LATIMER_X(type_name, number) \
  if (name == #type_name) return LayerType::k##type_name;
  LATIMER_LAYER_TYPES(LATIMER_X)
#undef LATIMER_X
  return std::nullopt;
}

bool IsConvolution(LayerType type) {
  return type == LayerType::kConv || type == LayerType::kDepthwiseConv || type == LayerType::kConvTranspose;
}

bool IsProduct(LayerType type) {
  return IsConvolution(type) || type == LayerType::kFullyConnected || type == LayerType::kMatMul;
}

bool IsPooling(LayerType type) { return type >= LayerType::kMaxPool && type <= LayerType::kLpPool; }

bool IsElementwiseBroadcast(LayerType type) { return type >= LayerType::kAdd && type <= LayerType::kWhere; }

bool IsElementwiseUnary(LayerType type) {
  return (type >= LayerType::kRelu && type <= LayerType::kCast) || type == LayerType::kQuantize ||
         type == LayerType::kDequantize;
}

}  // namespace latimer
