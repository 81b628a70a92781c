// Type-specific parameters of a layer. Lists hold one value per spatial dimension (outermost first) unless they say
// otherwise, and are complete: importers fill in defaults.
#ifndef LATIMER_CORE_NETWORK_LAYER_ATTRIBUTES_H_
#define LATIMER_CORE_NETWORK_LAYER_ATTRIBUTES_H_

#include <cstdint>
#include <variant>

#include "core/network/shape.h"

namespace latimer {

// CONV, DEPTHWISE_CONV, CONV_TRANSPOSE.
struct ConvAttributes {
  SpatialDims kernel;
  SpatialDims stride;
  SpatialDims dilation;
  SpatialDims pad_begin;
  SpatialDims pad_end;
  SpatialDims output_padding;  // CONV_TRANSPOSE only
  int64_t groups = 1;
  int64_t output_channels = 0;
  bool bias = false;
};

// MAX_POOL, AVERAGE_POOL, LP_POOL. (Global pooling has no attributes: its window is the input's spatial size.)
struct PoolAttributes {
  SpatialDims kernel;
  SpatialDims stride;
  SpatialDims dilation;
  SpatialDims pad_begin;
  SpatialDims pad_end;
  bool ceil_mode = false;

  bool operator==(const PoolAttributes&) const = default;
};

// FULLY_CONNECTED: the last dimension of the input (all rows before it are the batch) is multiplied by a constant
// matrix input_features x output_features.
struct FullyConnectedAttributes {
  int64_t input_features = 0;
  int64_t output_features = 0;
  bool bias = false;
};

// MAT_MUL.
struct MatMulAttributes {
  bool transpose_a = false;
  bool transpose_b = false;
  int64_t inner_size = 0;  // length of the sums; NetworkBuilder fills it in
};

// REDUCE, ARG_REDUCE. Axes are non-negative and sorted.
struct ReduceAttributes {
  Shape axes;
  bool keep_dims = true;
};

// CONCAT, SOFTMAX, GATHER, LAYER_NORM, LP_NORM. Non-negative.
struct AxisAttributes {
  int64_t axis = 0;
};

// SPLIT.
struct SplitAttributes {
  int64_t axis = 0;
  Shape sizes;  // one per output
};

// SLICE, one value per sliced axis; ONNX's meaning of negative and out-of-range values.
struct SliceAttributes {
  Shape axes;
  Shape starts;
  Shape ends;
  Shape steps;
};

// PAD, one value per dimension of the input.
struct PadAttributes {
  Shape begin;
  Shape end;
};

// TRANSPOSE.
struct TransposeAttributes {
  Shape permutation;
};

// RESHAPE, RESIZE, EXPAND, DEPTH_TO_SPACE, UNKNOWN; GATHER of single elements or from a constant table; element-wise
// layers whose constant operand is larger than their activations: the shape of the first output.
struct OutputShapeAttributes {
  Shape shape;
};

using LayerAttributes = std::variant<std::monostate, ConvAttributes, PoolAttributes, FullyConnectedAttributes,
                                     MatMulAttributes, ReduceAttributes, AxisAttributes, SplitAttributes,
                                     SliceAttributes, PadAttributes, TransposeAttributes, OutputShapeAttributes>;

}  // namespace latimer

#endif  // LATIMER_CORE_NETWORK_LAYER_ATTRIBUTES_H_
