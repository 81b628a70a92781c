// Writes the edges of the predicted execution graph; over any kind of graph. Internal to core/estimation.
#ifndef LATIMER_CORE_ESTIMATION_EDGE_WRITER_H_
#define LATIMER_CORE_ESTIMATION_EDGE_WRITER_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/network/network.h"
#include "latimer/v1/estimate.pb.h"

namespace latimer {

// `Graph` has: layer_count(), tensor_count(), unit_count(); LayerInputs(layer), LayerOutputs(layer), NetworkInputs(),
// NetworkOutputs(): spans of tensors; UnitLayers(unit): a span of layers, primary first; Changed(unit): the tensor a
// unit without layers changes; Name(tensor). Layers are in topological order.
template <typename Graph>
class EdgeWriter {
 public:
  EdgeWriter(const Graph& graph, v1::NetworkEstimate* result)
      : graph_(graph), result_(result), last_unit_(graph.layer_count(), kNone), sources_(graph.tensor_count()) {
    // A split layer is several units, one after the other; whoever reads it reads the last.
    for (size_t unit = 0; unit < graph_.unit_count(); ++unit) {
      for (LayerId layer : graph_.UnitLayers(unit)) last_unit_[static_cast<size_t>(layer)] = static_cast<int32_t>(unit);
    }
  }

  void Run() {
    int32_t index = 0;
    for (TensorId input : graph_.NetworkInputs()) Of(input).push_back(-1 - index++);
    for (size_t layer = 0; layer < graph_.layer_count(); ++layer) {
      const int32_t unit = last_unit_[layer];
      Sources result;
      if (unit == kNone) {
        for (TensorId input : graph_.LayerInputs(static_cast<LayerId>(layer))) Merge(Of(input), &result);
      } else {
        result.push_back(unit);
      }
      for (TensorId output : graph_.LayerOutputs(static_cast<LayerId>(layer))) Of(output) = result;
    }
    for (size_t unit = 0; unit < graph_.unit_count(); ++unit) WriteInputs(unit);
    for (TensorId output : graph_.NetworkOutputs()) {
      for (const int32_t source : Of(output)) {
        if (source < 0) continue;
        const absl::string_view name = graph_.Name(output);
        result_->mutable_units(source)->add_network_outputs(name.data(), name.size());
      }
    }
  }

 private:
  // Where a tensor comes from: units, as indices, and network inputs, as -1 - index.
  using Sources = absl::InlinedVector<int32_t, 2>;

  static void Merge(const Sources& from, Sources* to) {
    for (const int32_t source : from) {
      const auto at = std::lower_bound(to->begin(), to->end(), source);
      if (at == to->end() || *at != source) to->insert(at, source);
    }
  }

  Sources& Of(TensorId tensor) { return sources_[static_cast<size_t>(tensor)]; }

  void WriteInputs(size_t unit) {
    const auto index = static_cast<int32_t>(unit);
    v1::UnitEstimate* to = result_->mutable_units(index);
    // The second unit of a split layer and those after it read the one before.
    const absl::Span<const LayerId> layers = graph_.UnitLayers(unit);
    if (unit > 0 && !layers.empty()) {
      const absl::Span<const LayerId> before = graph_.UnitLayers(unit - 1);
      if (!before.empty() && before[0] == layers[0]) {
        to->add_input_units(index - 1);
        return;
      }
    }
    Sources all;
    if (layers.empty()) Merge(Of(graph_.Changed(unit)), &all);
    for (LayerId layer : layers) {
      for (TensorId input : graph_.LayerInputs(layer)) Merge(Of(input), &all);
    }
    for (auto source = all.begin(); source != all.end(); ++source) {
      if (*source >= 0) {
        // Results that stay inside the unit are no edges; those of a split layer are its last unit's.
        if (*source < index) to->add_input_units(*source);
        continue;
      }
      const absl::string_view name = graph_.Name(*(graph_.NetworkInputs().begin() + (-1 - *source)));
      to->add_network_inputs(name.data(), name.size());
    }
  }

  const Graph& graph_;
  v1::NetworkEstimate* const result_;
  std::vector<int32_t> last_unit_;  // that runs each layer; kNone: it costs nothing
  std::vector<Sources> sources_;    // of each tensor, ascending
};

}  // namespace latimer

#endif  // LATIMER_CORE_ESTIMATION_EDGE_WRITER_H_
