#include "core/network/structural_hash.h"

#include <type_traits>
#include <variant>

#include "absl/strings/str_format.h"

namespace latimer {
namespace {

// 64-bit values mixed one by one: absl::Hash is not stable from one process to the next.
class Mixer {
 public:
  void Add(uint64_t value) {
    state_ = (state_ ^ value) * 0x9E3779B97F4A7C15ULL;
    state_ ^= state_ >> 29;
    state_ *= 0xBF58476D1CE4E5B9ULL;
    state_ ^= state_ >> 32;
  }
  template <typename List>
  void AddList(const List& list) {
    Add(list.size());
    for (auto value : list) Add(static_cast<uint64_t>(value));
  }
  uint64_t state() const { return state_; }

 private:
  uint64_t state_ = 0x6A09E667F3BCC909ULL;
};

void AddAttributes(const LayerAttributes& attributes, Mixer& mixer) {
  mixer.Add(attributes.index());
  std::visit(
      [&mixer](const auto& a) {
        using T = std::decay_t<decltype(a)>;
        if constexpr (std::is_same_v<T, ConvAttributes>) {
          mixer.AddList(a.kernel);
          mixer.AddList(a.stride);
          mixer.AddList(a.dilation);
          mixer.AddList(a.pad_begin);
          mixer.AddList(a.pad_end);
          mixer.AddList(a.output_padding);
          mixer.Add(static_cast<uint64_t>(a.groups));
          mixer.Add(static_cast<uint64_t>(a.output_channels));
          mixer.Add(a.bias ? 1 : 0);
        } else if constexpr (std::is_same_v<T, PoolAttributes>) {
          mixer.AddList(a.kernel);
          mixer.AddList(a.stride);
          mixer.AddList(a.dilation);
          mixer.AddList(a.pad_begin);
          mixer.AddList(a.pad_end);
          mixer.Add(a.ceil_mode ? 1 : 0);
        } else if constexpr (std::is_same_v<T, FullyConnectedAttributes>) {
          mixer.Add(static_cast<uint64_t>(a.input_features));
          mixer.Add(static_cast<uint64_t>(a.output_features));
          mixer.Add(a.bias ? 1 : 0);
        } else if constexpr (std::is_same_v<T, MatMulAttributes>) {
          mixer.Add((a.transpose_a ? 1 : 0) + (a.transpose_b ? 2 : 0));
        } else if constexpr (std::is_same_v<T, ReduceAttributes>) {
          mixer.AddList(a.axes);
          mixer.Add(a.keep_dims ? 1 : 0);
        } else if constexpr (std::is_same_v<T, AxisAttributes>) {
          mixer.Add(static_cast<uint64_t>(a.axis));
        } else if constexpr (std::is_same_v<T, SplitAttributes>) {
          mixer.Add(static_cast<uint64_t>(a.axis));
          mixer.AddList(a.sizes);
        } else if constexpr (std::is_same_v<T, SliceAttributes>) {
          mixer.AddList(a.axes);
          mixer.AddList(a.starts);
          mixer.AddList(a.ends);
          mixer.AddList(a.steps);
        } else if constexpr (std::is_same_v<T, PadAttributes>) {
          mixer.AddList(a.begin);
          mixer.AddList(a.end);
        } else if constexpr (std::is_same_v<T, TransposeAttributes>) {
          mixer.AddList(a.permutation);
        } else if constexpr (std::is_same_v<T, OutputShapeAttributes>) {
          // The outputs' shapes say it; a reshape's own list may leave a dimension open.
        } else {
          static_assert(std::is_same_v<T, std::monostate>);
        }
      },
      attributes);
}

}  // namespace

uint64_t StructuralHash(const Network& network) {
  Mixer mixer;
  mixer.Add(kStructuralHashVersion);
  auto add_tensor = [&](TensorId id) {
    const Tensor& tensor = network.tensors[id];
    mixer.AddList(tensor.shape);
    mixer.Add(static_cast<uint64_t>(tensor.type));
  };
  // Tensors are known by when they appear, not by their ids, which simplification leaves with holes.
  std::vector<uint64_t> order(network.tensors.size(), 0);
  uint64_t next = 1;
  mixer.Add(network.inputs.size());
  for (TensorId id : network.inputs) {
    add_tensor(id);
    order[id] = next++;
  }
  mixer.Add(network.layers.size());
  for (const Layer& layer : network.layers) {
    mixer.Add(static_cast<uint64_t>(layer.type));
    AddAttributes(layer.attributes, mixer);
    mixer.Add(layer.inputs.size());
    for (TensorId id : layer.inputs) mixer.Add(order[id]);
    mixer.Add(layer.constants.size());
    for (ConstantId id : layer.constants) {
      const Shape& shape = network.constants[id].shape;
      // Weights of fully connected layers are kept either way round.
      if (layer.type == LayerType::kFullyConnected) {
        mixer.Add(static_cast<uint64_t>(NumElements(shape)));
      } else {
        mixer.AddList(shape);
      }
      mixer.Add(static_cast<uint64_t>(network.constants[id].type));
    }
    mixer.Add(layer.outputs.size());
    for (TensorId id : layer.outputs) {
      add_tensor(id);
      order[id] = next++;
    }
  }
  mixer.Add(network.outputs.size());
  for (TensorId id : network.outputs) mixer.Add(order[id]);
  return mixer.state();
}

std::string StructuralHashText(const Network& network) { return absl::StrFormat("%016x", StructuralHash(network)); }

}  // namespace latimer
