// Shape rules by family of layer types; InferOutputShapes() picks one and checks its result. Internal to core/network.
#ifndef LATIMER_CORE_NETWORK_SHAPE_RULES_H_
#define LATIMER_CORE_NETWORK_SHAPE_RULES_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/network/layer_attributes.h"
#include "core/network/shape_inference.h"

namespace latimer::shape_rules {

// Sliding windows (shape_rules_window.cc).
absl::StatusOr<Shape> Conv(const ConvAttributes& conv, const Shape& input);
absl::StatusOr<Shape> DepthwiseConv(const ConvAttributes& conv, const Shape& input);
absl::StatusOr<Shape> ConvTranspose(const ConvAttributes& conv, const Shape& input);
absl::StatusOr<Shape> Pool(const PoolAttributes& pool, const Shape& input);
absl::StatusOr<Shape> GlobalPool(const Shape& input);

// Products and reductions (shape_rules_algebra.cc).
absl::StatusOr<Shape> FullyConnected(const FullyConnectedAttributes& attributes, const Shape& input);
absl::StatusOr<Shape> MatMul(const MatMulAttributes& attributes, const Shape& a, const Shape& b);
absl::StatusOr<Shape> Reduce(const ReduceAttributes& attributes, const Shape& input);

// Rearrangement of data (shape_rules_data.cc).
absl::StatusOr<Shape> Concat(const AxisAttributes& attributes, absl::Span<const Shape> inputs);
absl::StatusOr<ShapeList> Split(const SplitAttributes& attributes, const Shape& input);
absl::StatusOr<Shape> Slice(const SliceAttributes& attributes, const Shape& input);
absl::StatusOr<Shape> Pad(const PadAttributes& attributes, const Shape& input);
absl::StatusOr<Shape> Transpose(const TransposeAttributes& attributes, const Shape& input);
absl::StatusOr<Shape> Gather(const AxisAttributes& attributes, const Shape& table, const Shape& indices);
absl::StatusOr<Shape> Reshape(const OutputShapeAttributes& attributes, const Shape& input);
absl::StatusOr<Shape> DepthToSpace(const OutputShapeAttributes& attributes, const Shape& input);

// Helpers for messages: INVALID_ARGUMENT with reason BAD_SHAPE.
absl::Status BadShape(absl::string_view message);

}  // namespace latimer::shape_rules

#endif  // LATIMER_CORE_NETWORK_SHAPE_RULES_H_
