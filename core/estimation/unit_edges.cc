#include "core/estimation/unit_edges.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"

namespace latimer {
namespace {

// Where a tensor comes from: units, as indices, and network inputs, as -1 - index.
using Sources = absl::InlinedVector<int32_t, 2>;

void Merge(const Sources& from, Sources* to) {
  for (const int32_t source : from) {
    const auto at = std::lower_bound(to->begin(), to->end(), source);
    if (at == to->end() || *at != source) to->insert(at, source);
  }
}

class EdgeWriter {
 public:
  EdgeWriter(const Network& network, const MappedNetwork& mapped, v1::NetworkEstimate* result)
      : network_(network),
        mapped_(mapped),
        result_(result),
        last_unit_(network.layers.size(), kNone),
        sources_(network.tensors.size()) {
    // A split layer is several units, one after the other; whoever reads it reads the last.
    for (size_t unit = 0; unit < mapped.units.size(); ++unit) {
      for (LayerId layer : mapped.units[unit].layers)
        last_unit_[static_cast<size_t>(layer)] = static_cast<int32_t>(unit);
    }
  }

  void Run() {
    for (size_t i = 0; i < network_.inputs.size(); ++i) {
      Of(network_.inputs[i]).push_back(-1 - static_cast<int32_t>(i));
    }
    // Layers are in topological order, so that a layer's operands are known when its turn comes.
    for (size_t layer = 0; layer < network_.layers.size(); ++layer) {
      const int32_t unit = last_unit_[layer];
      Sources result;
      if (unit == kNone) {
        for (TensorId input : network_.layers[layer].inputs) Merge(Of(input), &result);
      } else {
        result.push_back(unit);
      }
      for (TensorId output : network_.layers[layer].outputs) Of(output) = result;
    }
    for (size_t unit = 0; unit < mapped_.units.size(); ++unit) WriteInputs(static_cast<int32_t>(unit));
    for (TensorId output : network_.outputs) {
      for (const int32_t source : Of(output)) {
        if (source < 0) continue;
        const absl::string_view name = network_.tensors[static_cast<size_t>(output)].name;
        result_->mutable_units(source)->add_network_outputs(name.data(), name.size());
      }
    }
  }

 private:
  Sources& Of(TensorId tensor) { return sources_[static_cast<size_t>(tensor)]; }

  void WriteInputs(int32_t index) {
    const ExecutionUnit& unit = mapped_.units[static_cast<size_t>(index)];
    v1::UnitEstimate* to = result_->mutable_units(index);
    // The second unit of a split layer and those after it read the one before.
    if (index > 0 && mapped_.units[static_cast<size_t>(index - 1)].primary == unit.primary) {
      to->add_input_units(index - 1);
      return;
    }
    Sources all;
    for (LayerId layer : unit.layers) {
      for (TensorId input : network_.layers[static_cast<size_t>(layer)].inputs) Merge(Of(input), &all);
    }
    for (auto source = all.begin(); source != all.end(); ++source) {
      if (*source >= 0) {
        // Results that stay inside the unit are no edges; those of a split layer are its last unit's.
        if (*source < index) to->add_input_units(*source);
        continue;
      }
      const absl::string_view name =
          network_.tensors[static_cast<size_t>(network_.inputs[static_cast<size_t>(-1 - *source)])].name;
      to->add_network_inputs(name.data(), name.size());
    }
  }

  const Network& network_;
  const MappedNetwork& mapped_;
  v1::NetworkEstimate* const result_;
  std::vector<int32_t> last_unit_;  // that runs each layer; kNone: it costs nothing
  std::vector<Sources> sources_;    // of each tensor, ascending
};

}  // namespace

void WriteUnitEdges(const Network& network, const MappedNetwork& mapped, v1::NetworkEstimate* result) {
  EdgeWriter(network, mapped, result).Run();
}

}  // namespace latimer
