#include "core/network/simplify/rewriter.h"

#include <algorithm>
#include <utility>

namespace latimer::simplify_internal {

Rewriter::Rewriter(Network network)
    : network_(std::move(network)),
      readers_(Consumers(network_)),
      is_output_(network_.tensors.size(), false),
      gone_(network_.layers.size(), false) {
  for (TensorId id : network_.outputs) is_output_[id] = true;
}

std::optional<LayerId> Rewriter::Producer(TensorId tensor) const {
  const LayerId id = network_.tensors[tensor].producer;
  return id == kNone ? std::nullopt : std::optional<LayerId>(id);
}

std::optional<LayerId> Rewriter::SoleReader(TensorId tensor) const {
  if (is_output_[tensor] || readers_[tensor].size() != 1) return std::nullopt;
  return readers_[tensor][0];
}

std::optional<LayerId> Rewriter::ProducerOf(TensorId tensor, LayerType type) const {
  const std::optional<LayerId> id = Producer(tensor);
  return id.has_value() && Is(*id, type) ? id : std::nullopt;
}

std::optional<double> Rewriter::ScalarOperand(LayerId id) const {
  const Layer& l = network_.layers[id];
  if (l.inputs.size() != 1 || l.constants.size() != 1) return std::nullopt;
  return network_.constants[l.constants[0]].scalar;
}

void Rewriter::DropReads(LayerId id) {
  for (TensorId input : network_.layers[id].inputs) {
    auto& readers = readers_[input];
    const auto at = std::lower_bound(readers.begin(), readers.end(), id);
    if (at != readers.end() && *at == id) readers.erase(at);
  }
}

void Rewriter::ReplaceReads(TensorId from, TensorId to) {
  for (LayerId reader : readers_[from]) {
    for (TensorId& input : network_.layers[reader].inputs) {
      if (input == from) input = to;
    }
    auto& readers = readers_[to];
    const auto at = std::lower_bound(readers.begin(), readers.end(), reader);
    if (at == readers.end() || *at != reader) readers.insert(at, reader);
  }
  readers_[from].clear();
}

void Rewriter::AbsorbNext(LayerId into, LayerId next) {
  Layer& a = network_.layers[into];
  Layer& b = network_.layers[next];
  DropReads(next);
  a.outputs = b.outputs;
  for (TensorId output : a.outputs) network_.tensors[output].producer = into;
  a.nodes.insert(a.nodes.end(), b.nodes.begin(), b.nodes.end());
  gone_[next] = true;
}

void Rewriter::AbsorbPrevious(LayerId id, LayerId previous) {
  Layer& a = network_.layers[id];
  Layer& b = network_.layers[previous];
  const TensorId from = b.outputs[0];
  const TensorId to = b.inputs[0];
  DropReads(previous);
  ReplaceReads(from, to);
  a.nodes.insert(a.nodes.begin(), b.nodes.begin(), b.nodes.end());
  gone_[previous] = true;
}

bool Rewriter::Bypass(LayerId id) {
  const Layer& l = network_.layers[id];
  if (l.outputs.size() != 1 || l.inputs.empty() || is_output_[l.outputs[0]]) return false;
  const TensorId from = l.outputs[0];
  const TensorId to = l.inputs[0];
  DropReads(id);
  ReplaceReads(from, to);
  network_.free_nodes.insert(network_.free_nodes.end(), l.nodes.begin(), l.nodes.end());
  gone_[id] = true;
  return true;
}

bool Rewriter::Collapse(absl::Span<const LayerId> group, LayerId last, TensorId input, LayerType type,
                        LayerAttributes attributes, bool keep_constants) {
  if (network_.OutputShape(network_.layers[last]) != network_.tensors[input].shape) return false;
  absl::InlinedVector<LayerId, 12> members(group.begin(), group.end());
  std::sort(members.begin(), members.end());
  members.erase(std::unique(members.begin(), members.end()), members.end());
  auto inside = [&](LayerId id) { return std::binary_search(members.begin(), members.end(), id); };
  for (LayerId id : members) {
    if (gone_[id]) return false;
    for (TensorId read : network_.layers[id].inputs) {
      const std::optional<LayerId> producer = Producer(read);
      if (read != input && !(producer.has_value() && inside(*producer))) return false;
    }
    if (id == last) continue;
    for (TensorId made : network_.layers[id].outputs) {
      if (is_output_[made]) return false;
      for (LayerId reader : readers_[made]) {
        if (!inside(reader)) return false;
      }
    }
  }
  Layer& result = network_.layers[last];
  absl::InlinedVector<absl::string_view, 1> nodes;
  absl::InlinedVector<ConstantId, 2> constants;
  for (LayerId id : members) {
    const Layer& l = network_.layers[id];
    nodes.insert(nodes.end(), l.nodes.begin(), l.nodes.end());
    for (ConstantId constant : l.constants) {
      if (keep_constants && NumElements(network_.constants[constant].shape) > 1) constants.push_back(constant);
    }
    DropReads(id);
    if (id != last) gone_[id] = true;
  }
  result.type = type;
  result.attributes = std::move(attributes);
  result.inputs.assign(1, input);
  result.constants = std::move(constants);
  result.nodes = std::move(nodes);
  auto& readers = readers_[input];
  readers.insert(std::upper_bound(readers.begin(), readers.end(), last), last);
  return true;
}

void Rewriter::Merge(LayerId kept, LayerId duplicate) {
  Layer& a = network_.layers[kept];
  const Layer& b = network_.layers[duplicate];
  DropReads(duplicate);
  ReplaceReads(b.outputs[0], a.outputs[0]);
  a.nodes.insert(a.nodes.end(), b.nodes.begin(), b.nodes.end());
  gone_[duplicate] = true;
}

void Rewriter::Remove(LayerId id) {
  const Layer& l = network_.layers[id];
  DropReads(id);
  network_.free_nodes.insert(network_.free_nodes.end(), l.nodes.begin(), l.nodes.end());
  gone_[id] = true;
}

Network Rewriter::Finish() && {
  LayerId next = 0;
  for (LayerId id = 0; id < layer_count(); ++id) {
    if (gone_[id]) continue;
    if (next != id) network_.layers[next] = std::move(network_.layers[id]);
    for (TensorId output : network_.layers[next].outputs) network_.tensors[output].producer = next;
    ++next;
  }
  network_.layers.resize(static_cast<size_t>(next));
  return std::move(network_);
}

}  // namespace latimer::simplify_internal
