// Where an execution unit stands in its network: what its time depends on beside its own sizes.
//
// Engines keep data in layouts of their own between layers that understand them and convert it where one does not, and
// a network larger than the caches finds its weights in memory: the same layer costs more or less by its neighbours.
#ifndef LATIMER_CORE_MAPPING_GRAPH_CONTEXT_H_
#define LATIMER_CORE_MAPPING_GRAPH_CONTEXT_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "core/mapping/blocked_layout.h"
#include "core/model/unit_features.h"
#include "core/network/network.h"

namespace latimer {

// That are looked through in a row; a chain of more is no network of this world.
inline constexpr int kMostReshapes = 8;

// The part of GraphContext::Describe() that the unit's own layers decide: what is fused, along which axis.
void DescribeChain(const Network& network, absl::Span<const LayerId> layers, UnitFeatures& features);

class GraphContext {
 public:
  // `flushed_bytes`: memory that was written between runs when the network was measured. Keeps references to
  // `network` and `layout`.
  GraphContext(const Network& network, const BlockedLayout& layout, int activation_bits, int weight_bits,
               double flushed_bytes = 0);

  // Fills in the features of the unit of these layers (primary first, then in execution order) that tell of its place.
  void Describe(absl::Span<const LayerId> layers, UnitFeatures& features) const;

  // The same for a change of layout.
  void DescribeChange(const LayoutChange& change, UnitFeatures& features) const;

  // The layer whose output `tensor` holds, behind any number of reshapes; kNone for inputs of the network.
  LayerId Producer(TensorId tensor) const;

 private:
  const Network& network_;
  const BlockedLayout& layout_;
  // Fills fresh_; returns the most bytes of activations alive at one time.
  double FindFreshMemory(absl::Span<const LayerId> order, int activation_bits);

  std::vector<LayerId> first_reader_;  // of each tensor, in canonical order
  std::vector<bool> fresh_;            // of each layer: its result lies in memory the inference has not used before
  int16_t residency_ = 0;
};

}  // namespace latimer

#endif  // LATIMER_CORE_MAPPING_GRAPH_CONTEXT_H_
