#include "core/network/network_proto.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/network/input_overrides.h"
#include "core/network/network_builder.h"
#include "core/network/shape_inference.h"

namespace latimer {
namespace {

using Dims = google::protobuf::RepeatedField<int64_t>;

template <typename List>
List ToList(const Dims& dims) {
  return List(dims.begin(), dims.end());
}

SpatialDims OrDefault(const Dims& dims, size_t rank, int64_t value) {
  return dims.empty() ? SpatialDims(rank, value) : ToList<SpatialDims>(dims);
}

template <typename List>
void ToDims(const List& list, Dims* dims) {
  dims->Add(list.begin(), list.end());
}

Error BadLayer(absl::string_view layer, absl::string_view field, absl::string_view message) {
  return InvalidArgument("BAD_LAYER", absl::StrCat("layer '", layer, "': ", message))
      .Field(absl::StrCat("network.layers.", field))
      .With("layer", layer);
}

// The same error with `field` for the one it has.
absl::Status WithField(const absl::Status& status, absl::string_view field) {
  const std::optional<ErrorDetails> details = GetErrorDetails(status);
  Error error(status.code(), details.has_value() ? details->reason : "BAD_NETWORK", status.message());
  error.Field(field);
  if (details.has_value()) {
    for (const auto& [key, value] : details->metadata) error.With(key, value);
  }
  return error;
}

// The same error with the position of the layer in its field.
absl::Status AtIndex(const absl::Status& status, int index) {
  if (status.ok()) return status;
  const std::optional<ErrorDetails> details = GetErrorDetails(status);
  absl::string_view field = details.has_value() ? absl::string_view(details->field) : absl::string_view();
  const std::string layer = absl::StrCat("network.layers[", index, "]");
  // What the builder finds wrong is about the layer as a whole.
  if (!absl::ConsumePrefix(&field, "network.layers.")) return WithField(status, layer);
  return WithField(status, absl::StrCat(layer, ".", field));
}

// Reads the parameters of one layer. `input` is the shape of its first activation.
class ParameterReader {
 public:
  ParameterReader(const v1::Layer& layer, absl::string_view name, const Shape& input)
      : layer_(layer), name_(name), input_(input) {}

  absl::StatusOr<LayerAttributes> Read(LayerType type) const {
    switch (type) {
      case LayerType::kConv:
      case LayerType::kDepthwiseConv:
      case LayerType::kConvTranspose:
        return Conv(type);
      case LayerType::kMaxPool:
      case LayerType::kAveragePool:
        return Pool();
      case LayerType::kLpPool:
        if (!layer_.has_pool()) return LayerAttributes();
        return Pool();
      case LayerType::kFullyConnected: {
        if (!layer_.has_fully_connected()) return Missing("fully_connected");
        if (input_.empty()) return BadLayer(name_, "inputs", "its input is a scalar; it needs features").ToStatus();
        return FullyConnectedAttributes{input_.back(), layer_.fully_connected().output_features(),
                                        layer_.fully_connected().bias()};
      }
      case LayerType::kMatMul:
        return MatMulAttributes{layer_.mat_mul().transpose_a(), layer_.mat_mul().transpose_b()};
      case LayerType::kReduce:
      case LayerType::kArgReduce:
        return Reduce(type);
      case LayerType::kConcat:
        return Axis(1);
      case LayerType::kGather:
        if (layer_.has_output_shape()) return OutputShape();
        return Axis(0);
      case LayerType::kSoftmax:
      case LayerType::kLayerNorm:
      case LayerType::kLpNorm:
        return Axis(-1);
      case LayerType::kSplit: {
        if (!layer_.has_split()) return Missing("split");
        LATIMER_ASSIGN_OR_RETURN(const int64_t axis, Normal(layer_.split().axis(), "split.axis"));
        return SplitAttributes{axis, ToList<Shape>(layer_.split().sizes())};
      }
      case LayerType::kSlice:
        return Slice();
      case LayerType::kPad:
        if (!layer_.has_pad()) return Missing("pad");
        return PadAttributes{ToList<Shape>(layer_.pad().begin()), ToList<Shape>(layer_.pad().end())};
      case LayerType::kTranspose: {
        TransposeAttributes transpose{ToList<Shape>(layer_.transpose().permutation())};
        if (transpose.permutation.empty()) {
          for (size_t i = input_.size(); i-- > 0;) transpose.permutation.push_back(static_cast<int64_t>(i));
        }
        return transpose;
      }
      case LayerType::kReshape:
      case LayerType::kResize:
      case LayerType::kExpand:
      case LayerType::kDepthToSpace:
        if (!layer_.has_output_shape()) return Missing("output_shape");
        return OutputShape();
      default:
        if (layer_.has_output_shape()) return OutputShape();
        return LayerAttributes();
    }
  }

 private:
  absl::Status Missing(absl::string_view field) const {
    return BadLayer(name_, field, absl::StrCat("its parameters '", field, "' are missing"));
  }

  absl::StatusOr<int64_t> Normal(int64_t axis, absl::string_view field) const {
    absl::StatusOr<int64_t> normal = NormalizeAxis(axis, static_cast<int64_t>(input_.size()));
    if (!normal.ok()) return BadLayer(name_, field, normal.status().message()).ToStatus();
    return normal;
  }

  absl::StatusOr<LayerAttributes> OutputShape() const {
    return OutputShapeAttributes{ToList<Shape>(layer_.output_shape().shape().dims())};
  }

  absl::StatusOr<LayerAttributes> Axis(int64_t default_axis) const {
    LATIMER_ASSIGN_OR_RETURN(const int64_t axis,
                             Normal(layer_.has_axis() ? layer_.axis().axis() : default_axis, "axis.axis"));
    return AxisAttributes{axis};
  }

  absl::StatusOr<LayerAttributes> Conv(LayerType type) const {
    if (!layer_.has_conv()) return Missing("conv");
    const v1::ConvParameters& from = layer_.conv();
    const auto rank = static_cast<size_t>(from.kernel_size());
    if (input_.size() != rank + 2 || rank == 0) {
      return BadLayer(name_, "conv.kernel",
                      absl::StrCat("a kernel of ", rank, " dimensions does not fit the input ", ShapeToString(input_)))
          .ToStatus();
    }
    ConvAttributes conv;
    conv.kernel = ToList<SpatialDims>(from.kernel());
    conv.stride = OrDefault(from.stride(), rank, 1);
    conv.dilation = OrDefault(from.dilation(), rank, 1);
    conv.pad_begin = OrDefault(from.pad_begin(), rank, 0);
    conv.pad_end = from.pad_end().empty() ? conv.pad_begin : ToList<SpatialDims>(from.pad_end());
    conv.output_padding = OrDefault(from.output_padding(), rank, 0);
    const bool depthwise = type == LayerType::kDepthwiseConv;
    conv.groups = from.groups() != 0 ? from.groups() : depthwise ? input_[1] : 1;
    conv.output_channels = from.output_channels() != 0 || !depthwise ? from.output_channels() : input_[1];
    conv.bias = from.bias();
    return conv;
  }

  absl::StatusOr<LayerAttributes> Pool() const {
    if (!layer_.has_pool()) return Missing("pool");
    const v1::PoolParameters& from = layer_.pool();
    const auto rank = static_cast<size_t>(from.kernel_size());
    PoolAttributes pool;
    pool.kernel = ToList<SpatialDims>(from.kernel());
    pool.stride = OrDefault(from.stride(), rank, 1);
    pool.dilation = OrDefault(from.dilation(), rank, 1);
    pool.pad_begin = OrDefault(from.pad_begin(), rank, 0);
    pool.pad_end = from.pad_end().empty() ? pool.pad_begin : ToList<SpatialDims>(from.pad_end());
    pool.ceil_mode = from.ceil_mode();
    return pool;
  }

  absl::StatusOr<LayerAttributes> Reduce(LayerType type) const {
    ReduceAttributes reduce;
    reduce.keep_dims = layer_.reduce().keep_dims();
    for (int64_t axis : layer_.reduce().axes()) {
      LATIMER_ASSIGN_OR_RETURN(const int64_t normal, Normal(axis, "reduce.axes"));
      reduce.axes.push_back(normal);
    }
    for (size_t i = 0; layer_.reduce().axes().empty() && i < input_.size(); ++i) {
      reduce.axes.push_back(static_cast<int64_t>(i));
    }
    if (type == LayerType::kArgReduce && reduce.axes.size() != 1) {
      return BadLayer(name_, "reduce.axes", "ARG_REDUCE works along exactly one axis").ToStatus();
    }
    std::sort(reduce.axes.begin(), reduce.axes.end());
    return reduce;
  }

  absl::StatusOr<LayerAttributes> Slice() const {
    if (!layer_.has_slice()) return Missing("slice");
    SliceAttributes slice;
    for (int64_t axis : layer_.slice().axes()) {
      LATIMER_ASSIGN_OR_RETURN(const int64_t normal, Normal(axis, "slice.axes"));
      slice.axes.push_back(normal);
    }
    slice.starts = ToList<Shape>(layer_.slice().starts());
    slice.ends = ToList<Shape>(layer_.slice().ends());
    slice.steps = layer_.slice().steps().empty() ? Shape(slice.axes.size(), 1) : ToList<Shape>(layer_.slice().steps());
    return slice;
  }

  const v1::Layer& layer_;
  const absl::string_view name_;
  const Shape& input_;
};

absl::Status AddInputs(const v1::Network& message, const ImportOptions& options, NetworkBuilder& builder) {
  std::vector<DeclaredInput> declared;
  declared.reserve(static_cast<size_t>(message.inputs_size()));
  for (int i = 0; i < message.inputs_size(); ++i) {
    const v1::NetworkInput& input = message.inputs(i);
    DeclaredInput& entry = declared.emplace_back();
    entry.name = input.name();
    entry.rank_known = input.has_shape();
    for (int64_t dim : input.shape().dims()) {
      if (dim < 1) {
        return InvalidArgument("BAD_DIMENSION", absl::StrCat("input '", input.name(), "' has the dimension ", dim,
                                                             "; dimensions are at least 1"))
            .Field(absl::StrCat("network.inputs[", i, "].shape"))
            .With("input", input.name());
      }
      entry.dims.push_back({dim, {}});
    }
    if (!v1::DataType_IsValid(input.data_type())) {
      return InvalidArgument("UNKNOWN_DATA_TYPE", absl::StrCat("input '", input.name(), "' has the unknown data type ",
                                                               static_cast<int>(input.data_type())))
          .Field(absl::StrCat("network.inputs[", i, "].data_type"))
          .With("input", input.name());
    }
  }
  LATIMER_ASSIGN_OR_RETURN(const std::vector<Shape> shapes, ResolveInputShapes(declared, options));
  for (int i = 0; i < message.inputs_size(); ++i) {
    const auto type = static_cast<DataType>(message.inputs(i).data_type());
    const absl::StatusOr<TensorId> id =
        builder.AddInput(message.inputs(i).name(), shapes[static_cast<size_t>(i)], type);
    if (!id.ok()) return WithField(id.status(), absl::StrCat("network.inputs[", i, "]"));
  }
  return absl::OkStatus();
}

// The element type of the outputs where it is not that of the first input; the message does not say it.
DataType OutputType(const LayerSpec& spec, const Network& network) {
  switch (spec.type) {
    case LayerType::kArgReduce:
      return DataType::kInt64;
    case LayerType::kCompare:
      return DataType::kBool;
    case LayerType::kWhere:  // the condition comes first
      return network.tensors[spec.operands.back().tensor].type;
    case LayerType::kQuantize:
      return DataType::kInt8;
    case LayerType::kDequantize:
      return DataType::kFloat32;
    case LayerType::kGather: {
      // Indices into a constant table: an embedding.
      const bool indices = spec.operands.size() == 1 && !IsFloatingPoint(network.tensors[spec.operands[0].tensor].type);
      return indices && !spec.weights.empty() ? DataType::kFloat32 : DataType::kUnspecified;
    }
    default:
      return DataType::kUnspecified;
  }
}

// The constant part of a concatenation: as long along the axis as its number of elements makes it.
absl::Status AddConstantPart(const v1::Layer& layer, absl::string_view name, NetworkBuilder& builder, LayerSpec& spec) {
  Shape shape = builder.network().tensors[spec.operands[0].tensor].shape;
  int64_t& length = shape[static_cast<size_t>(std::get<AxisAttributes>(spec.attributes).axis)];
  const int64_t slice = NumElements(shape) / length;
  if (layer.constant_elements() % slice != 0) {
    return BadLayer(name, "constant_elements",
                    absl::StrCat("a constant of ", layer.constant_elements(),
                                 " elements has no place beside slices of ", slice, " elements"));
  }
  length = layer.constant_elements() / slice;
  LATIMER_ASSIGN_OR_RETURN(const ConstantId id,
                           builder.AddConstant(absl::StrCat(name, ".constant"), shape, DataType::kFloat32));
  spec.operands.push_back(Operand::Fixed(id));
  return absl::OkStatus();
}

absl::Status AddLayer(const v1::Layer& layer, int index, NetworkBuilder& builder) {
  const std::string default_name = layer.name().empty() ? absl::StrCat("layer", index) : std::string();
  const absl::string_view name = layer.name().empty() ? absl::string_view(default_name) : layer.name();
  LayerSpec spec;
  spec.name = name;
  if (!v1::LayerType_IsValid(layer.type()) || layer.type() == v1::LAYER_TYPE_UNSPECIFIED) {
    return BadLayer(name, "type", absl::StrCat("it has no known layer type (", static_cast<int>(layer.type()), ")"));
  }
  spec.type = static_cast<LayerType>(layer.type());
  for (const std::string& input : layer.inputs()) {
    const TensorId id = builder.FindTensor(input);
    if (id == kNone) {
      return BadLayer(name, "inputs",
                      absl::StrCat("it reads '", input,
                                   "', which is no network input and no output of "
                                   "an earlier layer"))
          .With("value", input);
    }
    spec.operands.push_back(Operand::Activation(id));
  }
  if (layer.inputs().empty() && spec.type != LayerType::kUnknown) {
    return BadLayer(name, "inputs", "it has no inputs");
  }
  // Copied: the builder's tensors move when it grows.
  const Shape input = layer.inputs().empty() ? Shape() : builder.network().tensors[spec.operands[0].tensor].shape;
  LATIMER_ASSIGN_OR_RETURN(spec.attributes, ParameterReader(layer, name, input).Read(spec.type));
  if (layer.constant_elements() < 0) {
    return BadLayer(name, "constant_elements", "constant_elements is negative");
  }
  if (layer.constant_elements() > 0 && spec.type == LayerType::kConcat) {
    LATIMER_RETURN_IF_ERROR(AddConstantPart(layer, name, builder, spec));
  } else if (layer.constant_elements() > 0 && !IsConvolution(spec.type) && spec.type != LayerType::kFullyConnected) {
    LATIMER_ASSIGN_OR_RETURN(const ConstantId id, builder.AddConstant(absl::StrCat(name, ".constant"),
                                                                      {layer.constant_elements()}, DataType::kFloat32));
    spec.weights.push_back(id);
  }
  if (layer.output_shape().further_shapes_size() > 0) {
    if (spec.type != LayerType::kUnknown || !layer.output_shape().has_shape()) {
      return BadLayer(name, "output_shape.further_shapes",
                      "only an UNKNOWN layer whose first output's shape is given has further ones");
    }
    spec.declared_output_shapes.push_back(ToList<Shape>(layer.output_shape().shape().dims()));
    for (const v1::Shape& shape : layer.output_shape().further_shapes()) {
      spec.declared_output_shapes.push_back(ToList<Shape>(shape.dims()));
    }
  }
  spec.output_type = OutputType(spec, builder.network());
  LATIMER_RETURN_IF_ERROR(builder.AddLayer(spec).status());
  if (spec.type == LayerType::kUnknown) {
    builder.AddWarning(ImportWarning::Code::kUnknownOperator,
                       "what UNKNOWN layers compute is not known; they are estimated from the bytes they move", name);
  }
  return absl::OkStatus();
}

// Whether the inferred output of an element-wise layer differs from what its activations alone broadcast to.
bool NeedsOutputShape(const Network& network, const Layer& layer) {
  if (layer.inputs.empty()) return true;
  Shape shape = network.InputShape(layer, 0);
  for (TensorId id : layer.inputs) {
    absl::StatusOr<Shape> wider = BroadcastShapes(shape, network.tensors[id].shape);
    if (!wider.ok()) return true;
    shape = *std::move(wider);
  }
  return shape != network.OutputShape(layer);
}

void WriteOutputShape(const Shape& shape, v1::Layer* to) {
  ShapeToProto(shape, to->mutable_output_shape()->mutable_shape());
}

void WriteAttributes(const Network& network, const Layer& layer, v1::Layer* to) {
  if (const auto* conv = std::get_if<ConvAttributes>(&layer.attributes)) {
    v1::ConvParameters* out = to->mutable_conv();
    ToDims(conv->kernel, out->mutable_kernel());
    ToDims(conv->stride, out->mutable_stride());
    ToDims(conv->dilation, out->mutable_dilation());
    ToDims(conv->pad_begin, out->mutable_pad_begin());
    ToDims(conv->pad_end, out->mutable_pad_end());
    if (layer.type == LayerType::kConvTranspose) ToDims(conv->output_padding, out->mutable_output_padding());
    out->set_groups(conv->groups);
    out->set_output_channels(conv->output_channels);
    out->set_bias(conv->bias);
  } else if (const auto* pool = std::get_if<PoolAttributes>(&layer.attributes)) {
    v1::PoolParameters* out = to->mutable_pool();
    ToDims(pool->kernel, out->mutable_kernel());
    ToDims(pool->stride, out->mutable_stride());
    ToDims(pool->dilation, out->mutable_dilation());
    ToDims(pool->pad_begin, out->mutable_pad_begin());
    ToDims(pool->pad_end, out->mutable_pad_end());
    out->set_ceil_mode(pool->ceil_mode);
  } else if (const auto* product = std::get_if<FullyConnectedAttributes>(&layer.attributes)) {
    to->mutable_fully_connected()->set_output_features(product->output_features);
    to->mutable_fully_connected()->set_bias(product->bias);
  } else if (const auto* matrices = std::get_if<MatMulAttributes>(&layer.attributes)) {
    to->mutable_mat_mul()->set_transpose_a(matrices->transpose_a);
    to->mutable_mat_mul()->set_transpose_b(matrices->transpose_b);
  } else if (const auto* reduce = std::get_if<ReduceAttributes>(&layer.attributes)) {
    ToDims(reduce->axes, to->mutable_reduce()->mutable_axes());
    to->mutable_reduce()->set_keep_dims(reduce->keep_dims);
  } else if (const auto* axis = std::get_if<AxisAttributes>(&layer.attributes)) {
    // A table or indices that are constant cannot be written as inputs.
    if (layer.type == LayerType::kGather && layer.inputs.size() < 2) {
      WriteOutputShape(network.OutputShape(layer), to);
    } else {
      to->mutable_axis()->set_axis(axis->axis);
    }
  } else if (const auto* split = std::get_if<SplitAttributes>(&layer.attributes)) {
    to->mutable_split()->set_axis(split->axis);
    ToDims(split->sizes, to->mutable_split()->mutable_sizes());
  } else if (const auto* slice = std::get_if<SliceAttributes>(&layer.attributes)) {
    ToDims(slice->axes, to->mutable_slice()->mutable_axes());
    ToDims(slice->starts, to->mutable_slice()->mutable_starts());
    ToDims(slice->ends, to->mutable_slice()->mutable_ends());
    ToDims(slice->steps, to->mutable_slice()->mutable_steps());
  } else if (const auto* pad = std::get_if<PadAttributes>(&layer.attributes)) {
    ToDims(pad->begin, to->mutable_pad()->mutable_begin());
    ToDims(pad->end, to->mutable_pad()->mutable_end());
  } else if (const auto* transpose = std::get_if<TransposeAttributes>(&layer.attributes)) {
    ToDims(transpose->permutation, to->mutable_transpose()->mutable_permutation());
  } else if (std::holds_alternative<OutputShapeAttributes>(layer.attributes) || layer.type == LayerType::kUnknown) {
    WriteOutputShape(network.OutputShape(layer), to);
    for (size_t i = 1; i < layer.outputs.size() && layer.type == LayerType::kUnknown; ++i) {
      ToDims(network.tensors[layer.outputs[i]].shape, to->mutable_output_shape()->add_further_shapes()->mutable_dims());
    }
  } else if (IsElementwiseBroadcast(layer.type) && NeedsOutputShape(network, layer)) {
    WriteOutputShape(network.OutputShape(layer), to);
  }
}

}  // namespace

absl::StatusOr<Network> NetworkFromProto(const v1::Network& message, const ImportOptions& options) {
  if (message.layers_size() > options.limits.max_nodes) {
    return ResourceExhausted("TOO_MANY_NODES",
                             absl::StrCat("the network has ", message.layers_size(), " layers; at most ",
                                          options.limits.max_nodes, " are allowed"))
        .Field("network.layers");
  }
  if (message.inputs().empty()) {
    return InvalidArgument("NO_INPUTS", "the network has no inputs").Field("network.inputs");
  }
  NetworkBuilder builder(options.limits);
  builder.Reserve(static_cast<size_t>(message.layers_size()));
  LATIMER_RETURN_IF_ERROR(AddInputs(message, options, builder));
  Network& network = builder.mutable_network();
  for (int i = 0; i < message.layers_size(); ++i) {
    const v1::Layer& layer = message.layers(i);
    if (layer.inputs_size() > options.limits.max_inputs_per_node) {
      return ResourceExhausted("TOO_MANY_INPUTS", absl::StrCat("layer '", layer.name(), "' has more than ",
                                                               options.limits.max_inputs_per_node, " inputs"))
          .Field(absl::StrCat("network.layers[", i, "].inputs"));
    }
    if (layer.output_shape().further_shapes_size() >= options.limits.max_inputs_per_node) {
      return ResourceExhausted("TOO_MANY_OUTPUTS", absl::StrCat("layer '", layer.name(), "' has more than ",
                                                                options.limits.max_inputs_per_node, " outputs"))
          .Field(absl::StrCat("network.layers[", i, "].output_shape.further_shapes"));
    }
    LATIMER_RETURN_IF_ERROR(AtIndex(AddLayer(layer, i, builder), i));
  }
  network.name = options.display_name.empty() ? message.name() : options.display_name;
  network.source_node_count = message.layers_size();
  for (const Constant& constant : network.constants) {
    const int64_t elements = NumElements(constant.shape);
    if (elements > 1) network.source_params += elements;
  }
  std::vector<absl::string_view> outputs(message.outputs().begin(), message.outputs().end());
  absl::StatusOr<Network> finished = std::move(builder).Finish(outputs);
  if (!finished.ok()) return WithField(finished.status(), outputs.empty() ? "network.layers" : "network.outputs");
  return finished;
}

v1::Network NetworkToProto(const Network& network) {
  v1::Network message;
  message.set_name(network.name);
  // A layer gives its name to its first output, so layers and inputs share one set of names.
  absl::flat_hash_set<std::string> used;
  std::vector<std::string> names(network.tensors.size());
  for (TensorId id : network.inputs) {
    const Tensor& tensor = network.tensors[id];
    v1::NetworkInput* input = message.add_inputs();
    names[id] = std::string(tensor.name);
    used.insert(names[id]);
    input->set_name(names[id]);
    ShapeToProto(tensor.shape, input->mutable_shape());
    input->set_data_type(static_cast<v1::DataType>(tensor.type));
  }
  for (const Layer& layer : network.layers) {
    v1::Layer* out = message.add_layers();
    std::string name(layer.name);
    auto taken = [&] {
      bool any = used.contains(name);
      for (size_t i = 1; i < layer.outputs.size(); ++i) any = any || used.contains(absl::StrCat(name, ":", i));
      return any;
    };
    for (int i = 2; taken(); ++i) name = absl::StrCat(layer.name, "#", i);
    used.insert(name);
    out->set_name(name);
    out->set_type(static_cast<v1::LayerType>(layer.type));
    for (TensorId id : layer.inputs) out->add_inputs(names[id]);
    for (size_t i = 0; i < layer.outputs.size(); ++i) {
      names[layer.outputs[i]] = i == 0 ? name : absl::StrCat(name, ":", i);
      if (i > 0) used.insert(names[layer.outputs[i]]);
    }
    WriteAttributes(network, layer, out);
    if (!IsConvolution(layer.type) && layer.type != LayerType::kFullyConnected) {
      out->set_constant_elements(ConstantElements(network, layer));
    }
    if (layer.type == LayerType::kMatMul && layer.inputs.size() == 1) {
      // A product with a batch of constant matrices, written as the same work with one.
      out->set_type(v1::LAYER_TYPE_FULLY_CONNECTED);
      out->mutable_fully_connected()->set_output_features(network.OutputShape(layer).back());
      out->set_constant_elements(0);
    }
  }
  for (TensorId id : network.outputs) message.add_outputs(names[id]);
  return message;
}

void ShapeToProto(const Shape& shape, v1::Shape* message) { ToDims(shape, message->mutable_dims()); }

}  // namespace latimer
