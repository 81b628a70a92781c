// A hash of what a network computes, without its names: the key under which measurements are remembered.
#ifndef LATIMER_CORE_NETWORK_STRUCTURAL_HASH_H_
#define LATIMER_CORE_NETWORK_STRUCTURAL_HASH_H_

#include <cstdint>
#include <string>

#include "core/network/network.h"

namespace latimer {

// Depends on layer types, attributes, connections, shapes and element types, in layer order. Stable over machines and
// releases of the same kStructuralHashVersion, so it may be stored.
uint64_t StructuralHash(const Network& network);

inline constexpr int kStructuralHashVersion = 1;

// 16 hexadecimal digits.
std::string StructuralHashText(const Network& network);

}  // namespace latimer

#endif  // LATIMER_CORE_NETWORK_STRUCTURAL_HASH_H_
