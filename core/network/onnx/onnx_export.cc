#include "core/network/onnx/onnx_export.h"

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "onnx/onnx_pb.h"

namespace latimer {
namespace {

constexpr int kOperatorSet = 13;
constexpr int kIrVersion = 7;

using Names = std::vector<std::string>;

int32_t OnnxType(DataType type) {
  switch (type) {
    case DataType::kUnspecified:
    case DataType::kFloat32:
      return onnx::TensorProto::FLOAT;
    case DataType::kFloat16:
      return onnx::TensorProto::FLOAT16;
    case DataType::kBFloat16:
      return onnx::TensorProto::BFLOAT16;
    case DataType::kFloat64:
      return onnx::TensorProto::DOUBLE;
    case DataType::kInt8:
      return onnx::TensorProto::INT8;
    case DataType::kUint8:
      return onnx::TensorProto::UINT8;
    case DataType::kInt16:
      return onnx::TensorProto::INT16;
    case DataType::kUint16:
      return onnx::TensorProto::UINT16;
    case DataType::kInt32:
      return onnx::TensorProto::INT32;
    case DataType::kUint32:
      return onnx::TensorProto::UINT32;
    case DataType::kInt64:
      return onnx::TensorProto::INT64;
    case DataType::kUint64:
      return onnx::TensorProto::UINT64;
    case DataType::kBool:
      return onnx::TensorProto::BOOL;
  }
  return onnx::TensorProto::FLOAT;
}

// Where a type stands for one ONNX operator that takes its operands as they are and has no attributes.
const char* PlainOperator(LayerType type) {
  switch (type) {
    case LayerType::kAdd:
      return "Add";
    case LayerType::kSub:
      return "Sub";
    case LayerType::kMul:
      return "Mul";
    case LayerType::kDiv:
      return "Div";
    case LayerType::kPow:
      return "Pow";
    case LayerType::kMin:
      return "Min";
    case LayerType::kMax:
      return "Max";
    case LayerType::kCompare:
      return "Greater";
    case LayerType::kWhere:
      return "Where";
    case LayerType::kRelu:
      return "Relu";
    case LayerType::kLeakyRelu:
      return "LeakyRelu";
    case LayerType::kPRelu:
      return "PRelu";
    case LayerType::kElu:
      return "Elu";
    case LayerType::kSigmoid:
      return "Sigmoid";
    case LayerType::kHardSigmoid:
      return "HardSigmoid";
    case LayerType::kTanh:
      return "Tanh";
    case LayerType::kSoftplus:
      return "Softplus";
    case LayerType::kErf:
      return "Erf";
    case LayerType::kExp:
      return "Exp";
    case LayerType::kLog:
      return "Log";
    case LayerType::kSqrt:
      return "Sqrt";
    case LayerType::kUnary:
      return "Abs";
    case LayerType::kGlobalMaxPool:
      return "GlobalMaxPool";
    case LayerType::kGlobalAveragePool:
      return "GlobalAveragePool";
    default:
      return nullptr;
  }
}

class Exporter {
 public:
  explicit Exporter(const Network& network) : network_(network) {}

  absl::StatusOr<std::string> Run() {
    model_.set_ir_version(kIrVersion);
    model_.set_producer_name("latimer");
    model_.add_opset_import()->set_version(kOperatorSet);
    graph_ = model_.mutable_graph();
    graph_->set_name(network_.name.empty() ? "network" : network_.name);
    for (TensorId id : network_.inputs) AddValueInfo(id, graph_->add_input());
    for (TensorId id : network_.outputs) AddValueInfo(id, graph_->add_output());
    for (const Layer& layer : network_.layers) LATIMER_RETURN_IF_ERROR(AddLayer(layer));
    return model_.SerializeAsString();
  }

 private:
  std::string TensorName(TensorId id) const { return std::string(network_.tensors[id].name); }

  void AddValueInfo(TensorId id, onnx::ValueInfoProto* info) const {
    const Tensor& tensor = network_.tensors[id];
    info->set_name(tensor.name.data(), tensor.name.size());
    onnx::TypeProto::Tensor* type = info->mutable_type()->mutable_tensor_type();
    type->set_elem_type(OnnxType(tensor.type));
    type->mutable_shape();
    for (int64_t dim : tensor.shape) type->mutable_shape()->add_dim()->set_dim_value(dim);
  }

  // An initializer, written once: dims without data, except for single elements whose value is known (exponents and
  // the like decide which kernel an engine takes).
  std::string ConstantName(ConstantId id) {
    const Constant& constant = network_.constants[id];
    std::string name = constant.name.empty() ? absl::StrCat("constant:", id) : std::string(constant.name);
    if (written_constants_.insert(id).second) {
      onnx::TensorProto* tensor = graph_->add_initializer();
      tensor->set_name(name);
      tensor->set_data_type(OnnxType(constant.type));
      for (int64_t dim : constant.shape) tensor->add_dims(dim);
      if (constant.scalar.has_value()) SetValue(*constant.scalar, tensor);
    }
    return name;
  }

  // Types without a simple field in TensorProto stay without data.
  static void SetValue(double value, onnx::TensorProto* tensor) {
    switch (tensor->data_type()) {
      case onnx::TensorProto::FLOAT:
        tensor->add_float_data(static_cast<float>(value));
        break;
      case onnx::TensorProto::DOUBLE:
        tensor->add_double_data(value);
        break;
      case onnx::TensorProto::INT64:
        tensor->add_int64_data(static_cast<int64_t>(value));
        break;
      case onnx::TensorProto::INT32:
      case onnx::TensorProto::BOOL:
        tensor->add_int32_data(static_cast<int32_t>(value));
        break;
      default:
        break;
    }
  }

  std::string Integers(const Layer& layer, const char* what, absl::Span<const int64_t> values) {
    onnx::TensorProto* tensor = graph_->add_initializer();
    tensor->set_name(absl::StrCat(layer.name, ":", what));
    tensor->set_data_type(onnx::TensorProto::INT64);
    tensor->add_dims(static_cast<int64_t>(values.size()));
    for (int64_t value : values) tensor->add_int64_data(value);
    return tensor->name();
  }

  std::string Number(const Layer& layer, const char* what, float value) {
    onnx::TensorProto* tensor = graph_->add_initializer();
    tensor->set_name(absl::StrCat(layer.name, ":", what));
    tensor->set_data_type(onnx::TensorProto::FLOAT);
    tensor->add_float_data(value);
    return tensor->name();
  }

  onnx::NodeProto* AddNode(const Layer& layer, const char* op, const Names& inputs, const Names& outputs) {
    onnx::NodeProto* node = graph_->add_node();
    node->set_name(node_of_layer_ == 0 ? std::string(layer.name) : absl::StrCat(layer.name, "/", node_of_layer_));
    ++node_of_layer_;
    node->set_op_type(op);
    for (const std::string& input : inputs) node->add_input(input);
    for (const std::string& output : outputs) node->add_output(output);
    return node;
  }

  // Adds a node whose result is read by later nodes of the same layer.
  std::string Step(const Layer& layer, const char* op, const Names& inputs) {
    std::string output = absl::StrCat(layer.name, ":step", node_of_layer_);
    AddNode(layer, op, inputs, {output});
    return output;
  }

  static void SetInt(onnx::NodeProto* node, const char* name, int64_t value) {
    onnx::AttributeProto* attribute = node->add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::INT);
    attribute->set_i(value);
  }

  static void SetFloat(onnx::NodeProto* node, const char* name, float value) {
    onnx::AttributeProto* attribute = node->add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::FLOAT);
    attribute->set_f(value);
  }

  static void SetInts(onnx::NodeProto* node, const char* name, absl::Span<const int64_t> values) {
    onnx::AttributeProto* attribute = node->add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::INTS);
    for (int64_t value : values) attribute->add_ints(value);
  }

  static void SetPads(onnx::NodeProto* node, const SpatialDims& begin, const SpatialDims& end) {
    std::vector<int64_t> pads(begin.begin(), begin.end());
    pads.insert(pads.end(), end.begin(), end.end());
    SetInts(node, "pads", pads);
  }

  // Activations, then constants: the operands of types whose order does not matter to their cost.
  Names Operands(const Layer& layer) {
    Names names;
    for (TensorId id : layer.inputs) names.push_back(TensorName(id));
    for (ConstantId id : layer.constants) names.push_back(ConstantName(id));
    return names;
  }

  Names Outputs(const Layer& layer) const {
    Names names;
    for (TensorId id : layer.outputs) names.push_back(TensorName(id));
    return names;
  }

  absl::Status Unsupported(const Layer& layer) const {
    return Error(absl::StatusCode::kUnimplemented, "LAYER_NOT_EXPORTABLE",
                 absl::StrCat("layer '", layer.name, "' of type ", LayerTypeName(layer.type),
                              " cannot be written as ONNX; send the network as the ONNX file it came from"))
        .With("layer", layer.name);
  }

  absl::Status AddConvolution(const Layer& layer) {
    const auto& conv = std::get<ConvAttributes>(layer.attributes);
    onnx::NodeProto* node = AddNode(layer, layer.type == LayerType::kConvTranspose ? "ConvTranspose" : "Conv",
                                    Operands(layer), Outputs(layer));
    SetInts(node, "kernel_shape", conv.kernel);
    SetInts(node, "strides", conv.stride);
    SetInts(node, "dilations", conv.dilation);
    SetPads(node, conv.pad_begin, conv.pad_end);
    SetInt(node, "group", conv.groups);
    if (layer.type == LayerType::kConvTranspose) SetInts(node, "output_padding", conv.output_padding);
    return absl::OkStatus();
  }

  absl::Status AddPool(const Layer& layer) {
    const auto& pool = std::get<PoolAttributes>(layer.attributes);
    const char* op = layer.type == LayerType::kMaxPool       ? "MaxPool"
                     : layer.type == LayerType::kAveragePool ? "AveragePool"
                                                             : "LpPool";
    onnx::NodeProto* node = AddNode(layer, op, Operands(layer), Outputs(layer));
    SetInts(node, "kernel_shape", pool.kernel);
    SetInts(node, "strides", pool.stride);
    SetPads(node, pool.pad_begin, pool.pad_end);
    if (layer.type == LayerType::kMaxPool) SetInts(node, "dilations", pool.dilation);
    if (layer.type != LayerType::kLpPool && pool.ceil_mode) SetInt(node, "ceil_mode", 1);
    return absl::OkStatus();
  }

  // The weights of a fully connected layer with the dims an operator wants, whichever way round the source had them.
  std::string WeightName(ConstantId id, const Shape& dims) {
    if (network_.constants[id].shape == dims) return ConstantName(id);
    const std::string name = absl::StrCat(network_.constants[id].name, ":transposed");
    if (written_transposed_.insert(id).second) {
      onnx::TensorProto* tensor = graph_->add_initializer();
      tensor->set_name(name);
      tensor->set_data_type(OnnxType(network_.constants[id].type));
      for (int64_t dim : dims) tensor->add_dims(dim);
    }
    return name;
  }

  absl::Status AddFullyConnected(const Layer& layer) {
    if (layer.constants.empty()) return Unsupported(layer);
    const auto& attributes = std::get<FullyConnectedAttributes>(layer.attributes);
    const std::string input = TensorName(layer.inputs[0]);
    const ConstantId weights = layer.constants[0];
    if (NumElements(network_.constants[weights].shape) != attributes.input_features * attributes.output_features) {
      return Unsupported(layer);
    }
    if (network_.InputShape(layer, 0).size() == 2) {
      // As PyTorch writes it; OpenCV 4.6 reads no other form rightly.
      Names operands{input, WeightName(weights, {attributes.output_features, attributes.input_features})};
      for (size_t i = 1; i < layer.constants.size(); ++i) operands.push_back(ConstantName(layer.constants[i]));
      SetInt(AddNode(layer, "Gemm", operands, Outputs(layer)), "transB", 1);
      return absl::OkStatus();
    }
    const std::string name = WeightName(weights, {attributes.input_features, attributes.output_features});
    if (layer.constants.size() == 1) {
      AddNode(layer, "MatMul", {input, name}, Outputs(layer));
    } else {
      const std::string product = Step(layer, "MatMul", {input, name});
      AddNode(layer, "Add", {product, ConstantName(layer.constants[1])}, Outputs(layer));
    }
    return absl::OkStatus();
  }

  absl::Status AddMatMul(const Layer& layer) {
    if (layer.inputs.size() != 2) return Unsupported(layer);
    const auto& attributes = std::get<MatMulAttributes>(layer.attributes);
    Names operands = Operands(layer);
    for (size_t i = 0; i < 2; ++i) {
      if (!(i == 0 ? attributes.transpose_a : attributes.transpose_b)) continue;
      std::vector<int64_t> permutation(network_.InputShape(layer, i).size());
      for (size_t d = 0; d < permutation.size(); ++d) permutation[d] = static_cast<int64_t>(d);
      std::swap(permutation[permutation.size() - 1], permutation[permutation.size() - 2]);
      operands[i] = Step(layer, "Transpose", {operands[i]});
      SetInts(graph_->mutable_node(graph_->node_size() - 1), "perm", permutation);
    }
    AddNode(layer, "MatMul", operands, Outputs(layer));
    return absl::OkStatus();
  }

  absl::Status AddActivationPattern(const Layer& layer) {
    const std::string x = TensorName(layer.inputs[0]);
    switch (layer.type) {
      case LayerType::kRelu6:
        AddNode(layer, "Clip", {x, Number(layer, "min", 0), Number(layer, "max", 6)}, Outputs(layer));
        return absl::OkStatus();
      case LayerType::kClip:
        AddNode(layer, "Clip", {x, Number(layer, "min", -1), Number(layer, "max", 1)}, Outputs(layer));
        return absl::OkStatus();
      case LayerType::kSilu:
        AddNode(layer, "Mul", {x, Step(layer, "Sigmoid", {x})}, Outputs(layer));
        return absl::OkStatus();
      case LayerType::kHardSwish: {
        const std::string gate = Step(layer, "HardSigmoid", {x});
        SetFloat(graph_->mutable_node(graph_->node_size() - 1), "alpha", 1.0F / 6.0F);
        AddNode(layer, "Mul", {x, gate}, Outputs(layer));
        return absl::OkStatus();
      }
      case LayerType::kMish:
        AddNode(layer, "Mul", {x, Step(layer, "Tanh", {Step(layer, "Softplus", {x})})}, Outputs(layer));
        return absl::OkStatus();
      case LayerType::kGelu: {
        const std::string scaled = Step(layer, "Div", {x, Number(layer, "sqrt2", 1.41421356F)});
        const std::string erf = Step(layer, "Erf", {scaled});
        const std::string sum = Step(layer, "Add", {erf, Number(layer, "one", 1)});
        const std::string product = Step(layer, "Mul", {x, sum});
        AddNode(layer, "Mul", {product, Number(layer, "half", 0.5F)}, Outputs(layer));
        return absl::OkStatus();
      }
      default:
        return Unsupported(layer);
    }
  }

  absl::Status AddLayerNorm(const Layer& layer) {
    const int64_t axis = std::get<AxisAttributes>(layer.attributes).axis;
    std::vector<int64_t> axes;
    const auto rank = static_cast<int64_t>(network_.InputShape(layer, 0).size());
    for (int64_t a = axis; a < rank; ++a) axes.push_back(a);
    const std::string x = TensorName(layer.inputs[0]);
    const std::string mean = Step(layer, "ReduceMean", {x});
    SetInts(graph_->mutable_node(graph_->node_size() - 1), "axes", axes);
    const std::string centred = Step(layer, "Sub", {x, mean});
    const std::string squared = Step(layer, "Pow", {centred, Number(layer, "two", 2)});
    const std::string variance = Step(layer, "ReduceMean", {squared});
    SetInts(graph_->mutable_node(graph_->node_size() - 1), "axes", axes);
    const std::string shifted = Step(layer, "Add", {variance, Number(layer, "epsilon", 1e-5F)});
    const std::string root = Step(layer, "Sqrt", {shifted});
    if (layer.constants.empty()) {
      AddNode(layer, "Div", {centred, root}, Outputs(layer));
      return absl::OkStatus();
    }
    const std::string normal = Step(layer, "Div", {centred, root});
    if (layer.constants.size() == 1) {
      AddNode(layer, "Mul", {normal, ConstantName(layer.constants[0])}, Outputs(layer));
      return absl::OkStatus();
    }
    const std::string scaled = Step(layer, "Mul", {normal, ConstantName(layer.constants[0])});
    AddNode(layer, "Add", {scaled, ConstantName(layer.constants[1])}, Outputs(layer));
    return absl::OkStatus();
  }

  absl::Status AddWithAxis(const Layer& layer, const char* op) {
    onnx::NodeProto* node = AddNode(layer, op, Operands(layer), Outputs(layer));
    SetInt(node, "axis", std::get<AxisAttributes>(layer.attributes).axis);
    return absl::OkStatus();
  }

  absl::Status AddReduce(const Layer& layer) {
    const auto& attributes = std::get<ReduceAttributes>(layer.attributes);
    onnx::NodeProto* node =
        AddNode(layer, layer.type == LayerType::kReduce ? "ReduceMean" : "ArgMax", Operands(layer), Outputs(layer));
    SetInt(node, "keepdims", attributes.keep_dims ? 1 : 0);
    if (layer.type == LayerType::kReduce) {
      SetInts(node, "axes", attributes.axes);
    } else {
      if (attributes.axes.size() != 1) return Unsupported(layer);
      SetInt(node, "axis", attributes.axes[0]);
    }
    return absl::OkStatus();
  }

  absl::Status AddSplit(const Layer& layer) {
    const auto& attributes = std::get<SplitAttributes>(layer.attributes);
    onnx::NodeProto* node = AddNode(
        layer, "Split", {TensorName(layer.inputs[0]), Integers(layer, "sizes", attributes.sizes)}, Outputs(layer));
    SetInt(node, "axis", attributes.axis);
    return absl::OkStatus();
  }

  absl::Status AddSlice(const Layer& layer) {
    const auto& attributes = std::get<SliceAttributes>(layer.attributes);
    AddNode(layer, "Slice",
            {TensorName(layer.inputs[0]), Integers(layer, "starts", attributes.starts),
             Integers(layer, "ends", attributes.ends), Integers(layer, "axes", attributes.axes),
             Integers(layer, "steps", attributes.steps)},
            Outputs(layer));
    return absl::OkStatus();
  }

  absl::Status AddPad(const Layer& layer) {
    const auto& attributes = std::get<PadAttributes>(layer.attributes);
    std::vector<int64_t> pads(attributes.begin.begin(), attributes.begin.end());
    pads.insert(pads.end(), attributes.end.begin(), attributes.end.end());
    AddNode(layer, "Pad", {TensorName(layer.inputs[0]), Integers(layer, "pads", pads)}, Outputs(layer));
    return absl::OkStatus();
  }

  absl::Status AddResize(const Layer& layer) {
    onnx::NodeProto* node = AddNode(
        layer, "Resize", {TensorName(layer.inputs[0]), "", "", Integers(layer, "sizes", network_.OutputShape(layer))},
        Outputs(layer));
    onnx::AttributeProto* mode = node->add_attribute();
    mode->set_name("mode");
    mode->set_type(onnx::AttributeProto::STRING);
    mode->set_s("nearest");
    // The form every engine reads: OpenCV knows no other for nearest.
    onnx::AttributeProto* coordinates = node->add_attribute();
    coordinates->set_name("coordinate_transformation_mode");
    coordinates->set_type(onnx::AttributeProto::STRING);
    coordinates->set_s("asymmetric");
    onnx::AttributeProto* nearest = node->add_attribute();
    nearest->set_name("nearest_mode");
    nearest->set_type(onnx::AttributeProto::STRING);
    nearest->set_s("floor");
    return absl::OkStatus();
  }

  // Table and indices, in ONNX's order. Where one of them is constant, the element types say which.
  absl::Status AddGather(const Layer& layer) {
    const auto* attributes = std::get_if<AxisAttributes>(&layer.attributes);
    if (attributes == nullptr || layer.inputs.size() + layer.constants.size() != 2) return Unsupported(layer);
    Names operands = Operands(layer);
    if (layer.inputs.size() == 1 && !IsFloatingPoint(network_.tensors[layer.inputs[0]].type)) {
      const bool constant_is_table =
          network_.constants[layer.constants[0]].type == network_.tensors[layer.outputs[0]].type;
      if (constant_is_table) std::swap(operands[0], operands[1]);
    }
    SetInt(AddNode(layer, "Gather", operands, Outputs(layer)), "axis", attributes->axis);
    return absl::OkStatus();
  }

  absl::Status AddDepthToSpace(const Layer& layer) {
    const Shape& in = network_.InputShape(layer, 0);
    const Shape& out = network_.OutputShape(layer);
    if (in.size() != 4 || out.size() != 4) return Unsupported(layer);
    const bool to_space = out[2] >= in[2];
    const int64_t block = to_space ? out[2] / in[2] : in[2] / out[2];
    SetInt(AddNode(layer, to_space ? "DepthToSpace" : "SpaceToDepth", Operands(layer), Outputs(layer)), "blocksize",
           block);
    return absl::OkStatus();
  }

  absl::Status AddLayer(const Layer& layer) {
    node_of_layer_ = 0;
    if (const char* op = PlainOperator(layer.type); op != nullptr) {
      AddNode(layer, op, Operands(layer), Outputs(layer));
      return absl::OkStatus();
    }
    switch (layer.type) {
      case LayerType::kConv:
      case LayerType::kDepthwiseConv:
      case LayerType::kConvTranspose:
        return AddConvolution(layer);
      case LayerType::kFullyConnected:
        return AddFullyConnected(layer);
      case LayerType::kMatMul:
        return AddMatMul(layer);
      case LayerType::kMaxPool:
      case LayerType::kAveragePool:
      case LayerType::kLpPool:
        return AddPool(layer);
      case LayerType::kRelu6:
      case LayerType::kClip:
      case LayerType::kSilu:
      case LayerType::kHardSwish:
      case LayerType::kMish:
      case LayerType::kGelu:
        return AddActivationPattern(layer);
      case LayerType::kSoftmax:
        return AddWithAxis(layer, "Softmax");
      case LayerType::kLpNorm:
        return AddWithAxis(layer, "LpNormalization");
      case LayerType::kConcat:
        return AddWithAxis(layer, "Concat");
      case LayerType::kLayerNorm:
        return AddLayerNorm(layer);
      case LayerType::kBatchNorm:
        if (layer.constants.size() != 4) return Unsupported(layer);
        AddNode(layer, "BatchNormalization", Operands(layer), Outputs(layer));
        return absl::OkStatus();
      case LayerType::kInstanceNorm:
        if (layer.constants.size() != 2) return Unsupported(layer);
        // The default, written out: OpenCV insists on it.
        SetFloat(AddNode(layer, "InstanceNormalization", Operands(layer), Outputs(layer)), "epsilon", 1e-5F);
        return absl::OkStatus();
      case LayerType::kLrn:
        SetInt(AddNode(layer, "LRN", Operands(layer), Outputs(layer)), "size", 5);
        return absl::OkStatus();
      case LayerType::kReduce:
      case LayerType::kArgReduce:
        return AddReduce(layer);
      case LayerType::kSplit:
        return AddSplit(layer);
      case LayerType::kSlice:
        return AddSlice(layer);
      case LayerType::kPad:
        return AddPad(layer);
      case LayerType::kResize:
        return AddResize(layer);
      case LayerType::kTranspose:
        SetInts(AddNode(layer, "Transpose", Operands(layer), Outputs(layer)), "perm",
                std::get<TransposeAttributes>(layer.attributes).permutation);
        return absl::OkStatus();
      case LayerType::kReshape:
        AddNode(layer, "Reshape", {TensorName(layer.inputs[0]), Integers(layer, "shape", network_.OutputShape(layer))},
                Outputs(layer));
        return absl::OkStatus();
      case LayerType::kExpand:
        AddNode(layer, "Expand", {TensorName(layer.inputs[0]), Integers(layer, "shape", network_.OutputShape(layer))},
                Outputs(layer));
        return absl::OkStatus();
      case LayerType::kGather:
        return AddGather(layer);
      case LayerType::kDepthToSpace:
        return AddDepthToSpace(layer);
      case LayerType::kCast:
        SetInt(AddNode(layer, "Cast", Operands(layer), Outputs(layer)), "to",
               OnnxType(network_.tensors[layer.outputs[0]].type));
        return absl::OkStatus();
      default:
        return Unsupported(layer);
    }
  }

  const Network& network_;
  onnx::ModelProto model_;
  onnx::GraphProto* graph_ = nullptr;
  absl::flat_hash_set<ConstantId> written_constants_;
  absl::flat_hash_set<ConstantId> written_transposed_;
  int node_of_layer_ = 0;
};

}  // namespace

absl::StatusOr<std::string> ExportOnnx(const Network& network) { return Exporter(network).Run(); }

}  // namespace latimer
