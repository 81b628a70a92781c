#include "core/mapping/graph_context.h"

#include <algorithm>
#include <cmath>
#include <variant>

namespace latimer {
namespace {

constexpr int kMostReshapes = 8;  // in a row; a chain of more is no network of this world

bool IsView(LayerType type) { return type == LayerType::kReshape; }

}  // namespace

GraphContext::GraphContext(const Network& network, int activation_bits, int weight_bits, double flushed_bytes)
    : network_(network), first_reader_(network.tensors.size(), kNone) {
  for (LayerId id = static_cast<LayerId>(network.layers.size()); id-- > 0;) {
    for (TensorId input : network.layers[id].inputs) first_reader_[input] = id;
  }
  const MemoryNeed need = ComputeMemory(network, activation_bits, weight_bits);
  const double bytes =
      static_cast<double>(need.weight_bytes) + static_cast<double>(need.peak_activation_bytes) + flushed_bytes;
  residency_ = static_cast<int16_t>(std::lround(2 * std::log2(std::max(1.0, bytes))));
}

LayerId GraphContext::Producer(TensorId tensor) const {
  LayerId producer = network_.tensors[tensor].producer;
  for (int i = 0; i < kMostReshapes && producer != kNone; ++i) {
    const Layer& layer = network_.layers[producer];
    if (!IsView(layer.type) || layer.inputs.empty()) break;
    producer = network_.tensors[layer.inputs[0]].producer;
  }
  return producer;
}

void GraphContext::Describe(absl::Span<const LayerId> layers, UnitFeatures& f) const {
  const Layer& primary = network_.layers[layers[0]];
  // What is read once per inference comes from wherever the last inference left it; activations are fresh.
  f.residency = f.weight_bytes > 0 ? residency_ : 0;
  for (LayerId id : layers.subspan(1)) {
    const LayerType type = network_.layers[id].type;
    if (IsElementwiseBroadcast(type) && network_.layers[id].inputs.size() > 1) {
      ++f.fused_sums;
    } else {
      f.fused_activation = type;
    }
  }
  if (!primary.inputs.empty()) {
    const LayerId producer = Producer(primary.inputs[0]);
    if (producer != kNone) {
      const Layer& layer = network_.layers[producer];
      f.producer = layer.type;
      const Shape& shape = network_.OutputShape(layer);
      f.producer_channels = shape.size() > 1 ? shape[1] : 1;
    } else {
      const Shape& shape = network_.InputShape(primary, 0);
      f.producer_channels = shape.size() > 1 ? shape[1] : 1;
    }
  }
  const Layer& last = network_.layers[layers.back()];
  LayerId reader = last.outputs.empty() ? kNone : first_reader_[last.outputs[0]];
  for (int i = 0; i < kMostReshapes && reader != kNone; ++i) {
    const Layer& layer = network_.layers[reader];
    if (!IsView(layer.type) || layer.outputs.empty()) break;
    reader = first_reader_[layer.outputs[0]];
  }
  if (reader != kNone) f.consumer = network_.layers[reader].type;
  const auto rank = static_cast<int64_t>(primary.inputs.empty() ? 0 : network_.InputShape(primary, 0).size());
  if (const auto* axis = std::get_if<AxisAttributes>(&primary.attributes)) {
    f.axis = rank - axis->axis;
  } else if (const auto* split = std::get_if<SplitAttributes>(&primary.attributes)) {
    f.axis = rank - split->axis;
  } else if (const auto* reduce = std::get_if<ReduceAttributes>(&primary.attributes)) {
    f.axis = reduce->axes.empty() ? 0 : rank - reduce->axes.front();
  } else if (const auto* slice = std::get_if<SliceAttributes>(&primary.attributes)) {
    f.axis = slice->axes.empty() ? 0 : rank - slice->axes.front();
  } else if (const auto* transpose = std::get_if<TransposeAttributes>(&primary.attributes)) {
    // How far the dimension comes that becomes the last one.
    f.axis = transpose->permutation.empty() ? 0 : rank - transpose->permutation.back();
  }
}

}  // namespace latimer
