// BatchNorm, and products and sums by constants per channel, go into the weights of the layer before them.
#include "core/network/simplify/rewriter.h"

namespace latimer::simplify_internal {
namespace {

// Dimension of the channels in the output of a layer with weights.
size_t ChannelDimension(const Layer& layer, const Shape& output) {
  return layer.type == LayerType::kFullyConnected ? output.size() - 1 : 1;
}

// Whether a constant of that shape has one value per channel, or one at all, when it is broadcast to `output`.
bool IsPerChannel(const Shape& constant, const Shape& output, size_t channel_dimension) {
  if (constant.size() > output.size()) return false;
  for (size_t i = 0; i < constant.size(); ++i) {
    const size_t dimension = output.size() - constant.size() + i;
    const bool channel = dimension == channel_dimension && constant[i] == output[dimension];
    if (constant[i] != 1 && !channel) return false;
  }
  return true;
}

bool* BiasFlag(Layer& layer) {
  if (auto* conv = std::get_if<ConvAttributes>(&layer.attributes)) return &conv->bias;
  if (auto* product = std::get_if<FullyConnectedAttributes>(&layer.attributes)) return &product->bias;
  return nullptr;
}

bool CanFold(const Network& network, const Layer& weighted, const Layer& affine) {
  const Shape& output = network.OutputShape(weighted);
  const size_t channel = ChannelDimension(weighted, output);
  if (affine.type == LayerType::kBatchNorm) return affine.inputs.size() == 1 && channel == 1 && output.size() >= 2;
  if (affine.type != LayerType::kMul && affine.type != LayerType::kAdd && affine.type != LayerType::kSub) return false;
  return affine.inputs.size() == 1 && affine.constants.size() == 1 && network.OutputShape(affine) == output &&
         IsPerChannel(network.constants[affine.constants[0]].shape, output, channel);
}

}  // namespace

void FoldAffine(Rewriter& rewriter) {
  Network& network = rewriter.network();
  for (LayerId id = 0; id < rewriter.layer_count(); ++id) {
    const Layer& affine = network.layers[id];
    if (rewriter.gone(id) || affine.inputs.size() != 1 || affine.outputs.size() != 1) continue;
    const TensorId input = affine.inputs[0];
    const std::optional<LayerId> before = rewriter.Producer(input);
    if (!before.has_value() || rewriter.SoleReader(input) != id) continue;
    Layer& weighted = network.layers[*before];
    // Weights that are computed from data cannot take anything in.
    if (!IsConvolution(weighted.type) && weighted.type != LayerType::kFullyConnected) continue;
    if (weighted.inputs.size() != 1 || weighted.constants.empty() || !CanFold(network, weighted, affine)) continue;
    bool* bias = BiasFlag(weighted);
    if (bias == nullptr) continue;
    const bool adds = affine.type != LayerType::kMul;
    if (adds && !*bias) {
      const Shape& output = network.OutputShape(weighted);
      Constant constant;
      constant.name = network.names.Add(weighted.name);
      constant.shape = {output[ChannelDimension(weighted, output)]};
      constant.type = network.constants[weighted.constants[0]].type;
      weighted.constants.push_back(static_cast<ConstantId>(network.constants.size()));
      network.constants.push_back(std::move(constant));
      *bias = true;
    }
    rewriter.AbsorbNext(*before, id);
  }
}

}  // namespace latimer::simplify_internal
