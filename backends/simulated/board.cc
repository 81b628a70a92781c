#include "backends/simulated/board.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"

namespace latimer::simulated {
namespace {

// Xilinx PG338: B4096 works on 8 pixels x 16 input x 16 output channels per cycle, 4096 operations. Clock and latencies
// to compare with: the AI model zoo's table "Performance on ZCU102 (0432055-05)" (3 x B4096 at 287 MHz, DPU V1.4.0, end
// to end, one thread): ResNet-50 12.07 ms, MobileNetV2 4.13, MobileNetV1 3.23, SqueezeNet 3.64. 64-bit DDR4-2133 shared
// with the processors.
Board Zcu102() {
  Board board;
  board.name = "zcu102";
  board.layer_report = true;
  board.hardware = "Xilinx ZCU102, DPU B4096";
  board.clock_hz = 287e6;
  board.array_pixels = 8;
  board.array_in = 16;
  board.array_out = 16;
  board.array_rows = true;
  board.pipeline_cycles = 60;
  board.augments_channels = true;
  board.depthwise_lanes = 8 * 16;
  board.vector_lanes = 8 * 16;
  board.dram_bytes_per_second = 8e9;
  board.dma_latency_seconds = 0.4e-6;
  board.activation_buffer_bytes = 1024 * 1024;
  board.weight_buffer_bytes = 512 * 1024;
  board.fuses_max_pool = true;
  board.fuses_add = true;
  board.layer_start_seconds = 12e-6;
  board.start_seconds = 250e-6;
  board.link_bytes_per_second = 2e9;
  board.quantize_elements_per_second = 0.8e9;
  board.cpu_operations_per_second = 2e9;
  board.noise_sigma = 0.003;
  return board;
}

// Intel Movidius MA2485: 700 MHz, 16 SHAVE, 2.5 MB CMX, LPDDR4; USB 3 to the host; FP16. Latencies to compare with:
// MobileNetV2 21 ms ("Energy Profiling of DNN Accelerators", table I, synchronous), ResNet-50 45.5 ms (an OpenVINO
// benchmark_app counter report of the ANNETTE project).
Board Ncs2() {
  Board board;
  board.name = "ncs2";
  board.layer_report = true;
  board.hardware = "Intel Neural Compute Stick 2, Myriad X";
  board.activation_bits = 16;
  board.weight_bits = 16;
  board.clock_hz = 700e6;
  board.array_pixels = 16;
  board.array_in = 2;
  board.array_out = 8;
  board.pipeline_cycles = 200;
  board.depthwise_lanes = 8;
  board.vector_lanes = 16;
  board.dram_bytes_per_second = 5.5e9;
  board.dma_latency_seconds = 2e-6;
  board.activation_buffer_bytes = 1536 * 1024;
  board.weight_buffer_bytes = 512 * 1024;
  board.layer_start_seconds = 25e-6;
  board.start_seconds = 700e-6;
  board.link_bytes_per_second = 300e6;
  board.quantize_elements_per_second = 0.5e9;
  board.cpu_operations_per_second = 3e9;
  board.noise_sigma = 0.006;
  return board;
}

// NVIDIA Jetson AGX Xavier: 8 Volta multiprocessors at 1.377 GHz, 22.6 INT8 TOPS dense, 512 KB L2, 137 GB/s LPDDR4x.
// Latencies to compare with: MobileNetV1 0.45 ms, YOLOv8n 5.5 ("Conformal Prediction based Confidence for Latency
// Estimation of DNN Accelerators", table 3, TensorRT INT8).
Board Xavier() {
  Board board;
  board.name = "xavier";
  board.layer_report = true;
  board.hardware = "NVIDIA Jetson AGX Xavier, INT8";
  board.clock_hz = 1.377e9;
  board.array_pixels = 64;
  board.array_in = 32;
  board.array_out = 4;
  board.pipeline_cycles = 600;
  board.depthwise_lanes = 1024;
  board.vector_lanes = 2048;
  board.dram_bytes_per_second = 100e9;
  board.dma_latency_seconds = 0.6e-6;
  board.burst_bytes = 128;
  board.activation_buffer_bytes = 512 * 1024;
  board.weight_buffer_bytes = 256 * 1024;
  board.fuses_add = true;
  board.layer_start_seconds = 6e-6;
  board.start_seconds = 4e-6;
  board.link_bytes_per_second = 80e9;
  board.quantize_elements_per_second = 200e9;
  board.cpu_operations_per_second = 8e9;
  board.cpu_bytes_per_second = 15e9;
  board.noise_sigma = 0.008;
  return board;
}

// NXP i.MX 93: Arm Ethos-U65 with 256 multiply-accumulates per cycle at 1 GHz, 384 KB of on-chip memory for Vela,
// 16-bit LPDDR4X-3733. Latencies to compare with: MobileNetV1 4.97 ms, YOLOv8n 67.6 (same paper, table 2). Single
// layers pay an extra quantisation step on the processor there, three times their share of a network on average; the
// link is set after that.
Board Imx93() {
  Board board;
  board.name = "imx93";
  board.hardware = "NXP i.MX 93, Ethos-U65-256";
  board.clock_hz = 1e9;
  board.array_pixels = 2;
  board.array_in = 16;
  board.array_out = 8;
  board.pipeline_cycles = 120;
  board.depthwise_lanes = 32;
  board.vector_lanes = 8;
  board.dram_bytes_per_second = 3.2e9;
  board.dma_latency_seconds = 0.8e-6;
  board.burst_bytes = 16;
  board.activation_buffer_bytes = 384 * 1024;
  board.weight_buffer_bytes = 96 * 1024;
  board.keeps_activations = true;
  board.layer_start_seconds = 3e-6;
  board.start_seconds = 400e-6;
  board.link_bytes_per_second = 1e9;
  board.quantize_elements_per_second = 600e6;
  board.cpu_operations_per_second = 1.5e9;
  board.cpu_bytes_per_second = 2e9;
  board.noise_sigma = 0.005;
  return board;
}

// NXP i.MX 8M Plus: VeriSilicon VIP8000, 1152 multiply-accumulates per cycle at 1 GHz (2.3 TOPS), LPDDR4-4000.
// Latencies to compare with: MobileNetV1 3.69 ms, YOLOv8n 54.4 (same paper, table 4), MobileNetV2 10.3 ms ("Energy
// Profiling …", table I): far from the peak, which is put down to memory here.
Board Imx8mp() {
  Board board;
  board.name = "imx8mp";
  board.hardware = "NXP i.MX 8M Plus, VIP8000";
  board.clock_hz = 1e9;
  board.array_pixels = 64;
  board.array_in = 3;
  board.array_out = 6;
  board.pipeline_cycles = 250;
  board.depthwise_lanes = 48;
  board.vector_lanes = 16;
  board.dram_bytes_per_second = 3.5e9;
  board.dma_latency_seconds = 1e-6;
  board.activation_buffer_bytes = 256 * 1024;
  board.weight_buffer_bytes = 128 * 1024;
  board.fuses_max_pool = true;
  board.layer_start_seconds = 35e-6;
  board.start_seconds = 150e-6;
  board.link_bytes_per_second = 4e9;
  board.quantize_elements_per_second = 2e9;
  board.cpu_operations_per_second = 2.5e9;
  board.noise_sigma = 0.006;
  return board;
}

std::vector<Board> AllBoards() { return {Imx8mp(), Imx93(), Ncs2(), Xavier(), Zcu102()}; }

}  // namespace

std::vector<std::string> BoardNames() {
  std::vector<std::string> names;
  for (const Board& board : AllBoards()) names.push_back(board.name);
  return names;
}

absl::StatusOr<Board> FindBoard(absl::string_view name) {
  for (Board& board : AllBoards()) {
    if (board.name == name) return std::move(board);
  }
  return NotFound("UNKNOWN_BOARD",
                  absl::StrCat("no simulated board '", name, "'; there are: ", absl::StrJoin(BoardNames(), ", ")))
      .With("board", name);
}

}  // namespace latimer::simulated
