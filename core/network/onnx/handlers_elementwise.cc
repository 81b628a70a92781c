// One result per element.
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/status_macros.h"
#include "core/network/onnx/handlers.h"

namespace latimer::onnx_internal {
namespace {

template <LayerType type>
absl::Status Unary(NodeContext& node) {
  return node.Emit(type, {}, {0});
}

// Any number of operands; one is no operation at all.
template <LayerType type>
absl::Status Broadcasting(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  if (node.input_count() == 1) return node.EmitAlias(0);
  return node.EmitAllInputs(type, {});
}

absl::Status Compare(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  return node.EmitAllInputs(LayerType::kCompare, {}, DataType::kBool);
}

absl::Status Where(NodeContext& node) {
  for (size_t i = 0; i < 3; ++i) LATIMER_RETURN_IF_ERROR(node.Need(i));
  const DataType type = node.IsConstant(1) ? node.Constant(1)->type : DataType::kUnspecified;
  if (type != DataType::kUnspecified || node.IsConstant(0)) return node.EmitAllInputs(LayerType::kWhere, {}, type);
  LATIMER_ASSIGN_OR_RETURN(const Operand yes, node.InputOperand(1));
  return node.EmitAllInputs(LayerType::kWhere, {}, node.state().builder.network().tensors[yes.tensor].type);
}

// Bounds are attributes up to operator set 10, then inputs.
absl::Status Clip(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  if (node.HasAttribute("min")) low = static_cast<double>(node.Float("min", 0));
  if (node.HasAttribute("max")) high = static_cast<double>(node.Float("max", 0));
  for (size_t i = 1; i <= 2; ++i) {
    if (!node.HasInput(i)) continue;
    const std::optional<std::vector<double>> bound = node.Numbers(i);
    const double unknown = std::numeric_limits<double>::quiet_NaN();
    (i == 1 ? low : high) = bound.has_value() && bound->size() == 1 ? (*bound)[0] : unknown;
  }
  LayerType type = LayerType::kClip;
  if (low == 0 && high == 6) type = LayerType::kRelu6;
  if (low == 0 && (std::isinf(high) || high >= 3e38)) type = LayerType::kRelu;
  return node.Emit(type, {}, {0});
}

absl::Status PRelu(NodeContext& node) { return node.Emit(LayerType::kPRelu, {}, {0}, {1}); }

absl::Status Cast(NodeContext& node) {
  const DataType type = FromOnnxType(static_cast<int32_t>(node.Int("to", 1)));
  return node.Emit(LayerType::kCast, {}, {0}, {}, type);
}

absl::Status CastLike(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(1));
  DataType type = DataType::kFloat32;
  if (node.IsConstant(1)) {
    type = node.Constant(1)->type;
  } else {
    LATIMER_ASSIGN_OR_RETURN(const Operand like, node.InputOperand(1));
    type = node.state().builder.network().tensors[like.tensor].type;
  }
  return node.Emit(LayerType::kCast, {}, {0}, {}, type);
}

absl::Status QuantizeLinear(NodeContext& node) {
  const DataType type = node.IsConstant(2) ? node.Constant(2)->type : DataType::kUint8;
  return node.Emit(LayerType::kQuantize, {}, {0}, {1, 2}, type);
}

absl::Status DequantizeLinear(NodeContext& node) {
  return node.Emit(LayerType::kDequantize, {}, {0}, {1, 2}, DataType::kFloat32);
}

absl::Status Identity(NodeContext& node) { return node.EmitAlias(0); }

}  // namespace

void AddElementwiseHandlers(HandlerTable& table) {
  table["Add"] = Broadcasting<LayerType::kAdd>;
  table["Sum"] = Broadcasting<LayerType::kAdd>;
  table["Mean"] = Broadcasting<LayerType::kAdd>;
  table["Sub"] = Broadcasting<LayerType::kSub>;
  table["Mul"] = Broadcasting<LayerType::kMul>;
  table["Div"] = Broadcasting<LayerType::kDiv>;
  table["Mod"] = Broadcasting<LayerType::kDiv>;
  table["Pow"] = Broadcasting<LayerType::kPow>;
  table["Min"] = Broadcasting<LayerType::kMin>;
  table["Max"] = Broadcasting<LayerType::kMax>;
  table["BitShift"] = Broadcasting<LayerType::kMul>;
  for (absl::string_view op : {"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or", "Xor"}) {
    table[op] = Compare;
  }
  table["Where"] = Where;
  table["Relu"] = Unary<LayerType::kRelu>;
  table["Clip"] = Clip;
  table["LeakyRelu"] = Unary<LayerType::kLeakyRelu>;
  table["ThresholdedRelu"] = Unary<LayerType::kLeakyRelu>;
  table["PRelu"] = PRelu;
  for (absl::string_view op : {"Elu", "Selu", "Celu"}) table[op] = Unary<LayerType::kElu>;
  table["Sigmoid"] = Unary<LayerType::kSigmoid>;
  table["HardSigmoid"] = Unary<LayerType::kHardSigmoid>;
  table["Tanh"] = Unary<LayerType::kTanh>;
  table["Softplus"] = Unary<LayerType::kSoftplus>;
  table["HardSwish"] = Unary<LayerType::kHardSwish>;
  table["Gelu"] = Unary<LayerType::kGelu>;
  table["Mish"] = Unary<LayerType::kMish>;
  table["Erf"] = Unary<LayerType::kErf>;
  table["Exp"] = Unary<LayerType::kExp>;
  table["Log"] = Unary<LayerType::kLog>;
  table["Sqrt"] = Unary<LayerType::kSqrt>;
  for (absl::string_view op :
       {"Abs", "Neg",   "Floor", "Ceil",     "Round",  "Reciprocal", "Sign",     "Sin",   "Cos",
        "Tan", "Asin",  "Acos",  "Atan",     "Sinh",   "Cosh",       "Asinh",    "Acosh", "Atanh",
        "Not", "IsNaN", "IsInf", "Softsign", "Shrink", "CumSum",     "Bernoulli"}) {
    table[op] = Unary<LayerType::kUnary>;
  }
  table["Cast"] = Cast;
  table["CastLike"] = CastLike;
  table["QuantizeLinear"] = QuantizeLinear;
  table["DequantizeLinear"] = DequantizeLinear;
  table["Identity"] = Identity;
  table["Dropout"] = Identity;
}

}  // namespace latimer::onnx_internal
