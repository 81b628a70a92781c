#include "core/mapping/pair_features.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <variant>

#include "core/mapping/features.h"
#include "core/model/blocked_kernel.h"

namespace latimer {
namespace {

float Log2(int64_t value) { return std::log2(static_cast<float>(std::max<int64_t>(value, 1))); }

// Elements in the last, not full block of `width`; 0 where all are full.
float Rest(int64_t size, int64_t width) { return static_cast<float>(size % width); }

}  // namespace

TensorReaders::TensorReaders(const Network& network)
    : level_(network.layers.size(), 0),
      count_(network.tensors.size(), 0),
      last_(network.tensors.size(), kNone),
      output_(network.tensors.size(), false) {
  for (LayerId id = 0; id < static_cast<LayerId>(network.layers.size()); ++id) {
    for (TensorId input : network.layers[id].inputs) {
      if (last_[input] != id) ++count_[input];
      last_[input] = id;
      const LayerId producer = network.tensors[input].producer;
      if (producer != kNone) level_[id] = std::max(level_[id], level_[producer] + 1);
    }
  }
  for (TensorId output : network.outputs) {
    ++count_[output];
    output_[output] = true;
  }
}

LayerId TensorReaders::Sole(const Layer& layer) const {
  if (layer.outputs.size() != 1 || count_[layer.outputs[0]] != 1) return kNone;
  return last_[layer.outputs[0]];
}

bool TensorReaders::IsOutput(const Layer& layer) const {
  return std::any_of(layer.outputs.begin(), layer.outputs.end(), [&](TensorId tensor) { return output_[tensor]; });
}

LayerId TensorReaders::Rival(const Network& network, LayerId layer, LayerId next) const {
  const Layer& shared = network.layers[next];
  if (shared.inputs.size() != 2 || shared.inputs[0] == shared.inputs[1]) return kNone;
  if (!IsConvolution(network.layers[layer].type)) return kNone;
  const bool first = network.tensors[shared.inputs[0]].producer == layer;
  const LayerId rival = network.tensors[shared.inputs[first ? 1 : 0]].producer;
  if (rival == kNone || !IsConvolution(network.layers[rival].type)) return kNone;
  return Sole(network.layers[rival]) == next ? rival : kNone;
}

PairFeatures PrimaryPairFeatures(const Network& network, LayerId primary) {
  const UnitFeatures f = ComputeFeatures(network, {primary}, 32, 32);
  return {Log2(f.c_in),
          Log2(f.c_out),
          Rest(f.c_in, 16),
          Rest(f.c_out, 16),
          Rest(f.c_out, 4),
          static_cast<float>(f.kernel_h),
          static_cast<float>(f.kernel_w),
          static_cast<float>(f.stride_h),
          static_cast<float>(std::max(f.dilation_h, f.dilation_w)),
          Log2(f.groups),
          Log2(f.out_d * f.out_h * f.out_w),
          static_cast<float>(FitBlockedKernel(f, 16).path)};
}

float LeadOf(int32_t primary_level, int32_t other_level) {
  return static_cast<float>(std::clamp(primary_level - other_level, -8, 8));
}

PairFeatures JoinPairFeatures(PairFeatures primary, const PairPlace& place) {
  const float rest[] = {
      place.rank,        place.blocked ? 1.0F : 0.0F, place.sums,       place.activations,    place.inputs,
      place.index,       place.other_blocked,         place.other_type, place.other_can_take, place.same_shape,
      place.pool_kernel, place.pool_stride,           place.lead,       place.reader};
  std::copy(std::begin(rest), std::end(rest), primary.end() - std::size(rest));
  return primary;
}

PairFeatures MakePairFeatures(const Network& network, const BlockedLayout& layout, const TensorReaders& readers,
                              absl::Span<const LayerId> unit, LayerId next) {
  const Layer& last = network.layers[unit.back()];
  const Layer& layer = network.layers[next];
  const TensorId between = last.outputs[0];
  PairPlace place;
  place.rank = static_cast<float>(network.tensors[between].shape.size());
  place.blocked = layout.IsBlocked(between);
  for (LayerId id : unit.subspan(1)) {
    const Layer& inside = network.layers[id];
    (IsElementwiseBroadcast(inside.type) && inside.inputs.size() > 1 ? place.sums : place.activations) += 1;
  }
  place.inputs = static_cast<float>(layer.inputs.size());
  for (size_t i = 0; i < layer.inputs.size(); ++i) {
    const TensorId input = layer.inputs[i];
    if (input == between) {
      place.index = static_cast<float>(i);
      continue;
    }
    place.other_blocked = layout.IsBlocked(input) ? 1 : 0;
    place.other_type = 0;
    place.same_shape = network.tensors[input].shape == network.tensors[between].shape ? 1 : 0;
    const LayerId producer = network.tensors[input].producer;
    if (producer == kNone) continue;
    place.other_type = static_cast<float>(network.layers[producer].type);
    place.lead = LeadOf(readers.Level(unit[0]), readers.Level(producer));
    place.other_can_take =
        readers.Sole(network.layers[producer]) == next && IsConvolution(network.layers[producer].type) ? 1 : 0;
  }
  if (const auto* pool = std::get_if<PoolAttributes>(&layer.attributes); pool != nullptr && !pool->kernel.empty()) {
    place.pool_kernel = static_cast<float>(pool->kernel.back());
    place.pool_stride = static_cast<float>(pool->stride.back());
  }
  if (readers.IsOutput(layer)) {
    place.reader = kReadByCaller;
  } else if (const LayerId reader = readers.Sole(layer); reader != kNone) {
    place.reader = static_cast<float>(network.layers[reader].type);
  }
  return JoinPairFeatures(PrimaryPairFeatures(network, unit[0]), place);
}

}  // namespace latimer
