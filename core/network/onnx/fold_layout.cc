// Constants whose elements only move.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/checked_math.h"
#include "core/base/status_macros.h"
#include "core/network/onnx/fold.h"
#include "core/network/shape_inference.h"

namespace latimer::onnx_internal {
namespace {

std::vector<int64_t> Strides(const Shape& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * std::max<int64_t>(shape[i], 1);
  return strides;
}

absl::Status FoldGather(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  LATIMER_RETURN_IF_ERROR(node.Need(1));
  const KnownConstant& table = *node.Constant(0);
  const KnownConstant& indices = *node.Constant(1);
  absl::StatusOr<int64_t> axis = NormalizeAxis(node.Int("axis", 0), static_cast<int64_t>(table.shape.size()));
  if (!axis.ok()) return node.Bad("BAD_AXIS", axis.status().message());
  const auto a = static_cast<size_t>(*axis);
  Shape shape(table.shape.begin(), table.shape.begin() + *axis);
  shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
  shape.insert(shape.end(), table.shape.begin() + *axis + 1, table.shape.end());
  LATIMER_ASSIGN_OR_RETURN(const int64_t elements, Elements(node, shape));
  ConstantPtr to = MakeConstant(shape, table.type);
  if (table.has_values && indices.has_values && !indices.is_real() && Small(elements, node.state())) {
    int64_t inner = 1;
    for (size_t i = a + 1; i < table.shape.size(); ++i) inner *= table.shape[i];
    const int64_t size = table.shape[a];
    for (int64_t index : indices.integers) {
      if (index < -size || index >= size) {
        return node.Bad("BAD_INDEX", absl::StrCat("index ", index, " is outside ", size, " elements"));
      }
    }
    const auto count = static_cast<int64_t>(indices.integers.size());
    Rearrange(
        table, elements,
        [&](int64_t flat) {
          const int64_t i = flat % inner;
          const int64_t which = flat / inner % count;
          const int64_t outer = flat / inner / count;
          int64_t index = indices.integers[static_cast<size_t>(which)];
          if (index < 0) index += size;
          return (outer * size + index) * inner + i;
        },
        *to);
  }
  node.SetConstant(std::move(to));
  return absl::OkStatus();
}

absl::Status FoldConcat(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  std::vector<Shape> shapes;
  bool known = true;
  for (size_t i = 0; i < node.input_count(); ++i) {
    LATIMER_RETURN_IF_ERROR(node.Need(i));
    shapes.push_back(node.InputShape(i));
    known = known && node.Constant(i)->has_values && node.Constant(i)->type == node.Constant(0)->type;
  }
  absl::StatusOr<int64_t> axis = NormalizeAxis(node.Int("axis", 0), static_cast<int64_t>(shapes[0].size()));
  if (!axis.ok()) return node.Bad("BAD_AXIS", axis.status().message());
  Shape shape = shapes[0];
  for (size_t i = 1; i < shapes.size(); ++i) {
    if (shapes[i].size() != shape.size()) return node.Bad("BAD_SHAPE", "its inputs differ in rank");
    const std::optional<int64_t> sum =
        CheckedAdd(shape[static_cast<size_t>(*axis)], shapes[i][static_cast<size_t>(*axis)]);
    if (!sum.has_value()) return node.Bad("SHAPE_OVERFLOW", "its output overflows");
    shape[static_cast<size_t>(*axis)] = *sum;
  }
  LATIMER_ASSIGN_OR_RETURN(const int64_t elements, Elements(node, shape));
  ConstantPtr to = MakeConstant(shape, node.Constant(0)->type);
  // Values of lists only: what shape arithmetic joins.
  if (known && shape.size() == 1 && Small(elements, node.state())) {
    to->has_values = true;
    for (size_t i = 0; i < node.input_count(); ++i) {
      for (size_t e = 0; e < node.Constant(i)->size(); ++e) Append(*node.Constant(i), e, *to);
    }
  }
  node.SetConstant(std::move(to));
  return absl::OkStatus();
}

absl::Status FoldSlice(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  const KnownConstant& from = *node.Constant(0);
  SliceAttributes slice;
  auto assign = [](Shape& to, const std::vector<int64_t>& values) { to.assign(values.begin(), values.end()); };
  if (node.HasInput(1)) {
    LATIMER_ASSIGN_OR_RETURN(const std::vector<int64_t> starts, node.Integers(1, "starts"));
    LATIMER_ASSIGN_OR_RETURN(const std::vector<int64_t> ends, node.Integers(2, "ends"));
    assign(slice.starts, starts);
    assign(slice.ends, ends);
    if (node.HasInput(3)) {
      LATIMER_ASSIGN_OR_RETURN(const std::vector<int64_t> axes, node.Integers(3, "axes"));
      assign(slice.axes, axes);
    }
    if (node.HasInput(4)) {
      LATIMER_ASSIGN_OR_RETURN(const std::vector<int64_t> steps, node.Integers(4, "steps"));
      assign(slice.steps, steps);
    }
  } else {
    assign(slice.starts, node.Ints("starts").value_or(std::vector<int64_t>{}));
    assign(slice.ends, node.Ints("ends").value_or(std::vector<int64_t>{}));
    assign(slice.axes, node.Ints("axes").value_or(std::vector<int64_t>{}));
  }
  if (slice.axes.empty()) {
    for (size_t i = 0; i < slice.starts.size(); ++i) slice.axes.push_back(static_cast<int64_t>(i));
  }
  absl::StatusOr<ShapeList> shapes = InferOutputShapes(LayerType::kSlice, slice, {from.shape});
  if (!shapes.ok()) return node.Bad("BAD_SLICE", shapes.status().message());
  ConstantPtr to = MakeConstant((*shapes)[0], from.type);
  if (from.has_values && from.shape.size() == 1 && slice.starts.size() == 1) {
    const int64_t size = from.shape[0];
    const int64_t step = slice.steps.empty() ? 1 : slice.steps[0];
    int64_t start = slice.starts[0] < 0 ? slice.starts[0] + size : slice.starts[0];
    start = step > 0 ? std::clamp<int64_t>(start, 0, size) : std::clamp<int64_t>(start, 0, size - 1);
    Rearrange(
        from, to->shape[0], [&](int64_t i) { return start + i * step; }, *to);
  }
  node.SetConstant(std::move(to));
  return absl::OkStatus();
}

absl::Status FoldShapeChange(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  const KnownConstant& from = *node.Constant(0);
  LATIMER_ASSIGN_OR_RETURN(const int64_t elements, Elements(node, from.shape));
  Shape shape;
  if (node.op() == "Unsqueeze") {
    LATIMER_ASSIGN_OR_RETURN(const std::optional<std::vector<int64_t>> axes, AxesOf(node));
    const auto rank = static_cast<int64_t>(from.shape.size() + axes.value_or(std::vector<int64_t>{}).size());
    if (rank > node.state().options.limits.max_rank) return node.Bad("TOO_MANY_DIMENSIONS", "its output has too many");
    std::vector<bool> added(static_cast<size_t>(rank), false);
    for (int64_t axis : axes.value_or(std::vector<int64_t>{})) {
      absl::StatusOr<int64_t> normal = NormalizeAxis(axis, rank);
      if (!normal.ok() || added[static_cast<size_t>(*normal)]) return node.Bad("BAD_AXIS", "an axis is wrong or twice");
      added[static_cast<size_t>(*normal)] = true;
    }
    size_t next = 0;
    for (bool one : added) shape.push_back(one ? 1 : from.shape[next++]);
  } else if (node.op() == "Squeeze") {
    LATIMER_ASSIGN_OR_RETURN(const std::optional<std::vector<int64_t>> axes, AxesOf(node));
    std::vector<bool> removed(from.shape.size(), false);
    if (axes.has_value()) {
      for (int64_t axis : *axes) {
        absl::StatusOr<int64_t> normal = NormalizeAxis(axis, static_cast<int64_t>(from.shape.size()));
        if (!normal.ok() || from.shape[static_cast<size_t>(*normal)] != 1)
          return node.Bad("BAD_AXIS", "an axis is wrong");
        removed[static_cast<size_t>(*normal)] = true;
      }
    } else {
      for (size_t i = 0; i < removed.size(); ++i) removed[i] = from.shape[i] == 1;
    }
    for (size_t i = 0; i < removed.size(); ++i) {
      if (!removed[i]) shape.push_back(from.shape[i]);
    }
  } else if (node.op() == "Flatten") {
    int64_t axis = node.Int("axis", 1);
    if (axis < 0) axis += static_cast<int64_t>(from.shape.size());
    int64_t outer = 1;
    for (int64_t i = 0; i < axis && i < static_cast<int64_t>(from.shape.size()); ++i)
      outer *= from.shape[static_cast<size_t>(i)];
    shape = {outer, outer > 0 ? elements / outer : 0};
  } else {  // Reshape
    LATIMER_ASSIGN_OR_RETURN(const std::vector<int64_t> target, node.Integers(1, "shape"));
    if (static_cast<int64_t>(target.size()) > node.state().options.limits.max_rank) {
      return node.Bad("TOO_MANY_DIMENSIONS", "its output has too many");
    }
    for (size_t i = 0; i < target.size(); ++i) {
      shape.push_back(target[i] == 0 && i < from.shape.size() ? from.shape[i] : target[i]);
    }
    absl::StatusOr<ShapeList> shapes =
        InferOutputShapes(LayerType::kReshape, OutputShapeAttributes{shape}, {from.shape});
    if (!shapes.ok()) return node.Bad("BAD_SHAPE", shapes.status().message());
    shape = (*shapes)[0];
  }
  node.SetConstant(Reshaped(from, std::move(shape)));
  return absl::OkStatus();
}

absl::Status FoldTranspose(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  const KnownConstant& from = *node.Constant(0);
  TransposeAttributes attributes;
  const std::vector<int64_t> permutation = node.Ints("perm").value_or(std::vector<int64_t>{});
  attributes.permutation.assign(permutation.begin(), permutation.end());
  absl::StatusOr<ShapeList> shapes = InferOutputShapes(LayerType::kTranspose, attributes, {from.shape});
  if (!shapes.ok()) return node.Bad("BAD_SHAPE", shapes.status().message());
  // Weights only: nobody transposes what shapes are computed from.
  ConstantPtr to = MakeConstant((*shapes)[0], from.type);
  if (from.has_values && from.shape.size() < 2) to = Reshaped(from, from.shape);
  node.SetConstant(std::move(to));
  return absl::OkStatus();
}

// Expand and Tile.
absl::Status FoldRepeat(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  const KnownConstant& from = *node.Constant(0);
  LATIMER_ASSIGN_OR_RETURN(const std::vector<int64_t> given,
                           node.Integers(1, node.op() == "Tile" ? "repeats" : "shape"));
  if (static_cast<int64_t>(given.size()) > node.state().options.limits.max_rank) {
    return node.Bad("TOO_MANY_DIMENSIONS", "its output has too many");
  }
  Shape shape(given.begin(), given.end());
  if (node.op() == "Tile") {
    if (given.size() != from.shape.size()) return node.Bad("BAD_SHAPE", "repeats and input differ in rank");
    for (size_t i = 0; i < shape.size(); ++i) {
      const std::optional<int64_t> size = CheckedMul(shape[i], from.shape[i]);
      if (!size.has_value()) return node.Bad("SHAPE_OVERFLOW", "its output overflows");
      shape[i] = *size;
    }
  } else {
    LATIMER_ASSIGN_OR_RETURN(shape, Broadcast(node, from.shape, shape));
  }
  LATIMER_ASSIGN_OR_RETURN(const int64_t elements, Elements(node, shape));
  ConstantPtr to = MakeConstant(shape, from.type);
  if (from.has_values && from.size() > 0 && Small(elements, node.state())) {
    const std::vector<int64_t> strides = Strides(from.shape);
    Rearrange(
        from, elements,
        [&](int64_t flat) {
          int64_t index = 0;
          for (size_t i = 0; i < shape.size(); ++i) {
            const size_t d = shape.size() - 1 - i;
            const int64_t position = flat % shape[d];
            flat /= shape[d];
            if (i >= from.shape.size()) continue;
            const size_t s = from.shape.size() - 1 - i;
            index += position % from.shape[s] * strides[s];
          }
          return index;
        },
        *to);
  }
  node.SetConstant(std::move(to));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<bool> FoldLayout(NodeContext& node) {
  const absl::string_view op = node.op();
  if (op == "Gather") return Done(FoldGather(node));
  if (op == "Concat") return Done(FoldConcat(node));
  if (op == "Slice") return Done(FoldSlice(node));
  if (op == "Unsqueeze" || op == "Squeeze" || op == "Reshape" || op == "Flatten") return Done(FoldShapeChange(node));
  if (op == "Transpose") return Done(FoldTranspose(node));
  if (op == "Expand" || op == "Tile") return Done(FoldRepeat(node));
  return false;
}

}  // namespace latimer::onnx_internal
