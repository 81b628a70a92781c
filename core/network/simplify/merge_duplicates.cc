// Activations of one tensor that are computed more than once, as in cells whose every edge starts with a rectifier.
#include <utility>
#include <vector>

#include "core/network/simplify.h"
#include "core/network/simplify/rewriter.h"

namespace latimer {
namespace {

bool MayMerge(const Layer& layer) {
  return IsElementwiseUnary(layer.type) && layer.type != LayerType::kCast && layer.constants.empty() &&
         layer.inputs.size() == 1 && layer.outputs.size() == 1;
}

// Types without parameters are equal by type. UNARY stands for several functions, and CLIP's limits are not kept.
bool AreEqual(const Layer& a, const Layer& b) {
  return a.type == b.type && a.type != LayerType::kUnary && a.type != LayerType::kClip && a.inputs[0] == b.inputs[0];
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

bool HasDuplicates(const Network& network) {
  std::vector<LayerType> seen(network.tensors.size(), LayerType::kUnspecified);
  for (const Layer& layer : network.layers) {
    if (!MayMerge(layer)) continue;
    LayerType& type = seen[layer.inputs[0]];
    if (type == layer.type && type != LayerType::kUnary && type != LayerType::kClip) return true;
    type = layer.type;
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
