#include "core/network/network_builder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/checked_math.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/network/shape_inference.h"

namespace latimer {
namespace {

// Sums over the whole network stay below these, so that no later stage can overflow when it adds a few of them. Bytes
// are counted at 64 bits per element.
constexpr int64_t kMostMacs = int64_t{1} << 61;
constexpr int64_t kMostBytes = int64_t{1} << 60;
// A network of nothing but different unknown operators still gets an answer of bounded size.
constexpr size_t kMostWarnings = 100;

absl::Status CheckTensor(absl::string_view what, absl::string_view name, const Shape& shape,
                         const ImportLimits& limits) {
  if (static_cast<int64_t>(name.size()) > limits.max_name_bytes) {
    return ResourceExhausted("NAME_TOO_LONG",
                             absl::StrCat("the name of ", what, " '", name.substr(0, 60), "…' has ", name.size(),
                                          " bytes; at most ", limits.max_name_bytes, " are allowed"));
  }
  if (static_cast<int64_t>(shape.size()) > limits.max_rank) {
    return ResourceExhausted("TOO_MANY_DIMENSIONS",
                             absl::StrCat(what, " '", name, "' has ", shape.size(), " dimensions; at most ",
                                          limits.max_rank, " are allowed"))
        .With("tensor", name);
  }
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] < 1) {
      return InvalidArgument("BAD_DIMENSION", absl::StrCat("dimension ", i, " of ", what, " '", name, "' is ", shape[i],
                                                           "; dimensions are at least 1"))
          .With("tensor", name)
          .With("dimension", absl::StrCat(i));
    }
  }
  absl::StatusOr<int64_t> elements = CheckedNumElements(shape);
  if (!elements.ok()) {
    return InvalidArgument("SHAPE_OVERFLOW", absl::StrCat(what, " '", name, "': ", elements.status().message()))
        .With("tensor", name);
  }
  return absl::OkStatus();
}

// What the layer's name adds to an error of shape inference.
absl::Status AtLayer(const absl::Status& status, const LayerSpec& spec, absl::string_view name) {
  std::optional<ErrorDetails> details = GetErrorDetails(status);
  const absl::string_view what = spec.source_operator.empty() ? LayerTypeName(spec.type) : spec.source_operator;
  Error error(status.code(), details.has_value() ? details->reason : "BAD_LAYER",
              absl::StrCat("layer '", name, "' (", what, "): ", status.message()));
  if (details.has_value()) {
    if (!details->field.empty()) error.Field(details->field);
    for (const auto& [key, value] : details->metadata) error.With(key, value);
  }
  return error.With("layer", name);
}

// Adds the bytes of a tensor to `total`; false once the sum is too large.
bool AddBytes(absl::Span<const int64_t> shape, int64_t& total) {
  int64_t bytes = 8;
  for (int64_t dim : shape) {
    const std::optional<int64_t> product = dim < 0 ? std::nullopt : CheckedMul(bytes, dim);
    if (!product.has_value()) return false;
    bytes = *product;
  }
  const std::optional<int64_t> sum = CheckedAdd(total, bytes);
  if (!sum.has_value() || *sum >= kMostBytes) return false;
  total = *sum;
  return true;
}

// Which operand's data the layer works on is asked all over the estimator; most types have it first.
absl::Status CheckOperands(const LayerSpec& spec) {
  const bool any_place = IsElementwiseBroadcast(spec.type) || spec.type == LayerType::kMatMul ||
                         spec.type == LayerType::kConcat || spec.type == LayerType::kGather;
  bool has_activation = !spec.operands.empty() && spec.operands[0].tensor != kNone;
  for (const Operand& operand : spec.operands) {
    has_activation = has_activation || (any_place && operand.tensor != kNone);
  }
  if (has_activation || spec.type == LayerType::kUnknown) return absl::OkStatus();
  return InvalidArgument("NO_ACTIVATION", spec.operands.empty()
                                              ? "it has no inputs"
                                              : "its data are a constant; only data that a network input reaches are "
                                                "computed when the network runs");
}

// Writes out what attributes may leave open, so that later stages need not know: axes are non-negative and in order,
// lists are as long as they can be. Shape inference has accepted them.
void Complete(LayerType type, int64_t rank, LayerAttributes& attributes) {
  auto normalize = [rank](int64_t& axis) { axis = axis < 0 ? axis + rank : axis; };
  if (auto* transpose = std::get_if<TransposeAttributes>(&attributes); transpose != nullptr) {
    for (int64_t i = rank; i > 0 && static_cast<int64_t>(transpose->permutation.size()) < rank; --i) {
      transpose->permutation.push_back(i - 1);
    }
  } else if (auto* reduce = std::get_if<ReduceAttributes>(&attributes); reduce != nullptr) {
    if (reduce->axes.empty()) {
      for (int64_t i = 0; i < rank; ++i) reduce->axes.push_back(i);
    }
    for (int64_t& axis : reduce->axes) normalize(axis);
    std::sort(reduce->axes.begin(), reduce->axes.end());
  } else if (auto* slice = std::get_if<SliceAttributes>(&attributes); slice != nullptr) {
    for (int64_t& axis : slice->axes) normalize(axis);
    slice->steps.resize(slice->axes.size(), 1);
  } else if (auto* split = std::get_if<SplitAttributes>(&attributes); split != nullptr) {
    normalize(split->axis);
  } else if (auto* axis = std::get_if<AxisAttributes>(&attributes); axis != nullptr && type != LayerType::kUnknown) {
    normalize(axis->axis);
  }
}

// Multiply-accumulates with overflow as an answer; the shapes are checked already.
std::optional<int64_t> CheckedMacs(LayerType type, const LayerAttributes& attributes, absl::Span<const Shape> inputs,
                                   const Shape& output) {
  int64_t base = 0;
  absl::InlinedVector<int64_t, 4> factors;
  switch (type) {
    case LayerType::kConv:
    case LayerType::kDepthwiseConv: {
      const auto& conv = std::get<ConvAttributes>(attributes);
      base = NumElements(output);
      factors.push_back(inputs[0][1] / conv.groups);
      for (int64_t size : conv.kernel) factors.push_back(size);
      break;
    }
    case LayerType::kConvTranspose: {
      const auto& conv = std::get<ConvAttributes>(attributes);
      base = NumElements(inputs[0]);
      factors.push_back(conv.output_channels / conv.groups);
      for (int64_t size : conv.kernel) factors.push_back(size);
      break;
    }
    case LayerType::kFullyConnected:
      base = NumElements(output);
      factors.push_back(std::get<FullyConnectedAttributes>(attributes).input_features);
      break;
    case LayerType::kMatMul:
      base = NumElements(output);
      factors.push_back(std::get<MatMulAttributes>(attributes).inner_size);
      break;
    default:
      return 0;
  }
  for (int64_t factor : factors) {
    const std::optional<int64_t> product = CheckedMul(base, factor);
    if (!product.has_value()) return std::nullopt;
    base = *product;
  }
  return base;
}

}  // namespace

NetworkBuilder::NetworkBuilder(const ImportLimits& limits) : limits_(limits) {}

void NetworkBuilder::Reserve(size_t layers) {
  layers = std::min(layers, static_cast<size_t>(std::max<int64_t>(limits_.max_nodes, 0)));
  constexpr size_t kInputs = 4;
  network_.layers.reserve(layers);
  network_.tensors.reserve(layers + kInputs);
  network_.constants.reserve(layers);
  tensor_by_name_.reserve(layers + kInputs);
  layer_names_.reserve(layers);
}

absl::StatusOr<TensorId> NetworkBuilder::AddInput(absl::string_view name, const Shape& shape, DataType type) {
  if (name.empty()) return InvalidArgument("INPUT_NAME_MISSING", "an input has no name");
  LATIMER_RETURN_IF_ERROR(CheckTensor("input", name, shape, limits_));
  if (tensor_by_name_.contains(name)) {
    return InvalidArgument("DUPLICATE_NAME", absl::StrCat("two inputs or layer outputs are called '", name, "'"))
        .With("tensor", name);
  }
  if (static_cast<int64_t>(network_.tensors.size() + network_.constants.size()) >= limits_.max_tensors) {
    return ResourceExhausted("TOO_MANY_TENSORS",
                             absl::StrCat("the network has more than ", limits_.max_tensors, " tensors"));
  }
  if (!AddBytes(shape, total_bytes_)) {
    return InvalidArgument("TOO_LARGE", absl::StrCat("input '", name, "': ", ShapeToString(shape), " is too large"))
        .With("tensor", name);
  }
  const auto id = static_cast<TensorId>(network_.tensors.size());
  Tensor tensor;
  tensor.name = network_.names.Add(name);
  tensor.shape = shape;
  tensor.type = type == DataType::kUnspecified ? DataType::kFloat32 : type;
  tensor_by_name_.emplace(tensor.name, id);
  network_.tensors.push_back(std::move(tensor));
  network_.inputs.push_back(id);
  return id;
}

absl::StatusOr<ConstantId> NetworkBuilder::AddConstant(absl::string_view name, const Shape& shape, DataType type) {
  LATIMER_RETURN_IF_ERROR(CheckTensor("constant", name, shape, limits_));
  if (static_cast<int64_t>(network_.tensors.size() + network_.constants.size()) >= limits_.max_tensors) {
    return ResourceExhausted("TOO_MANY_TENSORS",
                             absl::StrCat("the network has more than ", limits_.max_tensors, " tensors"));
  }
  const auto id = static_cast<ConstantId>(network_.constants.size());
  Constant constant;
  constant.name = network_.names.Add(name);
  constant.shape = shape;
  constant.type = type == DataType::kUnspecified ? DataType::kFloat32 : type;
  network_.constants.push_back(std::move(constant));
  return id;
}

absl::StatusOr<LayerId> NetworkBuilder::AddLayer(const LayerSpec& spec) {
  const auto id = static_cast<LayerId>(network_.layers.size());
  const std::string default_name = spec.name.empty() ? absl::StrCat("layer", id) : std::string();
  const absl::string_view name = spec.name.empty() ? absl::string_view(default_name) : spec.name;
  if (id >= limits_.max_nodes) {
    return ResourceExhausted("TOO_MANY_NODES",
                             absl::StrCat("the network has more than ", limits_.max_nodes, " layers"));
  }
  if (static_cast<int64_t>(name.size()) > limits_.max_name_bytes) {
    return ResourceExhausted("NAME_TOO_LONG",
                             absl::StrCat("the name of layer '", name.substr(0, 60), "…' has ", name.size(),
                                          " bytes; at most ", limits_.max_name_bytes, " are allowed"));
  }
  if (layer_names_.contains(name)) {
    return InvalidArgument("DUPLICATE_NAME", absl::StrCat("two layers are called '", name, "'")).With("layer", name);
  }

  if (absl::Status status = CheckOperands(spec); !status.ok()) return AtLayer(status, spec, name);

  Layer layer;
  layer.type = spec.type;
  layer.attributes = spec.attributes;
  absl::InlinedVector<Shape, 3> shapes;
  DataType type = spec.output_type;
  for (const Operand& operand : spec.operands) {
    if (operand.tensor != kNone) {
      const Tensor& tensor = network_.tensors[operand.tensor];
      shapes.push_back(tensor.shape);
      layer.inputs.push_back(operand.tensor);
      if (type == DataType::kUnspecified) type = tensor.type;
    } else {
      shapes.push_back(network_.constants[operand.constant].shape);
      layer.constants.push_back(operand.constant);
    }
  }
  if (type == DataType::kUnspecified) type = DataType::kFloat32;

  ShapeList outputs;
  if (spec.type == LayerType::kUnknown && !spec.declared_output_shapes.empty()) {
    outputs.assign(spec.declared_output_shapes.begin(), spec.declared_output_shapes.end());
  } else {
    absl::StatusOr<ShapeList> inferred = InferOutputShapes(spec.type, spec.attributes, shapes);
    if (!inferred.ok()) return AtLayer(inferred.status(), spec, name);
    outputs = *std::move(inferred);
  }
  const size_t output_count = std::max(outputs.size(), spec.output_names.size());
  if (spec.type == LayerType::kUnknown && !outputs.empty()) outputs.resize(output_count, Shape(outputs[0]));
  if (outputs.size() != output_count) {
    return AtLayer(InvalidArgument("WRONG_NUMBER_OF_OUTPUTS",
                                   absl::StrCat("it has ", output_count, " outputs instead of ", outputs.size())),
                   spec, name);
  }

  Complete(spec.type, shapes.empty() ? 0 : static_cast<int64_t>(shapes[0].size()), layer.attributes);
  for (const Shape& shape : outputs) {
    if (absl::Status status = CheckTensor("output", name, shape, limits_); !status.ok()) return status;
  }
  if (auto* product = std::get_if<MatMulAttributes>(&layer.attributes); product != nullptr) {
    if (spec.type == LayerType::kMatMul) {
      const Shape& a = shapes[0];
      product->inner_size = a[a.size() - (product->transpose_a && a.size() >= 2 ? 2 : 1)];
    }
  }

  layer.name = network_.names.Add(name);
  layer.source_operator =
      spec.source_operator.empty() ? LayerTypeName(spec.type) : network_.names.Add(spec.source_operator);
  layer.nodes.push_back(layer.name);

  const std::optional<int64_t> macs = CheckedMacs(spec.type, layer.attributes, shapes, outputs[0]);
  const std::optional<int64_t> total_macs = macs.has_value() ? CheckedAdd(total_macs_, *macs) : std::nullopt;
  int64_t total_bytes = total_bytes_;
  bool fits = total_macs.has_value() && *total_macs < kMostMacs;
  auto count_bytes = [&](absl::Span<const int64_t> shape) { fits = fits && AddBytes(shape, total_bytes); };
  for (const Shape& shape : shapes) count_bytes(shape);
  for (const Shape& shape : outputs) count_bytes(shape);
  for (ConstantId constant : spec.weights) count_bytes(network_.constants[constant].shape);

  // Weights the attributes imply, unless they are operands themselves because they are computed.
  absl::InlinedVector<std::pair<const char*, Shape>, 2> implied;
  if (spec.weights.empty() && spec.operands.size() == 1) {
    if (const auto* conv = std::get_if<ConvAttributes>(&spec.attributes); conv != nullptr && IsConvolution(spec.type)) {
      Shape shape = spec.type == LayerType::kConvTranspose ? Shape{shapes[0][1], conv->output_channels / conv->groups}
                                                           : Shape{conv->output_channels, shapes[0][1] / conv->groups};
      for (int64_t size : conv->kernel) shape.push_back(size);
      implied.emplace_back(".weight", std::move(shape));
      if (conv->bias) implied.emplace_back(".bias", Shape{conv->output_channels});
    } else if (const auto* product = std::get_if<FullyConnectedAttributes>(&spec.attributes);
               product != nullptr && spec.type == LayerType::kFullyConnected) {
      implied.emplace_back(".weight", Shape{product->input_features, product->output_features});
      if (product->bias) implied.emplace_back(".bias", Shape{product->output_features});
    }
    for (const auto& [suffix, shape] : implied) count_bytes(shape);
  }
  if (!fits) {
    return AtLayer(InvalidArgument("TOO_LARGE", "with it, the network's operations exceed 2^62 or its bytes 2^60"),
                   spec, name);
  }
  for (ConstantId constant : spec.weights) layer.constants.push_back(constant);
  for (const auto& [suffix, shape] : implied) {
    LATIMER_ASSIGN_OR_RETURN(const ConstantId constant, AddConstant(absl::StrCat(name, suffix), shape, type));
    layer.constants.push_back(constant);
  }

  for (size_t i = 0; i < outputs.size(); ++i) {
    absl::string_view output_name;
    if (i < spec.output_names.size()) {
      output_name = network_.names.Add(spec.output_names[i]);
    } else {
      output_name = i == 0 ? layer.name : network_.names.Add(absl::StrCat(name, ":", i));
    }
    if (static_cast<int64_t>(output_name.size()) > limits_.max_name_bytes) {
      return ResourceExhausted("NAME_TOO_LONG",
                               absl::StrCat("the name of an output of layer '", name, "' has ", output_name.size(),
                                            " bytes; at most ", limits_.max_name_bytes, " are allowed"));
    }
    const auto tensor_id = static_cast<TensorId>(network_.tensors.size());
    // An output without a name (ONNX leaves out those it does not need) cannot be read by name.
    if (!output_name.empty() && !tensor_by_name_.emplace(output_name, tensor_id).second) {
      return InvalidArgument("DUPLICATE_NAME",
                             absl::StrCat("two inputs or layer outputs are called '", output_name, "'"))
          .With("tensor", output_name)
          .With("layer", name);
    }
    Tensor tensor;
    tensor.name = output_name;
    tensor.shape = std::move(outputs[i]);
    tensor.type = type;
    tensor.producer = id;
    network_.tensors.push_back(std::move(tensor));
    layer.outputs.push_back(tensor_id);
  }
  if (static_cast<int64_t>(network_.tensors.size() + network_.constants.size()) > limits_.max_tensors) {
    return ResourceExhausted("TOO_MANY_TENSORS",
                             absl::StrCat("the network has more than ", limits_.max_tensors, " tensors"));
  }
  total_macs_ = *total_macs;
  total_bytes_ = total_bytes;
  layer_names_.insert(layer.name);
  network_.layers.push_back(std::move(layer));
  return id;
}

TensorId NetworkBuilder::FindTensor(absl::string_view name) const {
  const auto found = tensor_by_name_.find(name);
  return found == tensor_by_name_.end() ? kNone : found->second;
}

absl::Status NetworkBuilder::AddAlias(absl::string_view name, TensorId tensor) {
  if (tensor_by_name_.contains(name)) {
    return InvalidArgument("DUPLICATE_NAME", absl::StrCat("two inputs or layer outputs are called '", name, "'"))
        .With("tensor", name);
  }
  tensor_by_name_.emplace(network_.names.Add(name), tensor);
  return absl::OkStatus();
}

void NetworkBuilder::AddFreeNode(absl::string_view node) { network_.free_nodes.push_back(network_.names.Add(node)); }

void NetworkBuilder::AddWarning(ImportWarning::Code code, absl::string_view message, absl::string_view node) {
  constexpr size_t kMostNodes = 20;
  auto found = std::find_if(network_.warnings.begin(), network_.warnings.end(),
                            [&](const ImportWarning& w) { return w.code == code && w.message == message; });
  if (found == network_.warnings.end() && network_.warnings.size() >= kMostWarnings) {
    // The last one of the kind stands for all further ones.
    found = std::find_if(network_.warnings.rbegin(), network_.warnings.rend(), [&](const ImportWarning& w) {
              return w.code == code;
            }).base();
    found = found == network_.warnings.begin() ? network_.warnings.end() : found - 1;
  }
  if (found == network_.warnings.end()) {
    network_.warnings.push_back({code, std::string(message), {}, 0});
    found = network_.warnings.end() - 1;
  }
  ++found->count;
  if (!node.empty() && found->nodes.size() < kMostNodes) found->nodes.emplace_back(node);
}

absl::StatusOr<Network> NetworkBuilder::Finish(const std::vector<absl::string_view>& outputs) && {
  if (outputs.empty()) {
    std::vector<bool> read(network_.tensors.size(), false);
    for (const Layer& layer : network_.layers) {
      for (TensorId id : layer.inputs) read[id] = true;
    }
    for (TensorId id = 0; id < static_cast<TensorId>(read.size()); ++id) {
      if (!read[id] && network_.tensors[id].producer != kNone) network_.outputs.push_back(id);
    }
  }
  std::vector<bool> listed(network_.tensors.size(), false);
  for (absl::string_view name : outputs) {
    const TensorId id = FindTensor(name);
    if (id == kNone) {
      return InvalidArgument("UNKNOWN_OUTPUT", absl::StrCat("no layer makes the network output '", name, "'"))
          .With("output", name);
    }
    if (listed[static_cast<size_t>(id)]) continue;
    listed[static_cast<size_t>(id)] = true;
    network_.outputs.push_back(id);
  }
  if (network_.layers.empty() && network_.free_nodes.empty()) {
    return InvalidArgument("EMPTY_NETWORK", "the network has no layers");
  }
  return std::move(network_);
}

}  // namespace latimer
