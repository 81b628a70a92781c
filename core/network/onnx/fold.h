// Bounded constant evaluation, by family of operators. Internal to core/network/onnx; every input of the node is a
// constant, the first one is there.
#ifndef LATIMER_CORE_NETWORK_ONNX_FOLD_H_
#define LATIMER_CORE_NETWORK_ONNX_FOLD_H_

#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "core/network/onnx/node_context.h"

namespace latimer::onnx_internal {

// Each sets the node's output and returns true, or returns false for an operator of another family.
absl::StatusOr<bool> FoldMaker(NodeContext& node);       // makes values: Constant, ConstantOfShape, Range
absl::StatusOr<bool> FoldLayout(NodeContext& node);      // moves values: Gather, Concat, Slice, Reshape, Expand …
absl::StatusOr<bool> FoldArithmetic(NodeContext& node);  // computes: Add, Floor, ReduceProd, Cast, Where …

// Shape and Size, whose input may also be an activation.
absl::StatusOr<bool> FoldShapeOf(NodeContext& node);

using ConstantPtr = std::unique_ptr<KnownConstant>;

ConstantPtr MakeConstant(Shape shape, DataType type);
ConstantPtr MakeIntegers(Shape shape, std::vector<int64_t> values);

// A copy with another shape and the same elements.
ConstantPtr Reshaped(const KnownConstant& from, Shape shape);

// Elements of a shape that may have zeros; error when it is too large or has too many dimensions.
absl::StatusOr<int64_t> Elements(NodeContext& node, const Shape& shape);

// Whether a result of that many elements is worth and allowed computing.
bool Small(int64_t elements, const GraphState& state);

// Copies element `source` of `from` to the end of `to`.
void Append(const KnownConstant& from, size_t source, KnownConstant& to);

// Fills `to` with the elements of `from` at the flat indices `index` gives for each flat index of `to`.
void Rearrange(const KnownConstant& from, int64_t count, absl::FunctionRef<int64_t(int64_t)> index, KnownConstant& to);

// Flat index into a tensor of shape `from` of the element that position `flat` of the broadcast shape `to` reads.
int64_t BroadcastIndex(int64_t flat, const Shape& to, const Shape& from);

// The shape both broadcast to; the error names the node.
absl::StatusOr<Shape> Broadcast(const NodeContext& node, const Shape& a, const Shape& b);

// Axes of Squeeze, Unsqueeze and reductions: an attribute, in newer operator sets an input.
absl::StatusOr<std::optional<std::vector<int64_t>>> AxesOf(NodeContext& node);

// True if `status` is.
inline absl::StatusOr<bool> Done(const absl::Status& status) {
  if (!status.ok()) return status;
  return true;
}

}  // namespace latimer::onnx_internal

#endif  // LATIMER_CORE_NETWORK_ONNX_FOLD_H_
