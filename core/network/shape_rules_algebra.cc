#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/network/shape_rules.h"

namespace latimer::shape_rules {

absl::StatusOr<Shape> FullyConnected(const FullyConnectedAttributes& attributes, const Shape& input) {
  if (input.empty()) return BadShape("the input is a scalar; it needs a dimension of features");
  if (attributes.input_features < 1 || attributes.output_features < 1) {
    return BadShape(absl::StrCat("the weights are ", attributes.input_features, " x ", attributes.output_features,
                                 "; both are at least 1"));
  }
  if (input.back() != attributes.input_features) {
    return BadShape(absl::StrCat("the input ", ShapeToString(input), " ends in ", input.back(),
                                 " features; the weights take ", attributes.input_features));
  }
  Shape output = input;
  output.back() = attributes.output_features;
  return output;
}

absl::StatusOr<Shape> MatMul(const MatMulAttributes& attributes, const Shape& a, const Shape& b) {
  if (a.empty() || b.empty()) return BadShape("a scalar cannot be an operand of a matrix product");
  // NumPy: a vector becomes a matrix of one row (left) or column (right), and that dimension vanishes afterwards.
  Shape left = a;
  Shape right = b;
  if (a.size() == 1) {
    left.insert(left.begin(), 1);
  } else if (attributes.transpose_a) {
    std::swap(left[left.size() - 1], left[left.size() - 2]);
  }
  if (b.size() == 1) {
    right.push_back(1);
  } else if (attributes.transpose_b) {
    std::swap(right[right.size() - 1], right[right.size() - 2]);
  }
  if (left.back() != right[right.size() - 2]) {
    return BadShape(absl::StrCat("cannot multiply ", ShapeToString(a), " by ", ShapeToString(b), ": inner sizes ",
                                 left.back(), " and ", right[right.size() - 2], " differ"));
  }
  LATIMER_ASSIGN_OR_RETURN(Shape output, BroadcastShapes(absl::MakeConstSpan(left).first(left.size() - 2),
                                                         absl::MakeConstSpan(right).first(right.size() - 2)));
  if (a.size() > 1) output.push_back(left[left.size() - 2]);
  if (b.size() > 1) output.push_back(right.back());
  return output;
}

absl::StatusOr<Shape> Reduce(const ReduceAttributes& attributes, const Shape& input) {
  absl::InlinedVector<bool, 8> reduced(input.size(), attributes.axes.empty());
  for (int64_t axis : attributes.axes) {
    LATIMER_ASSIGN_OR_RETURN(const int64_t normal, NormalizeAxis(axis, static_cast<int64_t>(input.size())));
    if (reduced[static_cast<size_t>(normal)]) return BadShape(absl::StrCat("axis ", axis, " is named twice"));
    reduced[static_cast<size_t>(normal)] = true;
  }
  Shape output;
  for (size_t i = 0; i < input.size(); ++i) {
    if (!reduced[i]) {
      output.push_back(input[i]);
    } else if (attributes.keep_dims) {
      output.push_back(1);
    }
  }
  return output;
}

}  // namespace latimer::shape_rules

namespace latimer {

absl::StatusOr<Shape> BroadcastShapes(absl::Span<const int64_t> a, absl::Span<const int64_t> b) {
  const size_t rank = std::max(a.size(), b.size());
  Shape output(rank, 1);
  for (size_t i = 0; i < rank; ++i) {
    const int64_t from_a = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int64_t from_b = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (from_a != from_b && from_a != 1 && from_b != 1) {
      return shape_rules::BadShape(
          absl::StrCat("shapes ", ShapeToString(a), " and ", ShapeToString(b), " do not broadcast"));
    }
    output[rank - 1 - i] = from_a == 1 ? from_b : from_a;
  }
  return output;
}

absl::StatusOr<int64_t> NormalizeAxis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank) {
    return shape_rules::BadShape(absl::StrCat("axis ", axis, " is outside a tensor of ", rank, " dimensions"));
  }
  return axis < 0 ? axis + rank : axis;
}

}  // namespace latimer
