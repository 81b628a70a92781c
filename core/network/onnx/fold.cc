// Constant evaluation, bounded: results of more than ImportLimits::max_constant_elements keep only their shape.
#include "core/network/onnx/fold.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/network/shape_inference.h"

namespace latimer::onnx_internal {

ConstantPtr MakeConstant(Shape shape, DataType type) {
  auto constant = std::make_unique<KnownConstant>();
  constant->shape = std::move(shape);
  constant->type = type;
  return constant;
}

ConstantPtr MakeIntegers(Shape shape, std::vector<int64_t> values) {
  ConstantPtr constant = MakeConstant(std::move(shape), DataType::kInt64);
  constant->integers = std::move(values);
  constant->has_values = true;
  return constant;
}

// Elements of a shape that may have zeros; error when it is too large.
absl::StatusOr<int64_t> Elements(NodeContext& node, const Shape& shape) {
  // Gather adds dimensions; thousands of them in a row must not.
  if (static_cast<int64_t>(shape.size()) > node.state().options.limits.max_rank) {
    return node.Bad("TOO_MANY_DIMENSIONS", absl::StrCat("its output has ", shape.size(), " dimensions"));
  }
  absl::StatusOr<int64_t> elements = CheckedNumElements(shape);
  if (!elements.ok()) return node.Bad("SHAPE_OVERFLOW", elements.status().message()).ToStatus();
  return elements;
}

// Whether a result of that many elements is worth and allowed computing.
bool Small(int64_t elements, const GraphState& state) {
  return elements <= state.options.limits.max_constant_elements &&
         elements <= std::max<int64_t>(state.fold_budget, 256);
}

// A copy with another shape and the same elements.
ConstantPtr Reshaped(const KnownConstant& from, Shape shape) {
  auto constant = std::make_unique<KnownConstant>(from);
  constant->shape = std::move(shape);
  constant->id = kNone;
  constant->from_shape = from.from_shape;
  return constant;
}

// Copies element `source` of `from` to the end of `to`.
void Append(const KnownConstant& from, size_t source, KnownConstant& to) {
  if (from.is_real()) {
    to.reals.push_back(from.reals[source]);
  } else {
    to.integers.push_back(from.integers[source]);
  }
}

// Fills `to` with the elements of `from` at the flat indices `index` gives for each flat index of `to`.
void Rearrange(const KnownConstant& from, int64_t count, absl::FunctionRef<int64_t(int64_t)> index, KnownConstant& to) {
  to.has_values = true;
  for (int64_t i = 0; i < count; ++i) Append(from, static_cast<size_t>(index(i)), to);
}

// Flat index into a tensor of shape `from` of the element that position `flat` of the broadcast shape `to` reads.
int64_t BroadcastIndex(int64_t flat, const Shape& to, const Shape& from) {
  int64_t index = 0;
  int64_t stride = 1;
  for (size_t i = 0; i < to.size(); ++i) {
    const size_t d = to.size() - 1 - i;
    const int64_t position = flat % to[d];
    flat /= to[d];
    if (i >= from.size()) continue;
    const int64_t size = from[from.size() - 1 - i];
    if (size != 1) index += position * stride;
    stride *= size;
  }
  return index;
}

absl::StatusOr<Shape> Broadcast(const NodeContext& node, const Shape& a, const Shape& b) {
  absl::StatusOr<Shape> shape = BroadcastShapes(a, b);
  if (!shape.ok()) return node.Bad("BAD_SHAPE", shape.status().message()).ToStatus();
  return shape;
}

absl::StatusOr<std::optional<std::vector<int64_t>>> AxesOf(NodeContext& node) {
  if (node.HasInput(1)) {
    LATIMER_ASSIGN_OR_RETURN(std::vector<int64_t> axes, node.Integers(1, "axes"));
    return std::optional<std::vector<int64_t>>(std::move(axes));
  }
  return node.Ints("axes");
}

absl::StatusOr<bool> Fold(NodeContext& node) {
  LATIMER_ASSIGN_OR_RETURN(const bool shape, FoldShapeOf(node));
  if (shape) return true;
  if (!node.AllConstant()) return false;
  if (node.input_count() > 0) {
    LATIMER_RETURN_IF_ERROR(node.Need(0));
    node.ChargeFold();
  }
  for (auto* family : {FoldMaker, FoldLayout, FoldArithmetic}) {
    LATIMER_ASSIGN_OR_RETURN(const bool folded, family(node));
    if (folded) return true;
    if (node.input_count() == 0) return false;
  }
  return false;
}

}  // namespace latimer::onnx_internal
