#include "backends/simulated/simulator.h"

#include <algorithm>
#include <utility>

#include "backends/simulated/tiling.h"
#include "core/base/checked_math.h"

namespace latimer::simulated {
namespace {

bool IsActivation(LayerType type) {
  switch (type) {
    case LayerType::kRelu:
    case LayerType::kRelu6:
    case LayerType::kClip:
    case LayerType::kLeakyRelu:
    case LayerType::kPRelu:
    case LayerType::kHardSwish:
    case LayerType::kHardSigmoid:
      return true;
    default:
      return false;
  }
}

bool UsesArray(LayerType type) { return IsConvolution(type) || type == LayerType::kFullyConnected; }

// What accelerators of this class leave to the processor.
bool RunsOnCpu(LayerType type) {
  switch (type) {
    case LayerType::kSoftmax:
    case LayerType::kLayerNorm:
    case LayerType::kInstanceNorm:
    case LayerType::kLrn:
    case LayerType::kLpNorm:
    case LayerType::kGelu:
    case LayerType::kMish:
    case LayerType::kErf:
    case LayerType::kExp:
    case LayerType::kLog:
    case LayerType::kSqrt:
    case LayerType::kPow:
    case LayerType::kDiv:
    case LayerType::kWhere:
    case LayerType::kCompare:
    case LayerType::kArgReduce:
    case LayerType::kGather:
    case LayerType::kTranspose:
    case LayerType::kCast:
    case LayerType::kUnary:
    case LayerType::kUnknown:
      return true;
    default:
      return false;
  }
}

double TensorBytes(const Network& network, TensorId id, int bits) {
  return static_cast<double>(NumElements(network.tensors[id].shape)) * bits / 8;
}

class Simulation {
 public:
  Simulation(const Network& network, const Board& board)
      : network_(network), board_(board), consumers_(Consumers(network)), on_chip_(network.tensors.size(), false) {}

  SimulatedRun Run() {
    SimulatedRun run;
    run.start_seconds = board_.start_seconds + Link(network_.inputs);
    run.end_seconds = Link(network_.outputs);
    for (SimulatedUnit& unit : Fuse()) {
      unit.on_cpu = RunsOnCpu(network_.layers[unit.layers[0]].type);
      unit.seconds = unit.on_cpu ? CpuSeconds(unit) : AcceleratorSeconds(unit);
      run.total_seconds += unit.seconds;
      run.units.push_back(std::move(unit));
    }
    run.total_seconds += run.start_seconds + run.end_seconds;
    return run;
  }

 private:
  double Link(const std::vector<TensorId>& tensors) const {
    double seconds = 0;
    for (TensorId id : tensors) {
      seconds += TensorBytes(network_, id, board_.activation_bits) / board_.link_bytes_per_second;
      seconds += static_cast<double>(NumElements(network_.tensors[id].shape)) / board_.quantize_elements_per_second;
    }
    return seconds;
  }

  bool IsFree(const Layer& layer) const {
    return layer.type == LayerType::kReshape || (layer.type == LayerType::kConcat && board_.free_concat) ||
           layer.inputs.empty();
  }

  bool CanFuse(const Layer& primary, const Layer& last, const Layer& next, const std::vector<bool>& executed) const {
    if (IsActivation(next.type)) return board_.fuses_activation;
    if (next.type == LayerType::kMaxPool) {
      const auto& pool = std::get<PoolAttributes>(next.attributes);
      const bool two = std::all_of(pool.kernel.begin(), pool.kernel.end(), [](int64_t k) { return k == 2; });
      return board_.fuses_max_pool && two && UsesArray(primary.type) && last.type != LayerType::kMaxPool;
    }
    if (next.type == LayerType::kAdd && board_.fuses_add && IsConvolution(primary.type) && next.inputs.size() == 2) {
      // The other branch must be there already.
      const TensorId other = next.inputs[0] == last.outputs[0] ? next.inputs[1] : next.inputs[0];
      const LayerId producer = network_.tensors[other].producer;
      return producer == kNone || executed[producer];
    }
    return false;
  }

  std::vector<SimulatedUnit> Fuse() const {
    std::vector<SimulatedUnit> units;
    std::vector<bool> done(network_.layers.size(), false);
    for (LayerId id = 0; id < static_cast<LayerId>(network_.layers.size()); ++id) {
      const Layer& primary = network_.layers[id];
      if (done[id]) continue;
      done[id] = true;
      if (IsFree(primary)) continue;
      SimulatedUnit unit;
      unit.layers.push_back(id);
      LayerId last = id;
      while (UsesArray(primary.type) || primary.type == LayerType::kAdd) {
        const Layer& layer = network_.layers[last];
        if (layer.outputs.size() != 1 || consumers_[layer.outputs[0]].size() != 1) break;
        const LayerId next = consumers_[layer.outputs[0]][0];
        if (done[next] || !CanFuse(primary, layer, network_.layers[next], done)) break;
        done[next] = true;
        unit.layers.push_back(next);
        last = next;
      }
      units.push_back(std::move(unit));
    }
    return units;
  }

  double CpuSeconds(const SimulatedUnit& unit) {
    const Layer& layer = network_.layers[unit.layers[0]];
    idle_seconds_ = 0;  // the accelerator waits for the processor before it sees its next work
    double bytes = 0;
    double elements = 0;
    for (TensorId id : layer.inputs) bytes += TensorBytes(network_, id, 32);
    for (TensorId id : layer.outputs) {
      bytes += TensorBytes(network_, id, 32);
      elements += static_cast<double>(NumElements(network_.tensors[id].shape));
    }
    const double operations = 8 * elements + 2 * static_cast<double>(Macs(network_, layer));
    return board_.cpu_switch_seconds +
           std::max(operations / board_.cpu_operations_per_second, bytes / board_.cpu_bytes_per_second);
  }

  // A reshaped map is where the map was.
  bool IsOnChip(TensorId tensor) const {
    LayerId producer = network_.tensors[tensor].producer;
    while (producer != kNone && network_.layers[producer].type == LayerType::kReshape) {
      tensor = network_.layers[producer].inputs[0];
      producer = network_.tensors[tensor].producer;
    }
    return on_chip_[tensor];
  }

  double AcceleratorSeconds(const SimulatedUnit& unit) {
    const Layer& primary = network_.layers[unit.layers[0]];
    const Layer& last = network_.layers[unit.layers.back()];
    TileWork work = DescribeWork(network_, primary, board_);
    // Activations that come from outside the unit.
    work.input_bytes = 0;
    for (LayerId id : unit.layers) {
      for (TensorId tensor : network_.layers[id].inputs) {
        const LayerId producer = network_.tensors[tensor].producer;
        const bool inside =
            producer != kNone && std::find(unit.layers.begin(), unit.layers.end(), producer) != unit.layers.end();
        if (!inside && !IsOnChip(tensor)) work.input_bytes += TensorBytes(network_, tensor, board_.activation_bits);
      }
    }
    work.output_bytes = 0;
    for (TensorId tensor : last.outputs) {
      const double bytes = TensorBytes(network_, tensor, board_.activation_bits);
      const bool fits = board_.keeps_activations && bytes * 2 <= static_cast<double>(board_.activation_buffer_bytes);
      on_chip_[tensor] = fits && !consumers_[tensor].empty();
      if (!on_chip_[tensor]) work.output_bytes += bytes;
    }
    const PipelineTime time = RunPipeline(work, board_, idle_seconds_);
    idle_seconds_ = time.idle_seconds;
    return board_.layer_start_seconds + time.seconds;
  }

  const Network& network_;
  const Board& board_;
  const std::vector<absl::InlinedVector<LayerId, 2>> consumers_;
  std::vector<bool> on_chip_;
  double idle_seconds_ = 0;  // of the DMA engine during the last unit
};

}  // namespace

SimulatedRun Simulate(const Network& network, const Board& board) { return Simulation(network, board).Run(); }

}  // namespace latimer::simulated
