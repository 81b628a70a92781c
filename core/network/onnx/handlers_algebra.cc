// Matrix products, normalisation, reductions, softmax.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/network/onnx/handlers.h"
#include "core/network/shape_inference.h"

namespace latimer::onnx_internal {
namespace {

// Permutation that swaps the last two of `rank` dimensions.
TransposeAttributes SwapLast(size_t rank) {
  TransposeAttributes transpose;
  for (size_t i = 0; i < rank; ++i) transpose.permutation.push_back(static_cast<int64_t>(i));
  std::swap(transpose.permutation[rank - 1], transpose.permutation[rank - 2]);
  return transpose;
}

absl::StatusOr<int64_t> Axis(const NodeContext& node, int64_t default_value) {
  absl::StatusOr<int64_t> axis =
      NormalizeAxis(node.Int("axis", default_value), static_cast<int64_t>(node.InputShape(0).size()));
  if (!axis.ok()) return node.Bad("BAD_AXIS", axis.status().message()).ToStatus();
  return axis;
}

// The product of an activation by a constant matrix.
absl::Status FullyConnected(NodeContext& node, size_t data, size_t weights, size_t bias, bool transposed,
                            DataType output_type) {
  const Shape w = node.InputShape(weights);
  const size_t rank = w.size();
  FullyConnectedAttributes attributes;
  attributes.input_features = transposed ? w[rank - 1] : w[rank - 2];
  attributes.output_features = transposed ? w[rank - 2] : w[rank - 1];
  attributes.bias = node.HasInput(bias);
  return node.Emit(LayerType::kFullyConnected, attributes, {data}, {weights, bias}, output_type);
}

// `weights` is a constant that acts as one matrix.
bool IsMatrix(const NodeContext& node, size_t weights) {
  const Shape& w = node.InputShape(weights);
  if (!node.IsConstant(weights) || w.size() < 2) return false;
  return std::all_of(w.begin(), w.end() - 2, [](int64_t dim) { return dim == 1; });
}

absl::Status Product(NodeContext& node, size_t a, size_t b, DataType output_type) {
  constexpr size_t kNoBias = 99;
  LATIMER_RETURN_IF_ERROR(node.Need(a));
  LATIMER_RETURN_IF_ERROR(node.Need(b));
  if (!node.IsConstant(a) && IsMatrix(node, b) &&
      (node.InputShape(b).size() == 2 || node.InputShape(a).size() >= node.InputShape(b).size()) &&
      !node.InputShape(a).empty()) {
    return FullyConnected(node, a, b, kNoBias, false, output_type);
  }
  if (IsMatrix(node, a) && !node.IsConstant(b) && node.InputShape(b).size() >= 2 && node.InputShape(a).size() == 2) {
    // W * x is (x' * W')': the same product seen from the other side.
    const size_t rank = node.InputShape(b).size();
    LATIMER_ASSIGN_OR_RETURN(const Operand x, node.InputOperand(b));
    LATIMER_ASSIGN_OR_RETURN(const ConstantId w, node.InputConstantId(a));
    LATIMER_ASSIGN_OR_RETURN(const TensorId turned, node.EmitStep(LayerType::kTranspose, SwapLast(rank), {x}));
    FullyConnectedAttributes attributes;
    attributes.input_features = node.InputShape(a)[1];
    attributes.output_features = node.InputShape(a)[0];
    LATIMER_ASSIGN_OR_RETURN(const TensorId product,
                             node.EmitStep(LayerType::kFullyConnected, attributes, {Operand::Activation(turned)}, {w}));
    return node.EmitOperands(LayerType::kTranspose, SwapLast(rank), {Operand::Activation(product)}, {}, output_type);
  }
  return node.Emit(LayerType::kMatMul, MatMulAttributes{}, {a, b}, {}, output_type);
}

absl::Status MatMul(NodeContext& node) { return Product(node, 0, 1, DataType::kUnspecified); }
absl::Status MatMulInteger(NodeContext& node) { return Product(node, 0, 1, DataType::kInt32); }
absl::Status QLinearMatMul(NodeContext& node) { return Product(node, 0, 3, DataType::kUnspecified); }

absl::Status Gemm(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  LATIMER_RETURN_IF_ERROR(node.Need(1));
  if (node.InputShape(0).size() != 2 || node.InputShape(1).size() != 2) {
    return node.Bad("BAD_SHAPE", absl::StrCat("its operands ", ShapeToString(node.InputShape(0)), " and ",
                                              ShapeToString(node.InputShape(1)), " are not matrices"));
  }
  const bool trans_a = node.Int("transA", 0) != 0;
  const bool trans_b = node.Int("transB", 0) != 0;
  const bool simple_bias = !node.HasInput(2) || node.IsConstant(2);
  if (node.HasInput(2)) {
    const int64_t rows = node.InputShape(0)[trans_a ? 1 : 0];
    const int64_t columns = node.InputShape(1)[trans_b ? 0 : 1];
    // Broadcast to the product, never the other way round.
    const Shape c = node.InputShape(2);
    const bool fits = c.size() <= 2 && (c.empty() || c.back() == 1 || c.back() == columns) &&
                      (c.size() < 2 || c[0] == 1 || c[0] == rows);
    if (!fits) {
      return node.Bad("BAD_SHAPE", absl::StrCat("its third operand ", ShapeToString(c), " does not fit the product, ",
                                                ShapeToString({rows, columns})));
    }
  }
  if (!trans_a && !node.IsConstant(0) && node.IsConstant(1) && simple_bias) {
    return FullyConnected(node, 0, 1, 2, trans_b, DataType::kUnspecified);
  }
  MatMulAttributes product;
  product.transpose_a = trans_a;
  product.transpose_b = trans_b;
  LATIMER_ASSIGN_OR_RETURN(const Operand a, node.InputOperand(0));
  LATIMER_ASSIGN_OR_RETURN(const Operand b, node.InputOperand(1));
  if (!node.HasInput(2)) return node.EmitOperands(LayerType::kMatMul, product, {a, b});
  LATIMER_ASSIGN_OR_RETURN(const TensorId y, node.EmitStep(LayerType::kMatMul, product, {a, b}));
  LATIMER_ASSIGN_OR_RETURN(const Operand c, node.InputOperand(2));
  return node.EmitOperands(LayerType::kAdd, {}, {Operand::Activation(y), c});
}

// The softmax of operator sets before 13 flattens from its axis on; the cost is that of one long axis.
absl::Status Softmax(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  LATIMER_ASSIGN_OR_RETURN(const int64_t axis, Axis(node, node.opset() < 13 ? 1 : -1));
  return node.Emit(LayerType::kSoftmax, AxisAttributes{axis}, {0});
}

absl::Status BatchNormalization(NodeContext& node) { return node.Emit(LayerType::kBatchNorm, {}, {0}, {1, 2, 3, 4}); }

absl::Status InstanceNormalization(NodeContext& node) { return node.Emit(LayerType::kInstanceNorm, {}, {0}, {1, 2}); }

absl::Status LayerNormalization(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  LATIMER_ASSIGN_OR_RETURN(const int64_t axis, Axis(node, -1));
  return node.Emit(LayerType::kLayerNorm, AxisAttributes{axis}, {0}, {1, 2});
}

absl::Status Lrn(NodeContext& node) { return node.Emit(LayerType::kLrn, {}, {0}); }

absl::Status LpNormalization(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  LATIMER_ASSIGN_OR_RETURN(const int64_t axis, Axis(node, -1));
  return node.Emit(LayerType::kLpNorm, AxisAttributes{axis}, {0});
}

// Axes are an attribute, or an input from operator set 13 (ReduceSum) or 18 (all).
absl::Status Reduce(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  std::vector<int64_t> axes = node.Ints("axes").value_or(std::vector<int64_t>{});
  if (node.HasInput(1)) {
    LATIMER_ASSIGN_OR_RETURN(axes, node.Integers(1, "axes"));
  }
  if (axes.empty() && node.Int("noop_with_empty_axes", 0) != 0) return node.EmitAlias(0);
  ReduceAttributes reduce;
  reduce.keep_dims = node.Int("keepdims", 1) != 0;
  const auto rank = static_cast<int64_t>(node.InputShape(0).size());
  for (int64_t axis : axes) {
    absl::StatusOr<int64_t> normal = NormalizeAxis(axis, rank);
    if (!normal.ok()) return node.Bad("BAD_AXIS", normal.status().message());
    reduce.axes.push_back(*normal);
  }
  for (int64_t axis = 0; axes.empty() && axis < rank; ++axis) reduce.axes.push_back(axis);
  std::sort(reduce.axes.begin(), reduce.axes.end());
  return node.Emit(LayerType::kReduce, std::move(reduce), {0});
}

absl::Status ArgReduce(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  LATIMER_ASSIGN_OR_RETURN(const int64_t axis, Axis(node, 0));
  ReduceAttributes reduce;
  reduce.axes = {axis};
  reduce.keep_dims = node.Int("keepdims", 1) != 0;
  return node.Emit(LayerType::kArgReduce, std::move(reduce), {0}, {}, DataType::kInt64);
}

}  // namespace

void AddAlgebraHandlers(HandlerTable& table) {
  table["MatMul"] = MatMul;
  table["MatMulInteger"] = MatMulInteger;
  table["QLinearMatMul"] = QLinearMatMul;
  table["Gemm"] = Gemm;
  for (absl::string_view op : {"Softmax", "LogSoftmax", "Hardmax"}) table[op] = Softmax;
  table["BatchNormalization"] = BatchNormalization;
  table["InstanceNormalization"] = InstanceNormalization;
  table["MeanVarianceNormalization"] = InstanceNormalization;
  table["LayerNormalization"] = LayerNormalization;
  table["LRN"] = Lrn;
  table["LpNormalization"] = LpNormalization;
  for (absl::string_view op : {"ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1",
                               "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"}) {
    table[op] = Reduce;
  }
  table["ArgMax"] = ArgReduce;
  table["ArgMin"] = ArgReduce;
}

}  // namespace latimer::onnx_internal
