// Where an execution unit stands in its network: what its time depends on beside its own sizes.
//
// Engines keep data in layouts of their own between layers that understand them and convert it where one does not, and
// a network larger than the caches finds its weights in memory: the same layer costs more or less by its neighbours.
#ifndef LATIMER_CORE_MAPPING_GRAPH_CONTEXT_H_
#define LATIMER_CORE_MAPPING_GRAPH_CONTEXT_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "core/model/unit_features.h"
#include "core/network/network.h"

namespace latimer {

class GraphContext {
 public:
  // `flushed_bytes`: memory that was written between runs when the network was measured. Keeps a reference to
  // `network`.
  GraphContext(const Network& network, int activation_bits, int weight_bits, double flushed_bytes = 0);

  // Fills in the features of the unit of these layers (primary first, then in execution order) that tell of its place.
  void Describe(absl::Span<const LayerId> layers, UnitFeatures& features) const;

  // The layer whose output `tensor` holds, behind any number of reshapes; kNone for inputs of the network.
  LayerId Producer(TensorId tensor) const;

 private:
  const Network& network_;
  std::vector<LayerId> first_reader_;  // of each tensor
  int16_t residency_ = 0;
};

}  // namespace latimer

#endif  // LATIMER_CORE_MAPPING_GRAPH_CONTEXT_H_
