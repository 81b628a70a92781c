// Reshapes that change nothing, transposes that move no data or undo each other.
#include "core/network/simplify/rewriter.h"

namespace latimer::simplify_internal {
namespace {

// Whether the dimensions longer than 1 keep their order, so that the data stays where it is.
bool MovesNothing(const TransposeAttributes& transpose, const Shape& input) {
  int64_t last = -1;
  for (int64_t from : transpose.permutation) {
    if (input[static_cast<size_t>(from)] == 1) continue;
    if (from < last) return false;
    last = from;
  }
  return true;
}

bool Undo(const TransposeAttributes& first, const TransposeAttributes& second) {
  if (first.permutation.size() != second.permutation.size()) return false;
  for (size_t i = 0; i < second.permutation.size(); ++i) {
    if (first.permutation[static_cast<size_t>(second.permutation[i])] != static_cast<int64_t>(i)) return false;
  }
  return true;
}

}  // namespace

void RemoveIdentities(Rewriter& rewriter) {
  Network& network = rewriter.network();
  for (LayerId id = 0; id < rewriter.layer_count(); ++id) {
    Layer& layer = network.layers[id];
    if (rewriter.gone(id) || layer.inputs.size() != 1 || layer.outputs.size() != 1) continue;
    if (layer.type == LayerType::kTranspose) {
      const auto transpose = std::get<TransposeAttributes>(layer.attributes);
      const TensorId input = layer.inputs[0];
      const std::optional<LayerId> before = rewriter.ProducerOf(input, LayerType::kTranspose);
      if (before.has_value() && rewriter.SoleReader(input) == id && !rewriter.IsOutput(layer.outputs[0]) &&
          Undo(std::get<TransposeAttributes>(network.layers[*before].attributes), transpose)) {
        rewriter.Bypass(id);
        rewriter.Bypass(*before);
        continue;
      }
      if (MovesNothing(transpose, network.InputShape(layer, 0))) {
        layer.type = LayerType::kReshape;
        layer.attributes = OutputShapeAttributes{network.OutputShape(layer)};
      }
    }
    const bool same = network.InputShape(layer, 0) == network.OutputShape(layer);
    if (layer.type == LayerType::kReshape && same) rewriter.Bypass(id);
    if (layer.type == LayerType::kCast &&
        network.tensors[layer.inputs[0]].type == network.tensors[layer.outputs[0]].type) {
      rewriter.Bypass(id);
    }
  }
}

}  // namespace latimer::simplify_internal
