#include "backends/simulated/tiling.h"

#include <algorithm>
#include <cmath>

#include "core/base/checked_math.h"

namespace latimer::simulated {
namespace {

constexpr int64_t kMostTiles = 4096;  // of one layer; coarser tiles beyond, so that time stays bounded

int64_t Product(const SpatialDims& dims) {
  int64_t product = 1;
  for (int64_t dim : dims) product *= dim;
  return product;
}

// Height and the product of the other spatial dimensions of an N x C x spatial tensor, batch counted as rows.
struct Plane {
  int64_t rows = 1;
  int64_t row_pixels = 1;
};

Plane PlaneOf(const Shape& shape) {
  Plane plane;
  if (!shape.empty()) plane.rows = shape[0];
  if (shape.size() > 2) plane.rows *= shape[2];
  for (size_t i = 3; i < shape.size(); ++i) plane.row_pixels *= shape[i];
  return plane;
}

void DescribeConvolution(const Network& network, const Layer& layer, const Board& board, TileWork& work) {
  const auto& conv = std::get<ConvAttributes>(layer.attributes);
  const bool transposed = layer.type == LayerType::kConvTranspose;
  // A transposed convolution does its work per input pixel.
  const Plane plane = PlaneOf(transposed ? network.InputShape(layer, 0) : network.OutputShape(layer));
  const int64_t c_in = network.InputShape(layer, 0)[1] / std::max<int64_t>(conv.groups, 1);
  const int64_t taps = Product(conv.kernel);
  work.rows = plane.rows;
  work.row_pixels = plane.row_pixels;
  if (layer.type == LayerType::kDepthwiseConv) {
    work.cycles_per_row = static_cast<double>(CeilDiv(plane.row_pixels * conv.output_channels, board.depthwise_lanes)) *
                          static_cast<double>(taps);
  } else {
    work.on_array = true;
    work.groups = conv.groups;
    work.out_channels = conv.output_channels / std::max<int64_t>(conv.groups, 1);
    const int64_t last_kernel = conv.kernel.empty() ? 1 : conv.kernel.back();
    work.in_steps = board.augments_channels && c_in < board.array_in
                        ? CeilDiv(c_in * last_kernel, board.array_in) * (taps / last_kernel)
                        : CeilDiv(c_in, board.array_in) * taps;
  }
  const double kernel_rows = conv.kernel.empty() ? 1 : static_cast<double>(conv.kernel[0]);
  const double stride_rows = conv.stride.empty() ? 1 : static_cast<double>(conv.stride[0]);
  work.halo_share = std::max(0.0, kernel_rows - stride_rows);
}

// How a layer is cut: output channels outside, rows inside.
struct Cut {
  int64_t channel_tiles = 1;
  int64_t row_tiles = 1;
  bool keeps_input = false;  // the map fits half the buffer and stays there while all channels pass over it
};

PipelineTime RunTiles(const TileWork& work, const Board& board, double prefetch_seconds, const Cut& cut) {
  const auto& [channel_tiles, row_tiles, keeps_input] = cut;
  const int64_t channel_blocks = CeilDiv(work.out_channels, board.array_out);
  const double burst = static_cast<double>(board.burst_bytes);
  auto transfer = [&](double bytes, double pieces) {
    if (bytes <= 0) return 0.0;
    const double rounded = std::ceil(bytes / pieces / burst) * burst * pieces;
    return board.dma_latency_seconds + rounded / board.dram_bytes_per_second;
  };

  // Rows of the tiles differ by one at most: the first `longer` tiles have one more.
  const int64_t base_rows = work.rows / row_tiles;
  const int64_t longer = work.rows % row_tiles;
  const int64_t base_blocks = channel_blocks / channel_tiles;
  const int64_t longer_blocks = channel_blocks % channel_tiles;

  double memory_free = 0;   // when the DMA engine has done what it was asked so far
  double array_free = 0;    // when the array has computed all tiles so far
  double array_before = 0;  // the same without the last one, whose buffers are in use
  double stored = 0;
  double busy = 0;  // of the DMA engine
  for (int64_t channel = 0; channel < channel_tiles; ++channel) {
    const int64_t blocks = base_blocks + (channel < longer_blocks ? 1 : 0);
    const double weights = work.weight_bytes * static_cast<double>(blocks) / static_cast<double>(channel_blocks);
    for (int64_t tile = 0; tile < row_tiles; ++tile) {
      const int64_t rows = base_rows + (tile < longer ? 1 : 0);
      const double share = static_cast<double>(rows) / static_cast<double>(work.rows);
      const double halo = tile == 0 ? 0 : std::min(1.0, work.halo_share / static_cast<double>(rows));
      double load = tile == 0 ? transfer(weights, 1) : 0;
      if (tile == 0 && channel == 0) load -= std::min(load, prefetch_seconds);
      if (channel == 0 || !keeps_input) {
        load += transfer(work.input_bytes * share * (1 + halo), static_cast<double>(rows));
      }
      double cycles = 0;
      if (work.on_array) {
        const int64_t pixel_blocks = board.array_rows ? CeilDiv(rows, board.array_pixels) * work.row_pixels
                                                      : CeilDiv(rows * work.row_pixels, board.array_pixels);
        cycles = static_cast<double>(pixel_blocks) * static_cast<double>(work.in_steps) * static_cast<double>(blocks) *
                 static_cast<double>(work.groups);
      } else {
        cycles = work.cycles_per_row * static_cast<double>(rows);
      }
      const double compute = (cycles + static_cast<double>(board.pipeline_cycles)) / board.clock_hz;
      // The buffers this tile is loaded into are free once the tile before the last is computed.
      memory_free = std::max(memory_free, array_before) + load;
      busy += load;
      array_before = array_free;
      array_free = std::max(array_free, memory_free) + compute;
      // The store of the tile before this one shares the DMA engine.
      if (stored > 0) memory_free = std::max(memory_free, array_before) + stored;
      stored = transfer(work.output_bytes * share / static_cast<double>(channel_tiles), 1);
      busy += stored;
    }
  }
  PipelineTime time;
  time.seconds = std::max(array_free, memory_free) + stored;
  time.idle_seconds = std::max(0.0, time.seconds - busy);
  return time;
}

}  // namespace

TileWork DescribeWork(const Network& network, const Layer& layer, const Board& board) {
  TileWork work;
  const double element = board.activation_bits / 8.0;
  work.weight_bytes = static_cast<double>(ConstantElements(network, layer)) * board.weight_bits / 8;
  for (TensorId id : layer.inputs) work.tile_bytes += static_cast<double>(NumElements(network.tensors[id].shape));
  for (TensorId id : layer.outputs) work.tile_bytes += static_cast<double>(NumElements(network.tensors[id].shape));
  work.tile_bytes *= element;

  const Shape& out = network.OutputShape(layer);
  if (IsConvolution(layer.type)) {
    DescribeConvolution(network, layer, board, work);
  } else if (layer.type == LayerType::kFullyConnected) {
    const auto& attributes = std::get<FullyConnectedAttributes>(layer.attributes);
    work.on_array = true;
    work.rows = NumElements(out) / attributes.output_features;
    work.in_steps = CeilDiv(attributes.input_features, board.array_in);
    work.out_channels = attributes.output_features;
  } else if (layer.type == LayerType::kMatMul) {
    const auto& attributes = std::get<MatMulAttributes>(layer.attributes);
    work.on_array = true;
    work.out_channels = out.empty() ? 1 : out.back();
    work.rows = NumElements(out) / work.out_channels;
    work.in_steps = CeilDiv(attributes.inner_size, board.array_in);
  } else {
    const Plane plane = PlaneOf(out);
    work.rows = std::max<int64_t>(plane.rows, 1);
    double taps = 1;
    if (const auto* pool = std::get_if<PoolAttributes>(&layer.attributes))
      taps = static_cast<double>(Product(pool->kernel));
    double elements = static_cast<double>(NumElements(out));
    if (!layer.inputs.empty() && !IsPooling(layer.type)) {
      elements = std::max(elements, static_cast<double>(NumElements(network.InputShape(layer, 0))));
    }
    if (layer.type == LayerType::kGlobalAveragePool || layer.type == LayerType::kGlobalMaxPool) {
      elements = static_cast<double>(NumElements(network.InputShape(layer, 0)));
    }
    work.cycles_per_row =
        std::ceil(elements * taps / static_cast<double>(work.rows) / static_cast<double>(board.vector_lanes));
  }
  return work;
}

PipelineTime RunPipeline(const TileWork& work, const Board& board, double prefetch_seconds) {
  // Output channels are cut so that a tile's weights fit half the weight buffer, rows so that its maps fit half the
  // activation buffer; the other halves are being filled meanwhile.
  const double half_weights = static_cast<double>(board.weight_buffer_bytes) / 2;
  const double half_maps = static_cast<double>(board.activation_buffer_bytes) / 2;
  const int64_t blocks = work.on_array ? std::min(CeilDiv(work.out_channels, board.array_out), kMostTiles) : 1;
  const int64_t least_channels =
      std::clamp<int64_t>(static_cast<int64_t>(std::ceil(work.weight_bytes / half_weights)), 1, blocks);
  const int64_t least_rows = std::max<int64_t>(1, static_cast<int64_t>(std::ceil(work.tile_bytes / half_maps)));
  // The toolchain also tries finer cuts, which overlap more and pay more latencies, and takes the fastest.
  PipelineTime best;
  bool found = false;
  for (int64_t finer_channels = 1; finer_channels <= 2; finer_channels *= 2) {
    for (int64_t finer_rows = 1; finer_rows <= 8; finer_rows *= 2) {
      Cut cut;
      cut.channel_tiles = std::min(least_channels * finer_channels, blocks);
      const int64_t most_rows = std::max<int64_t>(1, std::min(work.rows, kMostTiles / cut.channel_tiles));
      cut.row_tiles = std::min(least_rows * finer_rows, most_rows);
      cut.keeps_input = least_rows == 1;
      const PipelineTime time = RunTiles(work, board, prefetch_seconds, cut);
      if (!found || time.seconds < best.seconds) best = time;
      found = true;
      if (cut.row_tiles == most_rows) break;
    }
  }
  return best;
}

}  // namespace latimer::simulated
