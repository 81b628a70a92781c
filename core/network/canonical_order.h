// An order of execution that depends on the graph alone, not on how a file lists independent nodes.
#ifndef LATIMER_CORE_NETWORK_CANONICAL_ORDER_H_
#define LATIMER_CORE_NETWORK_CANONICAL_ORDER_H_

#include <cstdint>
#include <vector>

#include "core/network/network.h"

namespace latimer {

// One step of the hash of what is computed on the way; stable from run to run.
uint64_t MixContent(uint64_t hash, uint64_t value);

// All layers, each after those whose results it reads: by the longest path from an input, then by what is computed on
// the way there. Layers that compute the same from the same are in the order of the network. Names do not matter.
std::vector<LayerId> CanonicalOrder(const Network& network);

}  // namespace latimer

#endif  // LATIMER_CORE_NETWORK_CANONICAL_ORDER_H_
