// Features of an execution unit.
#ifndef LATIMER_CORE_MAPPING_FEATURES_H_
#define LATIMER_CORE_MAPPING_FEATURES_H_

#include "absl/types/span.h"
#include "core/model/unit_features.h"
#include "core/network/network.h"

namespace latimer {

// Operations of one layer as the published models count them (one multiply-accumulate is two): products 2 per MAC,
// pooling 2 per element of a window, element-wise and reducing layers 1 per element, moving data 0.
double Operations(const Network& network, const Layer& layer);

// Features of the unit of these layers, primary first, in execution order. Activations inside the unit are not moved.
// Floating-point tensors count with the given bit widths, others with their own.
UnitFeatures ComputeFeatures(const Network& network, absl::Span<const LayerId> layers, int activation_bits,
                             int weight_bits);

// Bytes of the network's inputs and outputs, floating-point ones at that width.
double TransferBytes(const Network& network, int activation_bits);

}  // namespace latimer

#endif  // LATIMER_CORE_MAPPING_FEATURES_H_
