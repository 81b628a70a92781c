// Output shapes of one layer from its type, attributes and input shapes: our own bounded rules, shared by all
// importers. Pure functions; every result is checked (each dimension >= 1, fewer than 2^62 elements), and so is
// everything in the attributes that a rule divides by or indexes with.
#ifndef LATIMER_CORE_NETWORK_SHAPE_INFERENCE_H_
#define LATIMER_CORE_NETWORK_SHAPE_INFERENCE_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/network/layer_attributes.h"
#include "core/network/layer_type.h"
#include "core/network/shape.h"

namespace latimer {

using ShapeList = absl::InlinedVector<Shape, 1>;

// `inputs` are the shapes of all operands in the operator's order, constant operands of element-wise layers, CONCAT,
// WHERE and GATHER included (for GATHER: table, then indices), weights of convolutions and fully connected layers
// excluded. Errors are INVALID_ARGUMENT with what is wrong but without the layer's name, which the caller adds.
absl::StatusOr<ShapeList> InferOutputShapes(LayerType type, const LayerAttributes& attributes,
                                            absl::Span<const Shape> inputs);

// The shape two operands broadcast to by NumPy's rules.
absl::StatusOr<Shape> BroadcastShapes(absl::Span<const int64_t> a, absl::Span<const int64_t> b);

// Axis in [0, rank) from one that may count from the end.
absl::StatusOr<int64_t> NormalizeAxis(int64_t axis, int64_t rank);

// Size of one spatial dimension after a sliding window (convolution or pooling).
absl::StatusOr<int64_t> WindowOutputSize(int64_t input, int64_t kernel, int64_t stride, int64_t dilation,
                                         int64_t pad_begin, int64_t pad_end, bool ceil_mode);

}  // namespace latimer

#endif  // LATIMER_CORE_NETWORK_SHAPE_INFERENCE_H_
