// The edges of the predicted execution graph.
#ifndef LATIMER_CORE_ESTIMATION_UNIT_EDGES_H_
#define LATIMER_CORE_ESTIMATION_UNIT_EDGES_H_

#include "core/mapping/mapper.h"
#include "core/network/network.h"
#include "latimer/v1/estimate.pb.h"

namespace latimer {

// Fills input_units, network_inputs and network_outputs of the result's units, which are those of `mapped`, in order.
// Layers that cost nothing are passed through. Linear in the number of edges.
void WriteUnitEdges(const Network& network, const MappedNetwork& mapped, v1::NetworkEstimate* result);

}  // namespace latimer

#endif  // LATIMER_CORE_ESTIMATION_UNIT_EDGES_H_
