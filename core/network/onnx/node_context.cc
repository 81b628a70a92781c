#include "core/network/onnx/node_context.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/checked_math.h"
#include "core/base/status_macros.h"
#include "core/network/onnx/model_checks.h"

namespace latimer::onnx_internal {

namespace {

// Constants up to this size cost nothing worth counting.
constexpr int64_t kSmallConstant = 256;

void Charge(GraphState& state, KnownConstant& constant) {
  const auto elements = static_cast<int64_t>(constant.size());
  if (elements <= kSmallConstant) return;
  if (elements > state.options.limits.max_constant_elements || elements > state.fold_budget) {
    constant.DropValues();
  } else {
    state.fold_budget -= elements;
  }
}

}  // namespace

NodeContext::NodeContext(GraphState& state, const onnx::NodeProto& node, int index)
    : state_(state), node_(node), text_(NodeText(node, index)) {
  for (const std::string& name : node.input()) {
    const auto found = name.empty() ? state.values.end() : state.values.find(name);
    inputs_.push_back(found == state.values.end() ? Value{} : found->second);
  }
}

void NodeContext::CountParams() {
  for (const Value& input : inputs_) {
    KnownConstant* constant = input.constant;
    if (constant == nullptr || constant->counted || !constant->is_real()) continue;
    constant->counted = true;
    absl::StatusOr<int64_t> elements = CheckedNumElements(constant->shape);
    int64_t& params = state_.builder.mutable_network().source_params;
    // A sum past 64 bits is refused by the builder as soon as a layer reads such constants.
    if (elements.ok() && *elements > 1) params = CheckedAdd(params, *elements).value_or(params);
  }
}

const Shape& NodeContext::InputShape(size_t i) const {
  static const Shape* const kScalar = new Shape();
  if (!HasInput(i)) return *kScalar;
  return inputs_[i].constant != nullptr ? inputs_[i].constant->shape
                                        : state_.builder.network().tensors[inputs_[i].tensor].shape;
}

bool NodeContext::AllConstant() const {
  return std::all_of(inputs_.begin(), inputs_.end(), [](const Value& value) { return value.tensor == kNone; });
}

absl::Status NodeContext::Need(size_t i) const {
  if (HasInput(i)) return absl::OkStatus();
  if (static_cast<int>(i) < node_.input_size() && !node_.input(static_cast<int>(i)).empty()) {
    return Bad("MISSING_INPUT", absl::StrCat("its input '", node_.input(static_cast<int>(i)), "' does not exist"));
  }
  return Bad("MISSING_INPUT", absl::StrCat("its input #", i, " is missing"));
}

void NodeContext::ChargeFold() {
  for (const Value& input : inputs_) {
    if (input.constant != nullptr) Charge(state_, *input.constant);
  }
}

absl::StatusOr<std::vector<int64_t>> NodeContext::Integers(size_t i, absl::string_view what) const {
  LATIMER_RETURN_IF_ERROR(Need(i));
  const KnownConstant* constant = Constant(i);
  if (constant == nullptr) {
    return Bad("DYNAMIC_PARAMETER",
               absl::StrCat("its ", what, " is computed from data ('", node_.input(static_cast<int>(i)),
                            "'); export the model with constant ", what));
  }
  const bool list = static_cast<int64_t>(constant->size()) <= state_.options.limits.max_inputs_per_node;
  if (!constant->has_values || constant->is_real() || !list) {
    return Bad("UNKNOWN_PARAMETER", absl::StrCat("the integers of its ", what, " ('", node_.input(static_cast<int>(i)),
                                                 "') are not in the "
                                                 "model or more than ",
                                                 state_.options.limits.max_inputs_per_node));
  }
  return constant->integers;
}

std::optional<std::vector<double>> NodeContext::Numbers(size_t i) const {
  const KnownConstant* constant = Constant(i);
  if (constant == nullptr || !constant->has_values) return std::nullopt;
  if (static_cast<int64_t>(constant->size()) > state_.options.limits.max_inputs_per_node) return std::nullopt;
  if (constant->is_real()) return constant->reals;
  return std::vector<double>(constant->integers.begin(), constant->integers.end());
}

absl::StatusOr<ConstantId> NodeContext::InputConstantId(size_t i) {
  LATIMER_RETURN_IF_ERROR(Need(i));
  KnownConstant* constant = inputs_[i].constant;
  if (constant == nullptr) return Bad("DYNAMIC_PARAMETER", absl::StrCat("its input #", i, " must be a constant"));
  if (constant->id == kNone) {
    LATIMER_ASSIGN_OR_RETURN(constant->id, state_.builder.AddConstant(constant->name, constant->shape, constant->type));
    Network& network = state_.builder.mutable_network();
    if (constant->has_values && constant->size() == 1) {
      network.constants[constant->id].scalar =
          constant->is_real() ? constant->reals[0] : static_cast<double>(constant->integers[0]);
    }
  }
  return constant->id;
}

absl::StatusOr<Operand> NodeContext::InputOperand(size_t i) {
  LATIMER_RETURN_IF_ERROR(Need(i));
  if (inputs_[i].constant == nullptr) return Operand::Activation(inputs_[i].tensor);
  LATIMER_ASSIGN_OR_RETURN(const ConstantId id, InputConstantId(i));
  return Operand::Fixed(id);
}

const onnx::AttributeProto* NodeContext::Attribute(absl::string_view name) const {
  for (const onnx::AttributeProto& attribute : node_.attribute()) {
    if (absl::string_view(attribute.name()) == name) return &attribute;
  }
  return nullptr;
}

int64_t NodeContext::Int(absl::string_view name, int64_t default_value) const {
  const onnx::AttributeProto* attribute = Attribute(name);
  return attribute != nullptr && attribute->has_i() ? attribute->i() : default_value;
}

float NodeContext::Float(absl::string_view name, float default_value) const {
  const onnx::AttributeProto* attribute = Attribute(name);
  return attribute != nullptr && attribute->has_f() ? attribute->f() : default_value;
}

absl::string_view NodeContext::String(absl::string_view name, absl::string_view default_value) const {
  const onnx::AttributeProto* attribute = Attribute(name);
  return attribute != nullptr && attribute->has_s() ? absl::string_view(attribute->s()) : default_value;
}

std::optional<std::vector<int64_t>> NodeContext::Ints(absl::string_view name) const {
  const onnx::AttributeProto* attribute = Attribute(name);
  if (attribute == nullptr) return std::nullopt;
  return std::vector<int64_t>(attribute->ints().begin(), attribute->ints().end());
}

Error NodeContext::Bad(absl::string_view reason, absl::string_view message) const {
  return InvalidArgument(reason, absl::StrCat(text_, ": ", message))
      .With("node", node_.name().empty() && node_.output_size() > 0 ? node_.output(0) : node_.name());
}

absl::string_view NodeContext::UniqueLayerName() {
  std::string name = !node_.name().empty()     ? node_.name()
                     : node_.output_size() > 0 ? node_.output(0)
                                               : std::string(node_.op_type());
  // Some exporters give several nodes one name.
  if (state_.layer_names.contains(name) && node_.output_size() > 0 && !node_.output(0).empty()) name = node_.output(0);
  if (!state_.layer_names.insert(name).second) name = UniqueName(name, "#");
  state_.own_names.push_back(std::move(name));
  return state_.own_names.back();
}

std::string NodeContext::UniqueName(const std::string& base, absl::string_view separator) {
  // Counting on from the last name keeps this linear where thousands of nodes share one.
  int& count = state_.name_counts[absl::StrCat(base, separator)];
  if (count == 0) count = separator == "#" ? 1 : 0;
  std::string name;
  do {
    name = absl::StrCat(base, separator, ++count);
  } while (!state_.layer_names.insert(name).second || state_.builder.FindTensor(name) != kNone);
  return name;
}

absl::Status NodeContext::EmitOperands(LayerType type, LayerAttributes attributes,
                                       absl::InlinedVector<Operand, 3> operands,
                                       absl::InlinedVector<ConstantId, 2> weights, DataType output_type) {
  LayerSpec spec;
  spec.name = UniqueLayerName();
  spec.type = type;
  spec.source_operator = node_.op_type();
  spec.operands = std::move(operands);
  spec.attributes = std::move(attributes);
  spec.weights = std::move(weights);
  spec.output_type = output_type;
  for (const std::string& output : node_.output()) spec.output_names.push_back(output);
  // Outputs of training and the like (masks, indices, statistics) are not made; reading one is an error that names it.
  if (type != LayerType::kSplit && type != LayerType::kUnknown && spec.output_names.size() > 1) {
    spec.output_names.resize(1);
  }
  LATIMER_ASSIGN_OR_RETURN(const LayerId id, state_.builder.AddLayer(spec));
  Network& network = state_.builder.mutable_network();
  network.layers[id].nodes.assign(1, node_.name().empty() ? network.layers[id].name : network.names.Add(node_.name()));
  for (TensorId tensor : network.layers[id].outputs) {
    if (!network.tensors[tensor].name.empty()) state_.values[network.tensors[tensor].name] = Value{tensor, nullptr};
  }
  return absl::OkStatus();
}

absl::StatusOr<TensorId> NodeContext::EmitStep(LayerType type, LayerAttributes attributes,
                                               absl::InlinedVector<Operand, 3> operands,
                                               absl::InlinedVector<ConstantId, 2> weights) {
  LayerSpec spec;
  const std::string base = !node_.name().empty() ? node_.name() : node_.output_size() > 0 ? node_.output(0) : "node";
  const std::string name = UniqueName(base, "/step");
  spec.name = name;
  spec.type = type;
  spec.source_operator = node_.op_type();
  spec.operands = std::move(operands);
  spec.attributes = std::move(attributes);
  spec.weights = std::move(weights);
  LATIMER_ASSIGN_OR_RETURN(const LayerId id, state_.builder.AddLayer(spec));
  Network& network = state_.builder.mutable_network();
  network.layers[id].nodes.clear();  // the node is accounted for by its last layer
  return network.layers[id].outputs[0];
}

absl::Status NodeContext::Emit(LayerType type, LayerAttributes attributes, std::initializer_list<size_t> operands,
                               std::initializer_list<size_t> weights, DataType output_type) {
  absl::InlinedVector<Operand, 3> read;
  for (size_t i : operands) {
    LATIMER_ASSIGN_OR_RETURN(const Operand operand, InputOperand(i));
    read.push_back(operand);
  }
  absl::InlinedVector<ConstantId, 2> constants;
  for (size_t i : weights) {
    if (!HasInput(i)) continue;
    if (IsConstant(i)) {
      LATIMER_ASSIGN_OR_RETURN(const ConstantId id, InputConstantId(i));
      constants.push_back(id);
    } else {
      // Weights computed from data are read as activations.
      LATIMER_ASSIGN_OR_RETURN(const Operand operand, InputOperand(i));
      read.push_back(operand);
    }
  }
  return EmitOperands(type, std::move(attributes), std::move(read), std::move(constants), output_type);
}

absl::Status NodeContext::EmitAllInputs(LayerType type, LayerAttributes attributes, DataType output_type) {
  absl::InlinedVector<Operand, 3> operands;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    if (!HasInput(i)) continue;
    LATIMER_ASSIGN_OR_RETURN(const Operand operand, InputOperand(i));
    operands.push_back(operand);
  }
  return EmitOperands(type, std::move(attributes), std::move(operands), {}, output_type);
}

absl::Status NodeContext::EmitAlias(size_t i) {
  LATIMER_RETURN_IF_ERROR(Need(i));
  if (node_.output_size() == 0) return absl::OkStatus();
  state_.values[node_.output(0)] = inputs_[i];
  if (inputs_[i].tensor != kNone) {
    LATIMER_RETURN_IF_ERROR(state_.builder.AddAlias(node_.output(0), inputs_[i].tensor));
    state_.builder.AddFreeNode(node_.name().empty() ? node_.output(0) : node_.name());
  }
  return absl::OkStatus();
}

void NodeContext::SetConstant(std::unique_ptr<KnownConstant> constant, size_t output) {
  if (static_cast<int>(output) >= node_.output_size()) return;
  constant->name = node_.output(static_cast<int>(output));
  for (const Value& input : inputs_) {
    if (input.tensor != kNone || (input.constant != nullptr && input.constant->from_shape)) constant->from_shape = true;
  }
  Charge(state_, *constant);
  state_.values[constant->name] = Value{kNone, constant.get()};
  state_.constants.push_back(std::move(constant));
}

absl::Status NodeContext::EmitUnknown() {
  LayerSpec spec;
  std::optional<Shape> fallback;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_[i].tensor != kNone && !fallback.has_value()) fallback = InputShape(i);
  }
  if (!fallback.has_value() && HasInput(0)) fallback = InputShape(0);
  bool assumed = false;
  for (const std::string& output : node_.output()) {
    const auto found = state_.declared.find(output);
    std::optional<Shape> shape = found == state_.declared.end() ? std::nullopt : DeclaredShape(*found->second);
    if (!shape.has_value()) {
      assumed = true;
      shape = fallback.value_or(Shape{1});
    }
    spec.declared_output_shapes.push_back(*std::move(shape));
    spec.output_names.push_back(output);
    if (spec.output_type == DataType::kUnspecified && found != state_.declared.end()) {
      spec.output_type = FromOnnxType(found->second->type().tensor_type().elem_type());
    }
  }
  for (size_t i = 0; i < inputs_.size(); ++i) {
    if (!HasInput(i)) continue;
    LATIMER_ASSIGN_OR_RETURN(const Operand operand, InputOperand(i));
    spec.operands.push_back(operand);
  }
  spec.name = UniqueLayerName();
  spec.type = LayerType::kUnknown;
  spec.source_operator = node_.op_type();
  if (node_.output_size() == 0) return absl::OkStatus();  // nothing can read it
  LATIMER_ASSIGN_OR_RETURN(const LayerId id, state_.builder.AddLayer(spec));
  Network& network = state_.builder.mutable_network();
  network.layers[id].nodes.assign(1, node_.name().empty() ? network.layers[id].name : network.names.Add(node_.name()));
  for (TensorId tensor : network.layers[id].outputs) {
    if (!network.tensors[tensor].name.empty()) state_.values[network.tensors[tensor].name] = Value{tensor, nullptr};
  }
  const std::string op = node_.domain().empty() || node_.domain() == "ai.onnx"
                             ? std::string(node_.op_type())
                             : absl::StrCat(node_.domain(), ".", node_.op_type());
  state_.builder.AddWarning(ImportWarning::Code::kUnknownOperator,
                            absl::StrCat("operator ", op, " is not known; it is estimated from the bytes it moves"),
                            network.layers[id].name);
  if (assumed) {
    state_.builder.AddWarning(ImportWarning::Code::kAssumedShape,
                              absl::StrCat("the model does not declare the output shape of operator ", op,
                                           "; that of its first input was taken"),
                              network.layers[id].name);
  }
  return absl::OkStatus();
}

std::optional<Shape> DeclaredShape(const onnx::ValueInfoProto& info) {
  if (!info.type().tensor_type().has_shape()) return std::nullopt;
  Shape shape;
  for (const auto& dim : info.type().tensor_type().shape().dim()) {
    if (!dim.has_dim_value() || dim.dim_value() < 1) return std::nullopt;
    shape.push_back(dim.dim_value());
  }
  return shape;
}

}  // namespace latimer::onnx_internal
