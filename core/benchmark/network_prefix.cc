#include "core/benchmark/network_prefix.h"

#include <algorithm>
#include <vector>

namespace latimer::benchmark {

Network NetworkPrefix(const Network& network, size_t layers) {
  Network prefix;
  const auto own = [&](absl::string_view& name) { name = prefix.names.Add(name); };
  prefix.name = network.name;
  layers = std::clamp<size_t>(layers, 1, network.layers.size());
  std::vector<TensorId> tensor_of(network.tensors.size(), kNone);
  std::vector<ConstantId> constant_of(network.constants.size(), kNone);
  std::vector<char> is_read;
  auto keep = [&](TensorId id) {
    if (tensor_of[static_cast<size_t>(id)] == kNone) {
      tensor_of[static_cast<size_t>(id)] = static_cast<TensorId>(prefix.tensors.size());
      own(prefix.tensors.emplace_back(network.tensors[static_cast<size_t>(id)]).name);
      is_read.push_back(false);
    }
    return tensor_of[static_cast<size_t>(id)];
  };
  for (size_t i = 0; i < layers; ++i) {
    Layer& layer = prefix.layers.emplace_back(network.layers[i]);
    own(layer.name);
    own(layer.source_operator);
    for (absl::string_view& node : layer.nodes) own(node);
    for (TensorId& id : layer.inputs) {
      id = keep(id);
      is_read[static_cast<size_t>(id)] = true;
    }
    for (TensorId& id : layer.outputs) id = keep(id);
    for (ConstantId& id : layer.constants) {
      ConstantId& kept = constant_of[static_cast<size_t>(id)];
      if (kept == kNone) {
        kept = static_cast<ConstantId>(prefix.constants.size());
        own(prefix.constants.emplace_back(network.constants[static_cast<size_t>(id)]).name);
      }
      id = kept;
    }
  }
  for (size_t i = 0; i < prefix.tensors.size(); ++i) {
    const auto id = static_cast<TensorId>(i);
    if (prefix.tensors[i].producer == kNone) {
      prefix.inputs.push_back(id);
    } else if (!is_read[i]) {
      prefix.outputs.push_back(id);
    }
  }
  // What callers read inside the prefix stays an output.
  for (TensorId id : network.outputs) {
    const TensorId kept = tensor_of[static_cast<size_t>(id)];
    if (kept != kNone && is_read[static_cast<size_t>(kept)]) prefix.outputs.push_back(kept);
  }
  prefix.source_node_count = static_cast<int64_t>(layers);
  return prefix;
}

}  // namespace latimer::benchmark
