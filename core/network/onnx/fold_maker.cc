// Constants made from nothing or from a shape.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/network/onnx/fold.h"

namespace latimer::onnx_internal {
namespace {

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

}  // namespace

absl::StatusOr<bool> FoldShapeOf(NodeContext& node) {
  if (node.op() == "Shape") return Done(FoldShape(node));
  if (node.op() != "Size") return false;
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  LATIMER_ASSIGN_OR_RETURN(const int64_t elements, Elements(node, node.InputShape(0)));
  node.SetConstant(MakeIntegers({}, {elements}));
  return true;
}

absl::StatusOr<bool> FoldMaker(NodeContext& node) {
  if (node.op() == "Constant") return Done(FoldConstant(node));
  if (node.op() == "ConstantOfShape") return Done(FoldConstantOfShape(node));
  if (node.op() == "Range") return Done(FoldRange(node));
  return false;
}

}  // namespace latimer::onnx_internal
