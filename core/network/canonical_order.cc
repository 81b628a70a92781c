#include "core/network/canonical_order.h"

#include <algorithm>
#include <cstdint>

namespace latimer {
// The finalizer of MurmurHash3: stable from run to run, unlike absl's.
uint64_t MixContent(uint64_t hash, uint64_t value) {
  hash ^= value + 0x9e3779b97f4a7c15ULL + (hash << 6) + (hash >> 2);
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdULL;
  hash ^= hash >> 33;
  return hash;
}

std::vector<LayerId> CanonicalOrder(const Network& network) {
  std::vector<uint64_t> content(network.layers.size());
  std::vector<int32_t> level(network.layers.size(), 0);
  for (size_t id = 0; id < network.layers.size(); ++id) {
    const Layer& layer = network.layers[id];
    uint64_t hash = static_cast<uint64_t>(layer.type);
    for (TensorId output : layer.outputs) {
      for (int64_t dim : network.tensors[output].shape) hash = MixContent(hash, static_cast<uint64_t>(dim));
    }
    hash = MixContent(hash, static_cast<uint64_t>(ConstantElements(network, layer)));
    for (TensorId input : layer.inputs) {
      const LayerId producer = network.tensors[input].producer;
      if (producer == kNone) {
        for (int64_t dim : network.tensors[input].shape) hash = MixContent(hash, static_cast<uint64_t>(dim));
        continue;
      }
      level[id] = std::max(level[id], level[static_cast<size_t>(producer)] + 1);
      hash = MixContent(hash, content[static_cast<size_t>(producer)]);
    }
    content[id] = hash;
  }
  std::vector<LayerId> order(network.layers.size());
  for (size_t id = 0; id < order.size(); ++id) order[id] = static_cast<LayerId>(id);
  std::sort(order.begin(), order.end(), [&](LayerId a, LayerId b) {
    const auto i = static_cast<size_t>(a);
    const auto k = static_cast<size_t>(b);
    if (level[i] != level[k]) return level[i] < level[k];
    return content[i] != content[k] ? content[i] < content[k] : a < b;
  });
  return order;
}

}  // namespace latimer
