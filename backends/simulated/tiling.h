// How a simulated board cuts one layer into tiles, and how long their pipeline takes. SIMULATED: see board.h.
#ifndef LATIMER_BACKENDS_SIMULATED_TILING_H_
#define LATIMER_BACKENDS_SIMULATED_TILING_H_

#include <cstdint>

#include "backends/simulated/board.h"
#include "core/network/network.h"

namespace latimer::simulated {

// The work of one layer before it is cut: the array's loops, or the vector unit's elements.
struct TileWork {
  bool on_array = false;
  int64_t rows = 1;          // output rows, over which tiles are cut
  int64_t row_pixels = 1;    // output pixels per row
  int64_t in_steps = 1;      // passes over the input channels and kernel taps per output pixel block
  int64_t out_channels = 1;  // over which tiles are cut when weights do not fit
  int64_t groups = 1;
  double cycles_per_row = 0;  // vector unit only
  double weight_bytes = 0;
  double input_bytes = 0;   // that cross the memory interface
  double output_bytes = 0;  // that cross the memory interface
  double tile_bytes = 0;    // input and output together, which bound the tile by the activation buffer
  double halo_share = 0;    // share of a tile's input that the next tile loads again, per row
};

TileWork DescribeWork(const Network& network, const Layer& layer, const Board& board);

struct PipelineTime {
  double seconds = 0;       // from the first load to the last store
  double idle_seconds = 0;  // in which the DMA engine had nothing to do
};

// `prefetch_seconds`: how long the DMA engine was idle during the unit before, in which the first weights were loaded
// ahead as far as half the weight buffer holds them.
PipelineTime RunPipeline(const TileWork& work, const Board& board, double prefetch_seconds);

}  // namespace latimer::simulated

#endif  // LATIMER_BACKENDS_SIMULATED_TILING_H_
