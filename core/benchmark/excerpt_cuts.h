// Excerpts cut off behind their layers, for boards whose engine reports no times per layer: what two cuts of an excerpt
// differ by is what the layers between cost (core/fitting/cut_excerpts.h).
#ifndef LATIMER_CORE_BENCHMARK_EXCERPT_CUTS_H_
#define LATIMER_CORE_BENCHMARK_EXCERPT_CUTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/benchmark/random.h"
#include "core/network/network.h"

namespace latimer::benchmark {

// Relative spread of the median wanted of a cut's time: the difference of two is known as well as both.
inline constexpr double kSpreadOfCuts = 0.001;
// Time for that, of counted runs; at the default a board of usual noise would stop before.
inline constexpr double kSecondsOfCuts = 0.2;

// Where cutting tells two layers apart, the whole excerpt last: numbers of layers as drawn, ascending. A cut that
// toolchains would simplify to the one before (identities, folded normalisations) is none.
std::vector<size_t> CutsOf(const Network& excerpt);

// Those of them that a campaign measures, the whole last: from a random place on two neighbours, which tell what the
// layer between them adds, every `between` places, at least two. A whole excerpt of other layers says more than another
// cut of this one (docs/results.md).
std::vector<size_t> DrawCuts(const Network& excerpt, int64_t between, Random& random);

// The key of a cut, by that of its excerpt and its number of layers: "excerpt 12, layers 7".
std::string CutKey(absl::string_view excerpt, size_t layers);

// The key of the excerpt in that of a cut; all of `key` where it is none.
absl::string_view ExcerptOfCut(absl::string_view key);

}  // namespace latimer::benchmark

#endif  // LATIMER_CORE_BENCHMARK_EXCERPT_CUTS_H_
