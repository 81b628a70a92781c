// The search space NAS-Bench-201 as compact messages: 4 nodes, 6 edges with one of 5 operations each, 15 625 cells,
// in the benchmark's own skeleton (CIFAR, 32x32): a stem, three stages of 5 cells, a stride-2 residual block between
// stages, global pooling and a classifier. BatchNorm is folded, as every toolchain does.
#ifndef LATIMER_TESTS_BENCH_NB201_H_
#define LATIMER_TESTS_BENCH_NB201_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "latimer/v1/network.pb.h"

namespace latimer::bench {

enum class Nb201Operation : uint8_t { kNone, kSkip, kConv1x1, kConv3x3, kAveragePool };

// Operations of the edges 0-1, 0-2, 1-2, 0-3, 1-3, 2-3.
using Nb201Cell = std::array<Nb201Operation, 6>;

inline constexpr int kNb201Cells = 15'625;

// Cell number `index`, 0 <= index < kNb201Cells: the edges are its digits to base 5, the first edge the lowest.
Nb201Cell MakeNb201Cell(int index);

// "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|…|", as the benchmark writes cells; and back.
std::string Nb201CellName(const Nb201Cell& cell);
std::optional<Nb201Cell> ParseNb201Cell(absl::string_view name);

// The network of the cell; edges that cannot change the result are left out. `channels`: width of the first stage, 16
// in the benchmark; other widths make further networks that no cell of the benchmark equals.
v1::Network MakeNb201Network(const Nb201Cell& cell, int64_t channels = 16);

}  // namespace latimer::bench

#endif  // LATIMER_TESTS_BENCH_NB201_H_
