#include "core/mapping/features.h"

#include <algorithm>

namespace latimer {
namespace {

int64_t Product(const SpatialDims& dims) {
  int64_t product = 1;
  for (int64_t dim : dims) product *= dim;
  return product;
}

// Spatial sizes from the end of an N x C x spatial shape into (d, h, w); 1-D layers have only a width.
void SetSpatial(const Shape& shape, int64_t& d, int64_t& h, int64_t& w) {
  const size_t rank = shape.size();
  if (rank >= 3) w = shape[rank - 1];
  if (rank >= 4) h = shape[rank - 2];
  if (rank >= 5) d = shape[rank - 3];
}

void SetSpatial(const SpatialDims& dims, int64_t& d, int64_t& h, int64_t& w) {
  const size_t rank = dims.size();
  if (rank >= 1) w = dims[rank - 1];
  if (rank >= 2) h = dims[rank - 2];
  if (rank >= 3) d = dims[rank - 3];
}

void DescribePrimary(const Network& network, const Layer& layer, UnitFeatures& f) {
  f.type = layer.type;
  const Shape scalar;
  const Shape& in = layer.inputs.empty() ? scalar : network.InputShape(layer, 0);
  const Shape& out = layer.outputs.empty() ? scalar : network.OutputShape(layer);
  if (layer.type == LayerType::kFullyConnected) {
    const auto& product = std::get<FullyConnectedAttributes>(layer.attributes);
    f.c_in = product.input_features;
    f.c_out = product.output_features;
    f.batch = NumElements(out) / product.output_features;
    return;
  }
  if (layer.type == LayerType::kMatMul) {
    // Rows x inner by inner x columns, once for each of the leading dimensions.
    const auto& product = std::get<MatMulAttributes>(layer.attributes);
    f.c_in = std::max<int64_t>(1, product.inner_size);
    f.c_out = out.empty() ? 1 : out.back();
    f.out_w = out.size() >= 2 ? out[out.size() - 2] : 1;
    f.in_w = f.out_w;
    f.batch = NumElements(out) / std::max<int64_t>(1, f.c_out * f.out_w);
    return;
  }
  if (!out.empty()) f.batch = out[0];
  if (in.size() >= 2) f.c_in = in[1];
  if (out.size() >= 2) f.c_out = out[1];
  SetSpatial(in, f.in_d, f.in_h, f.in_w);
  SetSpatial(out, f.out_d, f.out_h, f.out_w);
  if (const auto* conv = std::get_if<ConvAttributes>(&layer.attributes)) {
    f.groups = conv->groups;
    f.c_in /= conv->groups;
    SetSpatial(conv->kernel, f.kernel_d, f.kernel_h, f.kernel_w);
    SetSpatial(conv->stride, f.stride_d, f.stride_h, f.stride_w);
    int64_t depth = 1;
    SetSpatial(conv->dilation, depth, f.dilation_h, f.dilation_w);
  } else if (const auto* pool = std::get_if<PoolAttributes>(&layer.attributes)) {
    SetSpatial(pool->kernel, f.kernel_d, f.kernel_h, f.kernel_w);
    SetSpatial(pool->stride, f.stride_d, f.stride_h, f.stride_w);
  } else if (IsPooling(layer.type)) {
    f.kernel_d = f.in_d;
    f.kernel_h = f.in_h;
    f.kernel_w = f.in_w;
  }
}

double TensorBytes(const Tensor& tensor, int bits) {
  const int width = IsFloatingPoint(tensor.type) ? bits : BitWidth(tensor.type);
  return static_cast<double>(NumElements(tensor.shape)) * width / 8;
}

}  // namespace

double Operations(const Network& network, const Layer& layer) {
  const int64_t macs = Macs(network, layer);
  if (macs > 0) return 2.0 * static_cast<double>(macs);
  if (layer.outputs.empty() || layer.inputs.empty()) return 0;
  const double outputs = static_cast<double>(NumElements(network.OutputShape(layer)));
  const double inputs = static_cast<double>(NumElements(network.InputShape(layer, 0)));
  if (const auto* pool = std::get_if<PoolAttributes>(&layer.attributes)) {
    return outputs * static_cast<double>(Product(pool->kernel)) * 2;
  }
  if (IsPooling(layer.type)) return inputs * 2;
  switch (layer.type) {
    case LayerType::kReduce:
    case LayerType::kArgReduce:
      return inputs;
    case LayerType::kConcat:
    case LayerType::kSplit:
    case LayerType::kSlice:
    case LayerType::kPad:
    case LayerType::kTranspose:
    case LayerType::kGather:
    case LayerType::kExpand:
    case LayerType::kDepthToSpace:
    case LayerType::kReshape:
    case LayerType::kCast:
    case LayerType::kUnknown:
      return 0;
    default:
      return outputs;
  }
}

UnitFeatures ComputeFeatures(const Network& network, absl::Span<const LayerId> layers, int activation_bits,
                             int weight_bits) {
  UnitFeatures f;
  DescribePrimary(network, network.layers[layers[0]], f);
  auto inside = [&](LayerId id) { return std::find(layers.begin(), layers.end(), id) != layers.end(); };
  absl::InlinedVector<TensorId, 8> read;
  for (LayerId id : layers) {
    const Layer& layer = network.layers[id];
    f.operations += Operations(network, layer);
    for (TensorId input : layer.inputs) {
      const LayerId producer = network.tensors[input].producer;
      if (producer != kNone && layers.size() > 1 && inside(producer)) continue;
      if (std::find(read.begin(), read.end(), input) != read.end()) continue;  // read once
      read.push_back(input);
      f.input_bytes += TensorBytes(network.tensors[input], activation_bits);
    }
    for (ConstantId id_of_constant : layer.constants) {
      const Constant& constant = network.constants[id_of_constant];
      const int width = IsFloatingPoint(constant.type) ? weight_bits : BitWidth(constant.type);
      double elements = static_cast<double>(NumElements(constant.shape));
      // Of a table only the rows that are looked up are read.
      if (layer.type == LayerType::kGather) {
        elements = std::min(elements, static_cast<double>(NumElements(network.OutputShape(layer))));
      }
      f.weight_bytes += elements * width / 8;
    }
  }
  const Layer& last = network.layers[layers.back()];
  for (TensorId output : last.outputs) f.output_bytes += TensorBytes(network.tensors[output], activation_bits);
  f.num_inputs = std::max<int64_t>(1, static_cast<int64_t>(read.size()));
  return f;
}

double TransferBytes(const Network& network, int activation_bits) {
  double bytes = 0;
  for (const auto* tensors : {&network.inputs, &network.outputs}) {
    for (TensorId tensor : *tensors) bytes += TensorBytes(network.tensors[tensor], activation_bits);
  }
  return bytes;
}

}  // namespace latimer
