#include "core/mapping/graph_context.h"

#include <algorithm>
#include <cmath>
#include <variant>

#include "core/network/canonical_order.h"

namespace latimer {
namespace {

bool IsView(LayerType type) { return type == LayerType::kReshape; }

}  // namespace

GraphContext::GraphContext(const Network& network, const BlockedLayout& layout, int activation_bits, int weight_bits,
                           double flushed_bytes)
    : network_(network), layout_(layout), first_reader_(network.tensors.size(), kNone) {
  // Whatever the file's order of nodes is, estimates are the same.
  const std::vector<LayerId> order = CanonicalOrder(network);
  for (size_t i = order.size(); i-- > 0;) {
    for (TensorId input : network.layers[order[i]].inputs) first_reader_[input] = order[i];
  }
  const double activations = FindFreshMemory(order, activation_bits);
  const auto weights = static_cast<double>(ComputeMemory(network, activation_bits, weight_bits).weight_bytes);
  residency_ = static_cast<int16_t>(std::lround(2 * std::log2(std::max(1.0, weights + activations + flushed_bytes))));
}

// As engines lay out memory: a tensor's bytes are free after its last reader, element-wise layers write over an operand
// nobody reads afterwards, views own nothing. Memory is fresh where the sum of what is alive passes its maximum so far.
double GraphContext::FindFreshMemory(absl::Span<const LayerId> order, int activation_bits) {
  const size_t count = network_.tensors.size();
  std::vector<LayerId> last_reader(count, kNone);
  std::vector<double> bytes(count, 0);
  for (size_t i = 0; i < count; ++i) {
    bytes[i] = static_cast<double>(NumElements(network_.tensors[i].shape)) * activation_bits / 8;
  }
  for (LayerId id : order) {
    for (TensorId input : network_.layers[id].inputs) last_reader[input] = id;
  }
  for (TensorId output : network_.outputs) last_reader[output] = kNone;  // the caller
  fresh_.assign(network_.layers.size(), false);
  double alive = 0;
  double most = 0;
  for (LayerId id : order) {
    const Layer& layer = network_.layers[id];
    double freed = 0;
    for (size_t i = 0; i < layer.inputs.size(); ++i) {
      const TensorId input = layer.inputs[i];
      const bool twice = std::find(layer.inputs.begin(), layer.inputs.begin() + static_cast<int64_t>(i), input) !=
                         layer.inputs.begin() + static_cast<int64_t>(i);
      // The caller owns the network's inputs.
      if (!twice && last_reader[input] == id && network_.tensors[input].producer != kNone) freed += bytes[input];
    }
    double written = 0;
    for (TensorId output : layer.outputs) written += bytes[output];
    const bool in_place = IsView(layer.type) || IsElementwiseUnary(layer.type) || IsElementwiseBroadcast(layer.type);
    alive += in_place ? std::max(0.0, written - freed) : written;
    if (alive > most) {
      fresh_[static_cast<size_t>(id)] = alive - most >= written / 2;
      most = alive;
    }
    alive -= in_place ? std::max(0.0, freed - written) : freed;
  }
  return most;
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

void DescribeChain(const Network& network, absl::Span<const LayerId> layers, UnitFeatures& f) {
  for (LayerId id : layers.subspan(1)) {
    const LayerType type = network.layers[id].type;
    if (IsElementwiseBroadcast(type) && network.layers[id].inputs.size() > 1) {
      ++f.fused_sums;
    } else {
      f.fused_activation = type;
    }
  }
  const Layer& primary = network.layers[layers[0]];
  const auto rank = static_cast<int64_t>(primary.inputs.empty() ? 0 : network.InputShape(primary, 0).size());
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

void GraphContext::Describe(absl::Span<const LayerId> layers, UnitFeatures& f) const {
  const Layer& primary = network_.layers[layers[0]];
  // What is read once per inference, weights and the engine's own code and tables, comes from wherever the last one
  // left it.
  f.residency = residency_;
  f.freshness = fresh_[static_cast<size_t>(layers[0])] ? residency_ : 0;
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
  f.blocked = !primary.outputs.empty() && layout_.IsBlocked(primary.outputs[0]) ? 1 : 0;
  LayerId reader = last.outputs.empty() ? kNone : first_reader_[last.outputs[0]];
  for (int i = 0; i < kMostReshapes && reader != kNone; ++i) {
    const Layer& layer = network_.layers[reader];
    if (!IsView(layer.type) || layer.outputs.empty()) break;
    reader = first_reader_[layer.outputs[0]];
  }
  if (reader != kNone) f.consumer = network_.layers[reader].type;
  DescribeChain(network_, layers, f);
}

void GraphContext::DescribeChange(const LayoutChange& change, UnitFeatures& f) const {
  const LayerId producer = Producer(change.tensor);
  if (producer != kNone) f.producer = network_.layers[producer].type;
  for (size_t i = 0; i < change.readers.size(); ++i) {
    const LayerType type = network_.layers[change.readers[i]].type;
    f.consumer = i == 0 ? type : std::min(f.consumer, type);
  }
  f.producer_channels = f.c_out;
  f.residency = residency_;
  f.blocked = change.to_blocks ? 1 : 0;
}

}  // namespace latimer
