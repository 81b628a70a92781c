// What a layer computes; numerically equal to latimer.v1.LayerType, where each type is described.
#ifndef LATIMER_CORE_NETWORK_LAYER_TYPE_H_
#define LATIMER_CORE_NETWORK_LAYER_TYPE_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

// X(name, number) for every layer type.
// clang-format off
#define LATIMER_LAYER_TYPES(X) \
  X(Conv, 1) \
  X(DepthwiseConv, 2) \
  X(ConvTranspose, 3) \
  X(FullyConnected, 4) \
  X(MatMul, 5) \
  X(MaxPool, 6) \
  X(AveragePool, 7) \
  X(GlobalMaxPool, 8) \
  X(GlobalAveragePool, 9) \
  X(LpPool, 10) \
  X(Add, 11) \
  X(Sub, 12) \
  X(Mul, 13) \
  X(Div, 14) \
  X(Pow, 15) \
  X(Min, 16) \
  X(Max, 17) \
  X(Compare, 18) \
  X(Where, 19) \
  X(Relu, 20) \
  X(Relu6, 21) \
  X(Clip, 22) \
  X(LeakyRelu, 23) \
  X(PRelu, 24) \
  X(Elu, 25) \
  X(Sigmoid, 26) \
  X(HardSigmoid, 27) \
  X(Tanh, 28) \
  X(Softplus, 29) \
  X(Silu, 30) \
  X(HardSwish, 31) \
  X(Gelu, 32) \
  X(Mish, 33) \
  X(Erf, 34) \
  X(Exp, 35) \
  X(Log, 36) \
  X(Sqrt, 37) \
  X(Unary, 38) \
  X(Cast, 39) \
  X(Softmax, 40) \
  X(BatchNorm, 41) \
  X(LayerNorm, 42) \
  X(InstanceNorm, 43) \
  X(Lrn, 44) \
  X(LpNorm, 45) \
  X(Reduce, 46) \
  X(ArgReduce, 47) \
  X(Concat, 48) \
  X(Split, 49) \
  X(Slice, 50) \
  X(Pad, 51) \
  X(Resize, 52) \
  X(Transpose, 53) \
  X(Gather, 54) \
  X(Expand, 55) \
  X(DepthToSpace, 56) \
  X(Reshape, 57) \
  X(Quantize, 58) \
  X(Dequantize, 59) \
  X(Unknown, 60)
// clang-format on

namespace latimer {

enum class LayerType : uint8_t {
  kUnspecified = 0,
#define LATIMER_X(name, number) k##name = number,
  LATIMER_LAYER_TYPES(LATIMER_X)
#undef LATIMER_X
};

inline constexpr int kNumLayerTypes = 61;

// "Conv", "DepthwiseConv", "MaxPool" …; "Unspecified" for kUnspecified.
absl::string_view LayerTypeName(LayerType type);

// The type of that name; nullopt if there is none.
std::optional<LayerType> LayerTypeFromName(absl::string_view name);

// CONV, DEPTHWISE_CONV or CONV_TRANSPOSE.
bool IsConvolution(LayerType type);

// Products of matrices, written out or as convolutions: IsConvolution(), FULLY_CONNECTED or MAT_MUL.
bool IsProduct(LayerType type);

// MAX_POOL, AVERAGE_POOL, LP_POOL, GLOBAL_MAX_POOL or GLOBAL_AVERAGE_POOL.
bool IsPooling(LayerType type);

// Element-wise with two or more operands and broadcasting (ADD … WHERE).
bool IsElementwiseBroadcast(LayerType type);

// Element-wise function of one tensor (RELU … UNARY, CAST, QUANTIZE, DEQUANTIZE).
bool IsElementwiseUnary(LayerType type);

}  // namespace latimer

#endif  // LATIMER_CORE_NETWORK_LAYER_TYPE_H_
