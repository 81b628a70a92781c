#include "core/estimation/unit_edges.h"

#include "absl/types/span.h"
#include "core/estimation/edge_writer.h"

namespace latimer {
namespace {

class MappedGraph {
 public:
  MappedGraph(const Network& network, const MappedNetwork& mapped) : network_(network), mapped_(mapped) {}

  size_t layer_count() const { return network_.layers.size(); }
  size_t tensor_count() const { return network_.tensors.size(); }
  size_t unit_count() const { return mapped_.units.size(); }
  absl::Span<const TensorId> LayerInputs(LayerId layer) const { return At(layer).inputs; }
  absl::Span<const TensorId> LayerOutputs(LayerId layer) const { return At(layer).outputs; }
  absl::Span<const TensorId> NetworkInputs() const { return network_.inputs; }
  absl::Span<const TensorId> NetworkOutputs() const { return network_.outputs; }
  absl::Span<const LayerId> UnitLayers(size_t unit) const { return mapped_.units[unit].layers; }
  TensorId Changed(size_t unit) const { return mapped_.units[unit].changed; }
  absl::string_view Name(TensorId tensor) const { return network_.tensors[static_cast<size_t>(tensor)].name; }

 private:
  const Layer& At(LayerId layer) const { return network_.layers[static_cast<size_t>(layer)]; }

  const Network& network_;
  const MappedNetwork& mapped_;
};

}  // namespace

void WriteUnitEdges(const Network& network, const MappedNetwork& mapped, v1::NetworkEstimate* result) {
  const MappedGraph graph(network, mapped);
  EdgeWriter<MappedGraph>(graph, result).Run();
}

}  // namespace latimer
