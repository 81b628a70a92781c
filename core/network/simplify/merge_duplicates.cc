// What is computed of one tensor more than once.
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "core/network/simplify.h"
#include "core/network/simplify/rewriter.h"

namespace latimer {
namespace {

bool MayMerge(const Layer& layer) {
  return MayBeDuplicate(layer.type) && layer.constants.empty() && layer.inputs.size() == 1 && layer.outputs.size() == 1;
}

bool AreEqual(const Layer& a, const Layer& b) {
  return a.type == b.type && a.inputs[0] == b.inputs[0] && DoTheSame(a.attributes, b.attributes);
}

// All but the memory of the names.
Network CopyOf(const Network& network) {
  Network copy;
  copy.name = network.name;
  copy.tensors = network.tensors;
  copy.constants = network.constants;
  copy.layers = network.layers;
  copy.inputs = network.inputs;
  copy.outputs = network.outputs;
  copy.free_nodes = network.free_nodes;
  copy.warnings = network.warnings;
  copy.source_node_count = network.source_node_count;
  copy.source_params = network.source_params;
  return copy;
}

}  // namespace

// UNARY stands for several functions; limits of CLIP, types of CAST and the order of LP_POOL are not kept.
bool MayBeDuplicate(LayerType type) {
  if (type == LayerType::kUnary || type == LayerType::kClip || type == LayerType::kCast) return false;
  return IsElementwiseUnary(type) || (IsPooling(type) && type != LayerType::kLpPool);
}

bool DoTheSame(const LayerAttributes& a, const LayerAttributes& b) {
  const auto* const x = std::get_if<PoolAttributes>(&a);
  const auto* const y = std::get_if<PoolAttributes>(&b);
  return x == nullptr || y == nullptr ? x == y : *x == *y;
}

bool HasDuplicates(const Network& network) {
  static_assert(kNumLayerTypes <= 64);
  std::vector<uint64_t> seen(network.tensors.size(), 0);  // types of the tensor's readers
  for (const Layer& layer : network.layers) {
    if (!MayMerge(layer)) continue;
    const uint64_t type = uint64_t{1} << static_cast<int>(layer.type);
    if ((seen[layer.inputs[0]] & type) != 0) return true;
    seen[layer.inputs[0]] |= type;
  }
  return false;
}

Network MergeDuplicates(const Network& network) {
  simplify_internal::Rewriter rewriter(CopyOf(network));
  for (LayerId id = 0; id < rewriter.layer_count(); ++id) {
    if (rewriter.gone(id) || !MayMerge(rewriter.layer(id))) continue;
    const absl::InlinedVector<LayerId, 2> readers = rewriter.Readers(rewriter.layer(id).inputs[0]);
    for (LayerId other : readers) {
      if (other <= id || rewriter.gone(other) || !MayMerge(rewriter.layer(other))) continue;
      if (!AreEqual(rewriter.layer(id), rewriter.layer(other))) continue;
      if (!rewriter.IsOutput(rewriter.layer(other).outputs[0])) rewriter.Merge(id, other);
    }
  }
  return std::move(rewriter).Finish();
}

}  // namespace latimer
