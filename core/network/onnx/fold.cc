// Constant evaluation, bounded: results of more than ImportLimits::max_constant_elements keep only their shape.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/checked_math.h"
#include "core/base/status_macros.h"
#include "core/network/onnx/node_context.h"
#include "core/network/shape_inference.h"

namespace latimer::onnx_internal {
namespace {

using ConstantPtr = std::unique_ptr<KnownConstant>;

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
void Rearrange(const KnownConstant& from, int64_t count, const std::function<int64_t(int64_t)>& index,
               KnownConstant& to) {
  to.has_values = true;
  for (int64_t i = 0; i < count; ++i) Append(from, static_cast<size_t>(index(i)), to);
}

std::vector<int64_t> Strides(const Shape& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * std::max<int64_t>(shape[i], 1);
  return strides;
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

absl::Status FoldConstant(NodeContext& node) {
  if (const onnx::AttributeProto* value = node.Attribute("value"); value != nullptr && value->has_t()) {
    LATIMER_ASSIGN_OR_RETURN(ConstantPtr constant,
                             ReadTensor(value->t(), node.node().output_size() > 0 ? node.node().output(0) : "",
                                        node.state().options.limits.max_constant_elements));
    node.SetConstant(std::move(constant));
    return absl::OkStatus();
  }
  if (node.HasAttribute("value_int")) {
    node.SetConstant(MakeIntegers({}, {node.Int("value_int", 0)}));
  } else if (std::optional<std::vector<int64_t>> ints = node.Ints("value_ints"); ints.has_value()) {
    const auto count = static_cast<int64_t>(ints->size());
    node.SetConstant(MakeIntegers({count}, *std::move(ints)));
  } else if (node.HasAttribute("value_float")) {
    ConstantPtr constant = MakeConstant({}, DataType::kFloat32);
    constant->reals = {node.Float("value_float", 0)};
    constant->has_values = true;
    node.SetConstant(std::move(constant));
  } else if (const onnx::AttributeProto* floats = node.Attribute("value_floats"); floats != nullptr) {
    ConstantPtr constant = MakeConstant({floats->floats_size()}, DataType::kFloat32);
    constant->reals.assign(floats->floats().begin(), floats->floats().end());
    constant->has_values = true;
    node.SetConstant(std::move(constant));
  } else {
    node.SetConstant(MakeConstant({1}, DataType::kFloat32));  // strings and sparse tensors
  }
  return absl::OkStatus();
}

absl::Status FoldConstantOfShape(NodeContext& node) {
  LATIMER_ASSIGN_OR_RETURN(const std::vector<int64_t> dims, node.Integers(0, "shape"));
  if (static_cast<int64_t>(dims.size()) > node.state().options.limits.max_rank) {
    return node.Bad("TOO_MANY_DIMENSIONS", absl::StrCat("its shape has ", dims.size(), " dimensions"));
  }
  Shape shape(dims.begin(), dims.end());
  LATIMER_ASSIGN_OR_RETURN(const int64_t elements, Elements(node, shape));
  DataType type = DataType::kFloat32;
  double real = 0;
  int64_t integer = 0;
  if (const onnx::AttributeProto* value = node.Attribute("value"); value != nullptr && value->has_t()) {
    LATIMER_ASSIGN_OR_RETURN(ConstantPtr element, ReadTensor(value->t(), "value", 1));
    type = element->type;
    if (element->has_values && element->size() == 1) {
      if (element->is_real()) {
        real = element->reals[0];
      } else {
        integer = element->integers[0];
      }
    }
  }
  ConstantPtr constant = MakeConstant(std::move(shape), type);
  // Weights come this way too; only what shape arithmetic may read is filled in.
  if (elements <= std::min<int64_t>(node.state().options.limits.max_constant_elements, 4096)) {
    constant->has_values = true;
    if (constant->is_real()) {
      constant->reals.assign(static_cast<size_t>(elements), real);
    } else {
      constant->integers.assign(static_cast<size_t>(elements), integer);
    }
  }
  node.SetConstant(std::move(constant));
  return absl::OkStatus();
}

absl::Status FoldShape(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  const Shape& shape = node.InputShape(0);
  const auto rank = static_cast<int64_t>(shape.size());
  auto clamp = [rank](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank); };
  const int64_t start = clamp(node.Int("start", 0));
  const int64_t end = std::max(start, clamp(node.Int("end", rank)));
  std::vector<int64_t> dims(shape.begin() + start, shape.begin() + end);
  const auto count = static_cast<int64_t>(dims.size());
  node.SetConstant(MakeIntegers({count}, std::move(dims)));
  return absl::OkStatus();
}

// Axes of Squeeze and Unsqueeze: an attribute, from operator set 13 an input.
absl::StatusOr<std::optional<std::vector<int64_t>>> Axes(NodeContext& node) {
  if (node.HasInput(1)) {
    LATIMER_ASSIGN_OR_RETURN(std::vector<int64_t> axes, node.Integers(1, "axes"));
    return std::optional<std::vector<int64_t>>(std::move(axes));
  }
  return node.Ints("axes");
}

absl::Status FoldCast(NodeContext& node) {
  const KnownConstant& from = *node.Constant(0);
  const DataType type = node.op() == "Cast" ? FromOnnxType(static_cast<int32_t>(node.Int("to", 1))) : from.type;
  ConstantPtr to = MakeConstant(from.shape, type == DataType::kUnspecified ? DataType::kFloat32 : type);
  if (from.has_values) {
    to->has_values = true;
    for (size_t i = 0; i < from.size(); ++i) {
      const double real = from.is_real() ? from.reals[i] : static_cast<double>(from.integers[i]);
      if (to->is_real()) {
        to->reals.push_back(real);
      } else if (!from.is_real()) {
        to->integers.push_back(from.integers[i]);
      } else {
        // Casting a number beyond 64 bits is undefined in C++.
        to->integers.push_back(std::abs(real) < 9e18 ? static_cast<int64_t>(real) : 0);
      }
    }
  }
  node.SetConstant(std::move(to));
  return absl::OkStatus();
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
    LATIMER_ASSIGN_OR_RETURN(const std::optional<std::vector<int64_t>> axes, Axes(node));
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
    LATIMER_ASSIGN_OR_RETURN(const std::optional<std::vector<int64_t>> axes, Axes(node));
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

using RealOperation = double (*)(double, double);
using IntegerOperation = std::optional<int64_t> (*)(int64_t, int64_t);

struct BinaryOperation {
  absl::string_view op;
  RealOperation real;
  IntegerOperation integer;
  bool truth;  // the result is a truth value
};

constexpr BinaryOperation kBinary[] = {
    {"Add", [](double a, double b) { return a + b; }, [](int64_t a, int64_t b) { return CheckedAdd(a, b); }, false},
    {"Sub", [](double a, double b) { return a - b; }, [](int64_t a, int64_t b) { return CheckedSub(a, b); }, false},
    {"Mul", [](double a, double b) { return a * b; }, [](int64_t a, int64_t b) { return CheckedMul(a, b); }, false},
    {"Div", [](double a, double b) { return b == 0 ? 0 : a / b; },
     [](int64_t a, int64_t b) -> std::optional<int64_t> {
       if (b == 0 || (a == std::numeric_limits<int64_t>::min() && b == -1)) return std::nullopt;
       return a / b;
     },
     false},
    {"Mod", [](double a, double b) { return b == 0 ? 0 : std::fmod(a, b); },
     [](int64_t a, int64_t b) -> std::optional<int64_t> {
       if (b == 0 || b == -1) return b == 0 ? std::nullopt : std::optional<int64_t>(0);
       const int64_t rest = a % b;
       return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
     },
     false},
    {"Pow", [](double a, double b) { return std::pow(a, b); },
     [](int64_t a, int64_t b) -> std::optional<int64_t> {
       const double power = std::pow(static_cast<double>(a), static_cast<double>(b));
       if (!(std::abs(power) < 9e15)) return std::nullopt;
       return static_cast<int64_t>(power);
     },
     false},
    {"Min", [](double a, double b) { return std::min(a, b); },
     [](int64_t a, int64_t b) -> std::optional<int64_t> { return std::min(a, b); }, false},
    {"Max", [](double a, double b) { return std::max(a, b); },
     [](int64_t a, int64_t b) -> std::optional<int64_t> { return std::max(a, b); }, false},
    {"Equal", [](double a, double b) { return a == b ? 1.0 : 0.0; },
     [](int64_t a, int64_t b) -> std::optional<int64_t> { return a == b ? 1 : 0; }, true},
    {"Less", [](double a, double b) { return a < b ? 1.0 : 0.0; },
     [](int64_t a, int64_t b) -> std::optional<int64_t> { return a < b ? 1 : 0; }, true},
    {"Greater", [](double a, double b) { return a > b ? 1.0 : 0.0; },
     [](int64_t a, int64_t b) -> std::optional<int64_t> { return a > b ? 1 : 0; }, true},
    {"LessOrEqual", [](double a, double b) { return a <= b ? 1.0 : 0.0; },
     [](int64_t a, int64_t b) -> std::optional<int64_t> { return a <= b ? 1 : 0; }, true},
    {"GreaterOrEqual", [](double a, double b) { return a >= b ? 1.0 : 0.0; },
     [](int64_t a, int64_t b) -> std::optional<int64_t> { return a >= b ? 1 : 0; }, true},
    {"And", [](double a, double b) { return a != 0 && b != 0 ? 1.0 : 0.0; },
     [](int64_t a, int64_t b) -> std::optional<int64_t> { return a != 0 && b != 0 ? 1 : 0; }, true},
    {"Or", [](double a, double b) { return a != 0 || b != 0 ? 1.0 : 0.0; },
     [](int64_t a, int64_t b) -> std::optional<int64_t> { return a != 0 || b != 0 ? 1 : 0; }, true},
};

absl::Status FoldBinary(NodeContext& node, const BinaryOperation& operation) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  LATIMER_RETURN_IF_ERROR(node.Need(1));
  const KnownConstant& a = *node.Constant(0);
  const KnownConstant& b = *node.Constant(1);
  LATIMER_ASSIGN_OR_RETURN(const Shape shape, Broadcast(node, a.shape, b.shape));
  LATIMER_ASSIGN_OR_RETURN(const int64_t elements, Elements(node, shape));
  ConstantPtr to = MakeConstant(shape, operation.truth ? DataType::kBool : a.type);
  if (a.has_values && b.has_values && a.is_real() == b.is_real() && Small(elements, node.state())) {
    to->has_values = true;
    for (int64_t i = 0; i < elements; ++i) {
      const auto from_a = static_cast<size_t>(BroadcastIndex(i, shape, a.shape));
      const auto from_b = static_cast<size_t>(BroadcastIndex(i, shape, b.shape));
      if (a.is_real()) {
        const double result = operation.real(a.reals[from_a], b.reals[from_b]);
        if (to->is_real()) {
          to->reals.push_back(result);
        } else {
          to->integers.push_back(result != 0 ? 1 : 0);
        }
      } else {
        const std::optional<int64_t> result = operation.integer(a.integers[from_a], b.integers[from_b]);
        if (!result.has_value()) {
          return node.Bad("ARITHMETIC_OVERFLOW", absl::StrCat("cannot compute ", a.integers[from_a], " ", operation.op,
                                                              " ", b.integers[from_b]));
        }
        to->integers.push_back(*result);
      }
    }
  }
  node.SetConstant(std::move(to));
  return absl::OkStatus();
}

absl::Status FoldUnary(NodeContext& node) {
  const KnownConstant& from = *node.Constant(0);
  auto to = Reshaped(from, from.shape);
  const absl::string_view op = node.op();
  for (double& value : to->reals) {
    if (op == "Neg") value = -value;
    if (op == "Abs") value = std::abs(value);
    if (op == "Floor") value = std::floor(value);
    if (op == "Ceil") value = std::ceil(value);
    if (op == "Round") value = std::nearbyint(value);
    if (op == "Sqrt") value = std::sqrt(value);
    if (op == "Exp") value = std::exp(value);
    if (op == "Log") value = std::log(value);
    if (op == "Reciprocal") value = value == 0 ? 0 : 1 / value;
  }
  for (int64_t& value : to->integers) {
    if ((op == "Neg" || (op == "Abs" && value < 0)) && value != std::numeric_limits<int64_t>::min()) value = -value;
    if (op == "Not") value = value == 0 ? 1 : 0;
  }
  node.SetConstant(std::move(to));
  return absl::OkStatus();
}

absl::Status FoldRange(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(2));
  const std::optional<std::vector<double>> start = node.Numbers(0);
  const std::optional<std::vector<double>> limit = node.Numbers(1);
  const std::optional<std::vector<double>> delta = node.Numbers(2);
  if (!start.has_value() || !limit.has_value() || !delta.has_value() || start->size() != 1 || limit->size() != 1 ||
      delta->size() != 1 || (*delta)[0] == 0) {
    return node.Bad("BAD_RANGE", "start, limit and step must be known numbers, the step not 0");
  }
  const double count = std::max(0.0, std::ceil(((*limit)[0] - (*start)[0]) / (*delta)[0]));
  if (!(count < 4e18)) return node.Bad("SHAPE_OVERFLOW", "its output overflows");
  const auto elements = static_cast<int64_t>(count);
  ConstantPtr to = MakeConstant({elements}, node.Constant(0)->type);
  if (Small(elements, node.state())) {
    to->has_values = true;
    for (int64_t i = 0; i < elements; ++i) {
      const double value = (*start)[0] + static_cast<double>(i) * (*delta)[0];
      if (to->is_real()) {
        to->reals.push_back(value);
      } else {
        to->integers.push_back(std::abs(value) < 9e18 ? static_cast<int64_t>(value) : 0);
      }
    }
  }
  node.SetConstant(std::move(to));
  return absl::OkStatus();
}

absl::Status FoldWhere(NodeContext& node) {
  for (size_t i = 0; i < 3; ++i) LATIMER_RETURN_IF_ERROR(node.Need(i));
  const KnownConstant& condition = *node.Constant(0);
  const KnownConstant& yes = *node.Constant(1);
  const KnownConstant& no = *node.Constant(2);
  LATIMER_ASSIGN_OR_RETURN(Shape shape, Broadcast(node, yes.shape, no.shape));
  LATIMER_ASSIGN_OR_RETURN(shape, Broadcast(node, shape, condition.shape));
  LATIMER_ASSIGN_OR_RETURN(const int64_t elements, Elements(node, shape));
  ConstantPtr to = MakeConstant(shape, yes.type);
  if (condition.has_values && yes.has_values && no.has_values && !condition.is_real() && yes.type == no.type &&
      Small(elements, node.state())) {
    to->has_values = true;
    for (int64_t i = 0; i < elements; ++i) {
      const bool take = condition.integers[static_cast<size_t>(BroadcastIndex(i, shape, condition.shape))] != 0;
      const KnownConstant& from = take ? yes : no;
      Append(from, static_cast<size_t>(BroadcastIndex(i, shape, from.shape)), *to);
    }
  }
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

// Over everything, as shape arithmetic uses it; other reductions of constants keep only their shape.
absl::Status FoldReduce(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  const KnownConstant& from = *node.Constant(0);
  ReduceAttributes reduce;
  reduce.keep_dims = node.Int("keepdims", 1) != 0;
  LATIMER_ASSIGN_OR_RETURN(const std::optional<std::vector<int64_t>> axes, Axes(node));
  if (axes.has_value()) reduce.axes.assign(axes->begin(), axes->end());
  absl::StatusOr<ShapeList> shapes = InferOutputShapes(LayerType::kReduce, reduce, {from.shape});
  if (!shapes.ok()) return node.Bad("BAD_AXIS", shapes.status().message());
  ConstantPtr to = MakeConstant((*shapes)[0], from.type);
  const bool known_operation = node.op() == "ReduceProd" || node.op() == "ReduceSum" || node.op() == "ReduceMean" ||
                               node.op() == "ReduceMax" || node.op() == "ReduceMin";
  if (known_operation && from.has_values && !from.is_real() && from.size() > 0 && NumElements(to->shape) == 1) {
    int64_t result = from.integers[0];
    for (size_t i = 1; i < from.integers.size(); ++i) {
      const int64_t value = from.integers[i];
      std::optional<int64_t> next = result;
      if (node.op() == "ReduceProd") next = CheckedMul(result, value);
      if (node.op() == "ReduceSum" || node.op() == "ReduceMean") next = CheckedAdd(result, value);
      if (node.op() == "ReduceMax") next = std::max(result, value);
      if (node.op() == "ReduceMin") next = std::min(result, value);
      if (!next.has_value()) return node.Bad("ARITHMETIC_OVERFLOW", "its result overflows");
      result = *next;
    }
    if (node.op() == "ReduceMean") result /= static_cast<int64_t>(from.integers.size());
    to->has_values = true;
    to->integers = {result};
  }
  node.SetConstant(std::move(to));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<bool> Fold(NodeContext& node) {
  const absl::string_view op = node.op();
  auto done = [](const absl::Status& status) -> absl::StatusOr<bool> {
    if (!status.ok()) return status;
    return true;
  };
  if (op == "Shape") return done(FoldShape(node));
  if (op == "Size") {
    LATIMER_RETURN_IF_ERROR(node.Need(0));
    LATIMER_ASSIGN_OR_RETURN(const int64_t elements, Elements(node, node.InputShape(0)));
    node.SetConstant(MakeIntegers({}, {elements}));
    return true;
  }
  if (!node.AllConstant()) return false;
  if (op == "Constant") return done(FoldConstant(node));
  if (node.input_count() == 0) return false;
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  node.ChargeFold();
  if (op == "ConstantOfShape") return done(FoldConstantOfShape(node));
  if (op == "Cast" || op == "Identity" || op == "Dropout") return done(FoldCast(node));
  if (op == "Gather") return done(FoldGather(node));
  if (op == "Concat") return done(FoldConcat(node));
  if (op == "Slice") return done(FoldSlice(node));
  if (op == "Unsqueeze" || op == "Squeeze" || op == "Reshape" || op == "Flatten") return done(FoldShapeChange(node));
  if (op == "Transpose") return done(FoldTranspose(node));
  if (op == "Range") return done(FoldRange(node));
  if (op == "Where") return done(FoldWhere(node));
  if (op == "Expand" || op == "Tile") return done(FoldRepeat(node));
  if (absl::StartsWith(op, "Reduce")) return done(FoldReduce(node));
  for (const BinaryOperation& operation : kBinary) {
    if (op == operation.op && node.input_count() == 2) return done(FoldBinary(node, operation));
  }
  for (absl::string_view unary : {"Neg", "Abs", "Floor", "Ceil", "Round", "Sqrt", "Exp", "Log", "Reciprocal", "Not"}) {
    if (op == unary) return done(FoldUnary(node));
  }
  return false;
}

}  // namespace latimer::onnx_internal
