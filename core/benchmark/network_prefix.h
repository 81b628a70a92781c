// The beginning of a network as a network of its own: what two beginnings differ by is what the layers between cost.
#ifndef LATIMER_CORE_BENCHMARK_NETWORK_PREFIX_H_
#define LATIMER_CORE_BENCHMARK_NETWORK_PREFIX_H_

#include <cstddef>

#include "core/network/network.h"

namespace latimer::benchmark {

// The first `layers` layers of `network`, at least one and at most all. What none of them reads is an output. The
// result has names of its own.
Network NetworkPrefix(const Network& network, size_t layers);

}  // namespace latimer::benchmark

#endif  // LATIMER_CORE_BENCHMARK_NETWORK_PREFIX_H_
