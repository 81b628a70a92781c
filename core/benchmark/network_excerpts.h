// Network excerpts: small networks of a few blocks in the style of published architectures, at the resolutions and
// widths such networks have at that depth.
//
// On boards whose engine reports times per layer, one run of an excerpt gives a sample of every layer in it, where it
// stands in networks: behind the layer that leaves its input in that layout and that cache, fused as the toolchain
// fuses there. A thousand excerpts give tens of thousands of samples; benchmarks of single layers give a thousand.
#ifndef LATIMER_CORE_BENCHMARK_NETWORK_EXCERPTS_H_
#define LATIMER_CORE_BENCHMARK_NETWORK_EXCERPTS_H_

#include "absl/status/statusor.h"
#include "core/benchmark/random.h"
#include "core/network/network.h"

namespace latimer::benchmark {

// Of one excerpt. Networks repeat their blocks, and what has just run runs faster: reports of repeated blocks tell how
// layers stand in networks. Times of cut excerpts tell of layers only, and of more kinds where the blocks vary.
enum class ExcerptBlocks { kVaried, kRepeated };

// Draws an excerpt of at most 700 million multiply-accumulates and 40 million elements of activations and weights,
// twice as many for deep ones, transformers and heads. The same state of `random` gives the same excerpt.
absl::StatusOr<Network> SampleExcerpt(Random& random, ExcerptBlocks blocks = ExcerptBlocks::kVaried);

}  // namespace latimer::benchmark

#endif  // LATIMER_CORE_BENCHMARK_NETWORK_EXCERPTS_H_
