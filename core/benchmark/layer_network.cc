#include "core/benchmark/layer_network.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/network/network_builder.h"

namespace latimer::benchmark {
namespace {

// Constants beside the operands that the builder does not imply.
absl::Status AddParameters(NetworkBuilder& builder, absl::string_view name, const Shape& input, const ChainLink& link,
                           LayerSpec& spec) {
  auto add = [&](const char* what, const Shape& shape) -> absl::Status {
    LATIMER_ASSIGN_OR_RETURN(ConstantId id,
                             builder.AddConstant(absl::StrCat(name, ".", what), shape, DataType::kFloat32));
    spec.weights.push_back(id);
    return absl::OkStatus();
  };
  switch (link.type) {
    case LayerType::kBatchNorm:
      for (const char* what : {"scale", "bias", "mean", "variance"}) LATIMER_RETURN_IF_ERROR(add(what, {input[1]}));
      break;
    case LayerType::kInstanceNorm:
      for (const char* what : {"scale", "bias"}) LATIMER_RETURN_IF_ERROR(add(what, {input[1]}));
      break;
    case LayerType::kLayerNorm: {
      const auto axis = static_cast<size_t>(std::get<AxisAttributes>(link.attributes).axis);
      const Shape shape(input.begin() + static_cast<std::ptrdiff_t>(axis), input.end());
      for (const char* what : {"scale", "bias"}) LATIMER_RETURN_IF_ERROR(add(what, shape));
      break;
    }
    case LayerType::kPRelu: {
      Shape slope(input.size() - 1, 1);
      slope[0] = input.size() > 1 ? input[1] : 1;
      LATIMER_RETURN_IF_ERROR(add("slope", slope));
      break;
    }
    default:
      break;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Network> LayerNetwork(LayerType type, const LayerAttributes& attributes,
                                     absl::Span<const Shape> inputs) {
  return ChainNetwork(inputs, {ChainLink{type, attributes}});
}

absl::StatusOr<Network> ChainNetwork(absl::Span<const Shape> inputs, absl::Span<const ChainLink> links) {
  NetworkBuilder builder;
  absl::InlinedVector<Operand, 3> operands;
  for (size_t i = 0; i < inputs.size(); ++i) {
    LATIMER_ASSIGN_OR_RETURN(TensorId id, builder.AddInput(absl::StrCat("x", i), inputs[i], DataType::kFloat32));
    operands.push_back(Operand::Activation(id));
  }
  for (size_t i = 0; i < links.size(); ++i) {
    const ChainLink& link = links[i];
    const std::string name = absl::StrCat("subject", i);
    LayerSpec spec;
    spec.name = name;
    spec.type = link.type;
    spec.attributes = link.attributes;
    if (i > 0) {
      const TensorId last = builder.network().layers.back().outputs[0];
      operands.clear();
      operands.push_back(Operand::Activation(last));
      if (IsElementwiseBroadcast(link.type)) {
        const Shape shape = builder.network().tensors[last].shape;
        LATIMER_ASSIGN_OR_RETURN(TensorId id, builder.AddInput(absl::StrCat("y", i), shape, DataType::kFloat32));
        operands.push_back(Operand::Activation(id));
      }
    }
    spec.operands = operands;
    const Shape input = builder.network().tensors[operands[0].tensor].shape;
    LATIMER_RETURN_IF_ERROR(AddParameters(builder, name, input, link, spec));
    LATIMER_RETURN_IF_ERROR(builder.AddLayer(spec).status());
  }
  return std::move(builder).Finish({});
}

ConvAttributes SameConv(SpatialDims kernel, SpatialDims stride, int64_t output_channels, int64_t groups,
                        SpatialDims dilation) {
  ConvAttributes conv;
  conv.dilation = dilation.empty() ? SpatialDims(kernel.size(), 1) : std::move(dilation);
  for (size_t i = 0; i < kernel.size(); ++i) {
    const int64_t extent = (kernel[i] - 1) * conv.dilation[i];
    conv.pad_begin.push_back(extent / 2);
    conv.pad_end.push_back(extent - extent / 2);
  }
  conv.output_padding = SpatialDims(kernel.size(), 0);
  conv.kernel = std::move(kernel);
  conv.stride = std::move(stride);
  conv.groups = groups;
  conv.output_channels = output_channels;
  conv.bias = true;
  return conv;
}

PoolAttributes SamePool(SpatialDims kernel, SpatialDims stride) {
  PoolAttributes pool;
  for (int64_t size : kernel) {
    pool.pad_begin.push_back((size - 1) / 2);
    pool.pad_end.push_back((size - 1) / 2);
  }
  pool.dilation = SpatialDims(kernel.size(), 1);
  pool.kernel = std::move(kernel);
  pool.stride = std::move(stride);
  return pool;
}

}  // namespace latimer::benchmark
