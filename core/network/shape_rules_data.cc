#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/checked_math.h"
#include "core/base/status_macros.h"
#include "core/network/shape_rules.h"

namespace latimer::shape_rules {
namespace {

absl::StatusOr<size_t> Axis(int64_t axis, const Shape& shape) {
  LATIMER_ASSIGN_OR_RETURN(const int64_t normal, NormalizeAxis(axis, static_cast<int64_t>(shape.size())));
  return static_cast<size_t>(normal);
}

// Elements of start, start + step … before end, by ONNX's rules: negative indices count from the end, the rest is
// clamped.
int64_t SliceLength(int64_t start, int64_t end, int64_t step, int64_t size) {
  auto index = [size](int64_t value) { return value < 0 ? (value < -size ? -1 : value + size) : value; };
  if (step > 0) {
    const int64_t from = std::clamp<int64_t>(index(start), 0, size);
    const int64_t to = std::clamp<int64_t>(index(end), 0, size);
    return to <= from ? 0 : (to - from - 1) / step + 1;
  }
  if (size == 0) return 0;
  const int64_t from = std::clamp<int64_t>(index(start), 0, size - 1);
  const int64_t to = std::clamp<int64_t>(index(end), -1, size - 1);
  if (from <= to) return 0;
  // -INT64_MIN does not exist; such a step takes one element.
  return step == INT64_MIN ? 1 : (from - to - 1) / -step + 1;
}

absl::StatusOr<int64_t> Elements(const Shape& shape) {
  absl::StatusOr<int64_t> elements = CheckedNumElements(shape);
  if (!elements.ok()) return BadShape(elements.status().message());
  return elements;
}

absl::Status SameElements(const Shape& from, const Shape& to) {
  LATIMER_ASSIGN_OR_RETURN(const int64_t elements, Elements(to));
  if (elements != NumElements(from)) {
    return BadShape(absl::StrCat(ShapeToString(from), " has ", NumElements(from), " elements, ", ShapeToString(to),
                                 " has ", elements));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Shape> Concat(const AxisAttributes& attributes, absl::Span<const Shape> inputs) {
  LATIMER_ASSIGN_OR_RETURN(const size_t axis, Axis(attributes.axis, inputs[0]));
  Shape output = inputs[0];
  for (const Shape& input : inputs.subspan(1)) {
    bool fits = input.size() == output.size();
    for (size_t i = 0; fits && i < input.size(); ++i) fits = i == axis || input[i] == output[i];
    if (!fits) {
      return BadShape(
          absl::StrCat("cannot join ", ShapeToString(input), " to ", ShapeToString(inputs[0]), " along axis ", axis));
    }
    const std::optional<int64_t> sum = CheckedAdd(output[axis], input[axis]);
    if (!sum.has_value()) return BadShape("the output's size overflows");
    output[axis] = *sum;
  }
  return output;
}

absl::StatusOr<ShapeList> Split(const SplitAttributes& attributes, const Shape& input) {
  LATIMER_ASSIGN_OR_RETURN(const size_t axis, Axis(attributes.axis, input));
  if (attributes.sizes.empty()) return BadShape("a split has at least one output");
  int64_t sum = 0;
  ShapeList outputs;
  for (int64_t size : attributes.sizes) {
    if (size < 1 || size > input[axis]) {
      return BadShape(absl::StrCat("a part of size ", size, " does not fit ", input[axis], " along axis ", axis));
    }
    const std::optional<int64_t> next = CheckedAdd(sum, size);
    if (!next.has_value()) return BadShape("the sum of the parts overflows");
    sum = *next;
    outputs.push_back(input);
    outputs.back()[axis] = size;
  }
  if (sum != input[axis]) {
    return BadShape(
        absl::StrCat("the parts have ", sum, " elements along axis ", axis, ", the input has ", input[axis]));
  }
  return outputs;
}

absl::StatusOr<Shape> Slice(const SliceAttributes& attributes, const Shape& input) {
  const size_t count = attributes.axes.size();
  if (attributes.starts.size() != count || attributes.ends.size() != count ||
      (!attributes.steps.empty() && attributes.steps.size() != count)) {
    return BadShape("axes, starts, ends and steps of a slice have the same length");
  }
  Shape output = input;
  absl::InlinedVector<bool, 8> sliced(input.size(), false);
  for (size_t i = 0; i < count; ++i) {
    LATIMER_ASSIGN_OR_RETURN(const size_t axis, Axis(attributes.axes[i], input));
    if (sliced[axis]) return BadShape(absl::StrCat("axis ", axis, " is sliced twice"));
    sliced[axis] = true;
    const int64_t step = attributes.steps.empty() ? 1 : attributes.steps[i];
    if (step == 0) return BadShape("the step of a slice is not 0");
    output[axis] = SliceLength(attributes.starts[i], attributes.ends[i], step, input[axis]);
    if (output[axis] < 1) {
      return BadShape(absl::StrCat("nothing is left of ", input[axis], " along axis ", axis, " between ",
                                   attributes.starts[i], " and ", attributes.ends[i]));
    }
  }
  return output;
}

absl::StatusOr<Shape> Pad(const PadAttributes& attributes, const Shape& input) {
  if (attributes.begin.size() != input.size() || attributes.end.size() != input.size()) {
    return BadShape(absl::StrCat("padding has ", attributes.begin.size(), " and ", attributes.end.size(),
                                 " values for ", input.size(), " dimensions"));
  }
  Shape output = input;
  for (size_t i = 0; i < input.size(); ++i) {
    const std::optional<int64_t> with_begin = CheckedAdd(input[i], attributes.begin[i]);
    const std::optional<int64_t> size =
        with_begin.has_value() ? CheckedAdd(*with_begin, attributes.end[i]) : std::nullopt;
    if (!size.has_value()) return BadShape("the output's size overflows");
    if (*size < 1) return BadShape(absl::StrCat("nothing is left of dimension ", i, " of ", ShapeToString(input)));
    output[i] = *size;
  }
  return output;
}

absl::StatusOr<Shape> Transpose(const TransposeAttributes& attributes, const Shape& input) {
  if (attributes.permutation.empty()) return Shape(input.rbegin(), input.rend());
  Shape output;
  absl::InlinedVector<bool, 8> seen(input.size(), false);
  for (int64_t from : attributes.permutation) {
    if (from < 0 || from >= static_cast<int64_t>(input.size()) || seen[static_cast<size_t>(from)]) {
      return BadShape(absl::StrCat("a permutation names each of ", input.size(), " dimensions once"));
    }
    seen[static_cast<size_t>(from)] = true;
    output.push_back(input[static_cast<size_t>(from)]);
  }
  if (output.size() != input.size()) {
    return BadShape(
        absl::StrCat("a permutation of ", output.size(), " dimensions does not fit ", ShapeToString(input)));
  }
  return output;
}

absl::StatusOr<Shape> Gather(const AxisAttributes& attributes, const Shape& table, const Shape& indices) {
  LATIMER_ASSIGN_OR_RETURN(const size_t axis, Axis(attributes.axis, table));
  Shape output(table.begin(), table.begin() + static_cast<std::ptrdiff_t>(axis));
  output.insert(output.end(), indices.begin(), indices.end());
  output.insert(output.end(), table.begin() + static_cast<std::ptrdiff_t>(axis) + 1, table.end());
  return output;
}

absl::StatusOr<Shape> Reshape(const OutputShapeAttributes& attributes, const Shape& input) {
  Shape output = attributes.shape;
  const auto open = std::find(output.begin(), output.end(), -1);
  if (open != output.end()) {
    *open = 1;
    LATIMER_ASSIGN_OR_RETURN(const int64_t others, Elements(output));
    const int64_t elements = NumElements(input);
    if (others < 1 || elements % others != 0) {
      return BadShape(absl::StrCat("cannot give ", ShapeToString(input), " the shape ", ShapeToString(attributes.shape),
                                   ": ", elements, " elements do not divide by ", others));
    }
    *open = elements / others;
  }
  LATIMER_RETURN_IF_ERROR(SameElements(input, output));
  return output;
}

absl::StatusOr<Shape> DepthToSpace(const OutputShapeAttributes& attributes, const Shape& input) {
  LATIMER_RETURN_IF_ERROR(SameElements(input, attributes.shape));
  return attributes.shape;
}

}  // namespace latimer::shape_rules
