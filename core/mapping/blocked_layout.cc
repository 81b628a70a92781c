#include "core/mapping/blocked_layout.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/mapping/features.h"
#include "core/model/blocked_kernel.h"

namespace latimer {
namespace {

enum class Wanted : uint8_t { kUsual, kBlocks, kAny };

class Walk {
 public:
  Walk(const Network& network, int64_t block)
      : network_(network),
        block_(block),
        blocked_(network.tensors.size(), false),
        readers_(network.tensors.size(), 0),
        change_(network.tensors.size(), kNone) {
    for (const Layer& layer : network.layers) {
      for (TensorId input : layer.inputs) ++readers_[input];
    }
    for (TensorId output : network.outputs) ++readers_[output];
  }

  void Run() {
    for (LayerId id = 0; id < static_cast<LayerId>(network_.layers.size()); ++id) {
      const Layer& layer = network_.layers[id];
      if (layer.inputs.empty() || layer.outputs.empty()) continue;
      Wanted wanted = Wanted::kUsual;
      const bool writes_blocks = Decide(layer, wanted);
      for (TensorId input : layer.inputs) {
        if (wanted == Wanted::kAny || blocked_[input] == (wanted == Wanted::kBlocks)) continue;
        Change(input, wanted == Wanted::kBlocks, id);
      }
      if (writes_blocks) blocked_[layer.outputs[0]] = true;
    }
    for (TensorId output : network_.outputs) {
      if (blocked_[output]) Change(output, /*to_blocks=*/false, kNone);
    }
    std::stable_sort(changes_.begin(), changes_.end(),
                     [](const LayoutChange& a, const LayoutChange& b) { return Position(a) < Position(b); });
  }

  std::vector<bool> blocked_tensors() && { return std::move(blocked_); }
  std::vector<LayoutChange> changes() && { return std::move(changes_); }

 private:
  static int64_t Position(const LayoutChange& change) {
    return change.readers.empty() ? INT64_MAX : static_cast<int64_t>(change.readers[0]);
  }

  bool IsBlocked(TensorId tensor) const { return blocked_[static_cast<size_t>(tensor)]; }

  // What the layer wants to read and whether it writes blocks.
  bool Decide(const Layer& layer, Wanted& wanted) const {
    const LayoutRole role = RoleIn(network_, static_cast<LayerId>(&layer - network_.layers.data()), block_);
    if (role == LayoutRole::kUsual) return false;
    if (role == LayoutRole::kMakesBlocks) return true;
    const TensorId input = layer.inputs[0];
    if (role != LayoutRole::kBlocks && !IsBlocked(input)) return false;
    if (role == LayoutRole::kFollowsAll &&
        !std::all_of(layer.inputs.begin(), layer.inputs.end(), [&](TensorId one) { return IsBlocked(one); })) {
      return false;
    }
    if (role == LayoutRole::kFollowsFused) {
      const LayerId producer = network_.tensors[input].producer;
      if (producer == kNone || readers_[input] != 1 || !IsConvolution(network_.layers[producer].type)) return false;
    }
    wanted = Wanted::kBlocks;
    return true;
  }

  void Change(TensorId tensor, bool to_blocks, LayerId reader) {
    if (change_[tensor] == kNone) {
      change_[tensor] = static_cast<int32_t>(changes_.size());
      changes_.push_back({.tensor = tensor, .to_blocks = to_blocks, .readers = {}});
    }
    auto& readers = changes_[static_cast<size_t>(change_[tensor])].readers;
    if (reader != kNone && (readers.empty() || readers.back() != reader)) readers.push_back(reader);
  }

  const Network& network_;
  const int64_t block_;
  std::vector<bool> blocked_;
  std::vector<int32_t> readers_;
  std::vector<int32_t> change_;  // of each tensor: index into changes_
  std::vector<LayoutChange> changes_;
};

}  // namespace

LayoutRole RoleIn(const Network& network, LayerId id, int64_t block) {
  const Layer& layer = network.layers[static_cast<size_t>(id)];
  auto channels = [&](TensorId tensor) {
    const Shape& shape = network.tensors[tensor].shape;
    return shape.size() == 4 ? shape[1] : 0;
  };
  const int64_t read = channels(layer.inputs[0]);
  if (read == 0 || channels(layer.outputs[0]) == 0) return LayoutRole::kUsual;
  const bool whole = read % block == 0;
  switch (layer.type) {
    case LayerType::kConv:
    case LayerType::kDepthwiseConv:
      switch (FitBlockedKernel(ComputeFeatures(network, {id}, 32, 32), block).path) {
        case KernelPath::kFewChannels:
          return LayoutRole::kMakesBlocks;
        case KernelPath::kDirect:
        case KernelPath::kPointwise:
        case KernelPath::kDepthwise:
          return LayoutRole::kBlocks;
        default:
          return LayoutRole::kUsual;
      }
    case LayerType::kMaxPool:
    case LayerType::kAveragePool:
      return whole ? LayoutRole::kBlocks : LayoutRole::kUsual;
    case LayerType::kGlobalAveragePool:
    case LayerType::kGlobalMaxPool:
      return whole ? LayoutRole::kFollows : LayoutRole::kUsual;
    case LayerType::kBatchNorm:
    case LayerType::kResize:
    // Activations that know nothing of layouts pass through all the same; others only as part of a convolution.
    case LayerType::kRelu:
    case LayerType::kSigmoid:
    case LayerType::kTanh:
      return LayoutRole::kFollows;
    case LayerType::kLeakyRelu:
    case LayerType::kRelu6:
    case LayerType::kHardSigmoid:
      return LayoutRole::kFollowsFused;
    case LayerType::kAdd:
    case LayerType::kMul: {
      const bool same = layer.inputs.size() == 2 && layer.constants.empty() &&
                        network.InputShape(layer, 0) == network.InputShape(layer, 1);
      return same ? LayoutRole::kFollowsAll : LayoutRole::kUsual;
    }
    case LayerType::kConcat: {
      const auto* axis = std::get_if<AxisAttributes>(&layer.attributes);
      const bool joins = axis != nullptr && axis->axis == 1 &&
                         std::all_of(layer.inputs.begin(), layer.inputs.end(),
                                     [&](TensorId one) { return channels(one) % block == 0; });
      return joins ? LayoutRole::kFollowsAll : LayoutRole::kUsual;
    }
    default:
      return LayoutRole::kUsual;
  }
}

BlockedLayout::BlockedLayout(const Network& network, int64_t block) {
  if (block < 2) return;
  Walk walk(network, block);
  walk.Run();
  blocked_ = std::move(walk).blocked_tensors();
  changes_ = std::move(walk).changes();
}

UnitFeatures LayoutChangeFeatures(const Network& network, const LayoutChange& change, int activation_bits) {
  const Tensor& tensor = network.tensors[change.tensor];
  UnitFeatures f;
  f.type = LayerType::kTranspose;
  f.axis = change.to_blocks ? -1 : -2;  // no axis of a tensor: what is moved are blocks
  if (!tensor.shape.empty()) f.batch = tensor.shape[0];
  if (tensor.shape.size() == 4) {
    f.c_in = f.c_out = tensor.shape[1];
    f.in_h = f.out_h = tensor.shape[2];
    f.in_w = f.out_w = tensor.shape[3];
  }
  f.input_bytes = f.output_bytes = static_cast<double>(NumElements(tensor.shape)) * activation_bits / 8;
  return f;
}

}  // namespace latimer
