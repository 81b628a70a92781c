// Backend-independent simplification: what every toolchain does before it looks at the hardware.
#ifndef LATIMER_CORE_NETWORK_SIMPLIFY_H_
#define LATIMER_CORE_NETWORK_SIMPLIFY_H_

#include "core/network/network.h"

namespace latimer {

// Removes identities and dropout, folds BatchNorm (and affine pairs Mul/Add by constants per channel) into the
// convolution or fully connected layer before it, merges a bias Add into the product before it, joins the patterns by
// which exporters write SiLU, HardSwish, HardSigmoid, GELU (erf and tanh forms), Mish, LayerNorm, and removes layers
// whose results nobody reads. Every source node stays accounted for: in some layer's `nodes` or in `free_nodes`.
// Macs() changes only by what nobody reads. Deterministic; linear in the number of layers (each rewrite shrinks the
// network).
Network Simplify(Network network);

// What some toolchains do beyond: activations and pooling layers that are equal and read the same tensor become one, as
// in cells whose every edge starts with a rectifier. The result's names are those of `network`, which has to outlive
// it.
bool HasDuplicates(const Network& network);  // or, rarely, only layers that look like it
Network MergeDuplicates(const Network& network);

// The same of two layers: whether a type is one of those, and whether layers of it do the same with the same tensor.
bool MayBeDuplicate(LayerType type);
bool DoTheSame(const LayerAttributes& a, const LayerAttributes& b);

}  // namespace latimer

#endif  // LATIMER_CORE_NETWORK_SIMPLIFY_H_
