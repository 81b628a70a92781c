// Parameters of the simulated boards. SIMULATED: for tests of the fitting and the fleet, never a source of advice about
// the real boards they are named after. Numbers follow public data sheets as far as those go (see board.cc); the rest
// is chosen to be plausible.
#ifndef LATIMER_BACKENDS_SIMULATED_BOARD_H_
#define LATIMER_BACKENDS_SIMULATED_BOARD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace latimer::simulated {

struct Board {
  std::string name;      // "zcu102", "ncs2", "xavier", "imx93", "imx8mp"
  std::string hardware;  // what it imitates
  int activation_bits = 8;
  int weight_bits = 8;

  // Multiply-accumulate array: pixels x input channels x output channels per cycle.
  double clock_hz = 1e9;
  int64_t array_pixels = 8;
  int64_t array_in = 16;
  int64_t array_out = 16;
  bool array_rows = false;         // pixels are taken along the height (true) or from the whole map (false)
  int64_t pipeline_cycles = 30;    // to fill and drain the array, per tile
  bool augments_channels = false;  // fewer input channels than array_in: kernel columns fill the array
  int64_t depthwise_lanes = 64;    // multiply-accumulates per cycle of depth-wise layers
  int64_t vector_lanes = 64;       // elements per cycle of pooling and element-wise layers

  // Memory.
  double dram_bytes_per_second = 10e9;
  double dma_latency_seconds = 0.5e-6;  // per transfer
  int64_t burst_bytes = 64;             // rows are rounded up to bursts
  int64_t activation_buffer_bytes = 512 * 1024;
  int64_t weight_buffer_bytes = 256 * 1024;
  bool keeps_activations = false;  // a map that fits half the buffer is not written out between layers

  // Toolchain.
  bool fuses_activation = true;
  bool fuses_add = false;       // adds the second branch while the convolution's result is written
  bool fuses_max_pool = false;  // 2x2 windows only
  bool free_concat = true;
  double layer_start_seconds = 2e-6;

  // Host: input and output cross a link, with an extra (de)quantisation step on the processor.
  double start_seconds = 50e-6;
  double link_bytes_per_second = 1e9;
  double quantize_elements_per_second = 1e9;

  // Layers the accelerator lacks run on the processor.
  double cpu_operations_per_second = 2e9;
  double cpu_bytes_per_second = 3e9;
  double cpu_switch_seconds = 30e-6;

  // Noise of one run: log-normal, and now and then an interruption.
  double noise_sigma = 0.004;
  double disturbance_probability = 0.01;
  double disturbance_seconds = 0.3e-3;
};

// Names of all simulated boards.
std::vector<std::string> BoardNames();

// Errors: NOT_FOUND, listing the names.
absl::StatusOr<Board> FindBoard(absl::string_view name);

}  // namespace latimer::simulated

#endif  // LATIMER_BACKENDS_SIMULATED_BOARD_H_
