#include "core/network/network.h"

#include <algorithm>

namespace latimer {
namespace {

int64_t Product(const SpatialDims& dims) {
  int64_t product = 1;
  for (int64_t dim : dims) product *= dim;
  return product;
}

// Rounded up to whole bytes; elements / 8 first, so that it cannot overflow where the bytes fit.
int64_t ByteCount(int64_t elements, int bits) { return elements / 8 * bits + (elements % 8 * bits + 7) / 8; }

}  // namespace

int64_t Macs(const Network& network, const Layer& layer) {
  switch (layer.type) {
    case LayerType::kConv:
    case LayerType::kDepthwiseConv: {
      const auto& conv = std::get<ConvAttributes>(layer.attributes);
      return NumElements(network.OutputShape(layer)) * (network.InputShape(layer, 0)[1] / conv.groups) *
             Product(conv.kernel);
    }
    case LayerType::kConvTranspose: {
      const auto& conv = std::get<ConvAttributes>(layer.attributes);
      return NumElements(network.InputShape(layer, 0)) * (conv.output_channels / conv.groups) * Product(conv.kernel);
    }
    case LayerType::kFullyConnected: {
      const auto& attributes = std::get<FullyConnectedAttributes>(layer.attributes);
      return NumElements(network.OutputShape(layer)) * attributes.input_features;
    }
    case LayerType::kMatMul: {
      // Either operand may be a constant, so that the inner size cannot be read off the inputs.
      return NumElements(network.OutputShape(layer)) * std::get<MatMulAttributes>(layer.attributes).inner_size;
    }
    default:
      return 0;
  }
}

int64_t Macs(const Network& network) {
  int64_t sum = 0;
  for (const Layer& layer : network.layers) sum += Macs(network, layer);
  return sum;
}

int64_t ConstantElements(const Network& network, const Layer& layer) {
  int64_t sum = 0;
  for (ConstantId id : layer.constants) sum += NumElements(network.constants[id].shape);
  return sum;
}

std::vector<absl::InlinedVector<LayerId, 2>> Consumers(const Network& network) {
  std::vector<absl::InlinedVector<LayerId, 2>> consumers(network.tensors.size());
  for (LayerId id = 0; id < static_cast<LayerId>(network.layers.size()); ++id) {
    for (TensorId tensor : network.layers[id].inputs) {
      auto& readers = consumers[tensor];
      if (readers.empty() || readers.back() != id) readers.push_back(id);
    }
  }
  return consumers;
}

MemoryNeed ComputeMemory(const Network& network, int activation_bits, int weight_bits) {
  MemoryNeed need;
  std::vector<bool> counted(network.constants.size(), false);
  for (const Layer& layer : network.layers) {
    for (ConstantId id : layer.constants) {
      if (counted[id]) continue;
      counted[id] = true;
      const Constant& constant = network.constants[id];
      // Integer tables (indices) keep their width whatever the platform's precision is.
      const int bits = weight_bits > 0 && IsFloatingPoint(constant.type) ? weight_bits : BitWidth(constant.type);
      need.weight_bytes += ByteCount(NumElements(constant.shape), bits);
    }
  }

  // A reshape's output is its input under another name.
  std::vector<TensorId> root(network.tensors.size());
  for (TensorId id = 0; id < static_cast<TensorId>(root.size()); ++id) root[id] = id;
  for (const Layer& layer : network.layers) {
    if (layer.type == LayerType::kReshape && layer.inputs.size() == 1 && layer.outputs.size() == 1) {
      root[layer.outputs[0]] = root[layer.inputs[0]];
    }
  }
  const auto last_layer = static_cast<LayerId>(network.layers.size());
  std::vector<LayerId> last_use(network.tensors.size(), kNone);  // of roots; kNone: not read
  for (LayerId id = 0; id < last_layer; ++id) {
    for (TensorId tensor : network.layers[id].inputs) last_use[root[tensor]] = id;
    for (TensorId tensor : network.layers[id].outputs) last_use[root[tensor]] = id;
  }
  for (TensorId tensor : network.outputs) last_use[root[tensor]] = last_layer;

  auto bytes = [&](TensorId id) {
    const Tensor& tensor = network.tensors[id];
    const int bits = activation_bits > 0 && IsFloatingPoint(tensor.type) ? activation_bits : BitWidth(tensor.type);
    return ByteCount(NumElements(tensor.shape), bits);
  };
  int64_t alive = 0;
  std::vector<bool> live(network.tensors.size(), false);
  auto begin = [&](TensorId id) {
    if (live[id]) return;
    live[id] = true;
    alive += bytes(id);
  };
  auto end = [&](TensorId id) {
    if (!live[id]) return;
    live[id] = false;
    alive -= bytes(id);
  };
  for (TensorId tensor : network.inputs) begin(root[tensor]);
  need.peak_activation_bytes = alive;
  for (LayerId id = 0; id < last_layer; ++id) {
    const Layer& layer = network.layers[id];
    for (TensorId tensor : layer.outputs) begin(root[tensor]);
    need.peak_activation_bytes = std::max(need.peak_activation_bytes, alive);
    for (TensorId tensor : layer.inputs) {
      if (last_use[root[tensor]] <= id) end(root[tensor]);
    }
    for (TensorId tensor : layer.outputs) {
      if (last_use[root[tensor]] <= id) end(root[tensor]);
    }
  }
  return need;
}

}  // namespace latimer
