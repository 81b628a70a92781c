// Runs a network on a simulated board, tile by tile. SIMULATED: see board.h.
//
// Each unit is cut into tiles that fit the board's buffers; a DMA engine loads the next tile while the array works on
// this one (double buffering), waits where memory is slower, and pays a latency per transfer; first weights of a unit
// are loaded while the unit before still computes, so that a network takes less than its layers one by one. That is on
// purpose not the estimator's formula: a model fitted to these times has to earn its accuracy.
#ifndef LATIMER_BACKENDS_SIMULATED_SIMULATOR_H_
#define LATIMER_BACKENDS_SIMULATED_SIMULATOR_H_

#include <vector>

#include "absl/container/inlined_vector.h"
#include "backends/simulated/board.h"
#include "core/network/network.h"

namespace latimer::simulated {

// One unit the simulated toolchain executes.
struct SimulatedUnit {
  absl::InlinedVector<LayerId, 4> layers;  // primary first
  double seconds = 0;
  bool on_cpu = false;  // the accelerator lacks the layer
};

struct SimulatedRun {
  std::vector<SimulatedUnit> units;  // in execution order; layers in none of them are free
  double start_seconds = 0;          // launch, input over the link and its quantisation
  double end_seconds = 0;            // the same for the outputs
  double total_seconds = 0;
};

// Deterministic and without noise. `network` is simplified.
SimulatedRun Simulate(const Network& network, const Board& board);

}  // namespace latimer::simulated

#endif  // LATIMER_BACKENDS_SIMULATED_SIMULATOR_H_
