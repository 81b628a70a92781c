#include "core/benchmark/network_stack.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/benchmark/layer_network.h"

namespace latimer::benchmark {

NetworkStack::NetworkStack(const Shape& input) { tip = Input(input); }

TensorId NetworkStack::Input(const Shape& shape) {
  if (!status_.ok()) return tip;
  absl::StatusOr<TensorId> id = builder_.AddInput(absl::StrCat("x", next_++), shape, DataType::kFloat32);
  if (!id.ok()) {
    status_ = id.status();
    return tip;
  }
  return *id;
}

const Shape& NetworkStack::ShapeOf(TensorId tensor) const {
  static const Shape& kNothing = *new Shape();
  return tensor == kNone ? kNothing : builder_.network().tensors[tensor].shape;
}

absl::InlinedVector<ConstantId, 2> NetworkStack::Parameters(int count, const Shape& shape) {
  absl::InlinedVector<ConstantId, 2> ids;
  for (int i = 0; i < count && status_.ok(); ++i) {
    absl::StatusOr<ConstantId> id =
        builder_.AddConstant(absl::StrCat("layer", next_, ".parameter", i), shape, DataType::kFloat32);
    status_ = id.status();
    if (id.ok()) ids.push_back(*id);
  }
  return ids;
}

TensorId NetworkStack::Append(LayerType type, const LayerAttributes& attributes,
                              absl::InlinedVector<TensorId, 4> inputs) {
  if (!status_.ok()) return tip;
  LayerSpec spec;
  for (TensorId id : inputs) spec.operands.push_back(Operand::Activation(id));
  if (type == LayerType::kBatchNorm) spec.weights = Parameters(4, {ShapeOf(inputs[0])[1]});
  if (type == LayerType::kInstanceNorm) spec.weights = Parameters(2, {ShapeOf(inputs[0])[1]});
  if (type == LayerType::kLayerNorm) spec.weights = Parameters(2, {ShapeOf(inputs[0]).back()});
  spec.type = type;
  spec.attributes = attributes;
  return AppendLayer(std::move(spec));
}

TensorId NetworkStack::AppendLayer(LayerSpec spec) {
  const std::string name = absl::StrCat("layer", next_++);
  spec.name = name;
  absl::StatusOr<LayerId> id = status_.ok() ? builder_.AddLayer(spec) : status_;
  if (!id.ok()) {
    status_ = id.status();
    return tip;
  }
  tip = builder_.network().layers[*id].outputs[0];
  return tip;
}

TensorId NetworkStack::Conv(const ConvSpec& spec) {
  const int64_t kernel_w = spec.kernel_w == 0 ? spec.kernel : spec.kernel_w;
  // Dilation acts on the sides longer than one.
  const SpatialDims dilation{spec.kernel > 1 ? spec.dilation : 1, kernel_w > 1 ? spec.dilation : 1};
  Append(LayerType::kConv,
         SameConv({spec.kernel, kernel_w}, {spec.stride, spec.stride}, spec.channels, spec.groups, dilation), {tip});
  return Activate(spec.activation);
}

TensorId NetworkStack::Patches(int64_t side, int64_t channels) {
  ConvAttributes conv;
  conv.kernel = conv.stride = {side, side};
  conv.dilation = {1, 1};
  conv.pad_begin = conv.pad_end = conv.output_padding = {0, 0};
  conv.bias = true;
  conv.output_channels = channels;
  return Append(LayerType::kConv, conv, {tip});
}

TensorId NetworkStack::Depthwise(int64_t kernel, int64_t stride, LayerType activation, int64_t dilation) {
  const int64_t count = channels();
  Append(LayerType::kDepthwiseConv, SameConv({kernel, kernel}, {stride, stride}, count, count, {dilation, dilation}),
         {tip});
  return Activate(activation);
}

TensorId NetworkStack::ConvTranspose(int64_t kernel, int64_t stride, int64_t channels) {
  ConvAttributes conv = SameConv({kernel, kernel}, {stride, stride}, channels);
  const int64_t pad = (kernel - stride) / 2;
  conv.pad_begin = {pad, pad};
  conv.pad_end = {pad, pad};
  return Append(LayerType::kConvTranspose, conv, {tip});
}

TensorId NetworkStack::Activate(LayerType type) {
  return type == LayerType::kUnspecified ? tip : Append(type, {}, {tip});
}

TensorId NetworkStack::WithConstant(LayerType type, const Shape& constant) {
  const absl::InlinedVector<ConstantId, 2> ids = Parameters(1, constant);
  if (ids.empty()) return tip;
  LayerSpec spec;
  spec.type = type;
  spec.operands = {Operand::Activation(tip), Operand::Fixed(ids[0])};
  return AppendLayer(std::move(spec));
}

TensorId NetworkStack::BatchNorm() { return Append(LayerType::kBatchNorm, {}, {tip}); }

TensorId NetworkStack::LayerNorm() {
  return Append(LayerType::kLayerNorm, AxisAttributes{static_cast<int64_t>(shape().size()) - 1}, {tip});
}

TensorId NetworkStack::MaxPool(int64_t kernel, int64_t stride) {
  return Append(LayerType::kMaxPool, SamePool({kernel, kernel}, {stride, stride}), {tip});
}

TensorId NetworkStack::AveragePool(int64_t kernel, int64_t stride) {
  return Append(LayerType::kAveragePool, SamePool({kernel, kernel}, {stride, stride}), {tip});
}

TensorId NetworkStack::GlobalAveragePool() { return Append(LayerType::kGlobalAveragePool, {}, {tip}); }

TensorId NetworkStack::FullyConnected(int64_t outputs, LayerType activation) {
  if (!status_.ok()) return tip;
  Append(LayerType::kFullyConnected, FullyConnectedAttributes{shape().back(), outputs, true}, {tip});
  return Activate(activation);
}

TensorId NetworkStack::Reshape(const Shape& shape) {
  return Append(LayerType::kReshape, OutputShapeAttributes{shape}, {tip});
}

TensorId NetworkStack::Transpose(const Shape& permutation) {
  return Append(LayerType::kTranspose, TransposeAttributes{permutation}, {tip});
}

TensorId NetworkStack::Softmax() {
  return Append(LayerType::kSoftmax, AxisAttributes{static_cast<int64_t>(shape().size()) - 1}, {tip});
}

TensorId NetworkStack::Resize(int64_t height, int64_t width) {
  if (!status_.ok()) return tip;
  return Append(LayerType::kResize, OutputShapeAttributes{Shape{shape()[0], shape()[1], height, width}}, {tip});
}

std::pair<TensorId, TensorId> NetworkStack::SplitChannels(int64_t size) {
  if (!status_.ok()) return {tip, tip};
  Append(LayerType::kSplit, SplitAttributes{1, {size, channels() - size}}, {tip});
  if (!status_.ok()) return {tip, tip};
  const Layer& split = builder_.network().layers.back();
  return {split.outputs[0], split.outputs[1]};
}

void NetworkStack::Classify(int64_t classes) {
  GlobalAveragePool();
  Reshape({1, channels()});
  FullyConnected(classes);
}

TensorId NetworkStack::Add(TensorId a, TensorId b) { return Append(LayerType::kAdd, {}, {a, b}); }
TensorId NetworkStack::Mul(TensorId a, TensorId b) { return Append(LayerType::kMul, {}, {a, b}); }
TensorId NetworkStack::MatMul(TensorId a, TensorId b) { return Append(LayerType::kMatMul, MatMulAttributes{}, {a, b}); }

TensorId NetworkStack::Concat(absl::InlinedVector<TensorId, 4> inputs, int64_t axis) {
  return Append(LayerType::kConcat, AxisAttributes{axis}, std::move(inputs));
}

absl::StatusOr<Network> NetworkStack::Finish(absl::string_view name) && {
  LATIMER_RETURN_IF_ERROR(status_);
  LATIMER_ASSIGN_OR_RETURN(Network network, std::move(builder_).Finish({}));
  network.name = std::string(name);
  return network;
}

}  // namespace latimer::benchmark
