// Constants that are computed with.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/checked_math.h"
#include "core/base/status_macros.h"
#include "core/network/onnx/fold.h"
#include "core/network/shape_inference.h"

namespace latimer::onnx_internal {
namespace {

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

// Over everything, as shape arithmetic uses it; other reductions of constants keep only their shape.
absl::Status FoldReduce(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  const KnownConstant& from = *node.Constant(0);
  ReduceAttributes reduce;
  reduce.keep_dims = node.Int("keepdims", 1) != 0;
  LATIMER_ASSIGN_OR_RETURN(const std::optional<std::vector<int64_t>> axes, AxesOf(node));
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

absl::StatusOr<bool> FoldArithmetic(NodeContext& node) {
  const absl::string_view op = node.op();
  if (op == "Cast" || op == "CastLike") return Done(FoldCast(node));
  if (op == "Where") return Done(FoldWhere(node));
  if (absl::StartsWith(op, "Reduce")) return Done(FoldReduce(node));
  for (const BinaryOperation& operation : kBinary) {
    if (op == operation.op && node.input_count() == 2) return Done(FoldBinary(node, operation));
  }
  for (absl::string_view unary : {"Neg", "Abs", "Floor", "Ceil", "Round", "Sqrt", "Exp", "Log", "Reciprocal", "Not"}) {
    if (op == unary) return Done(FoldUnary(node));
  }
  return false;
}

}  // namespace latimer::onnx_internal
