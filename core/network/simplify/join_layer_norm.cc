// Layer normalisation as exporters write it before operator set 17:
// d = x - mean(x); d / sqrt(mean(d^2) + epsilon), then usually a product and a sum by constants.
#include "core/network/simplify/rewriter.h"

namespace latimer::simplify_internal {
namespace {

// The first of trailing axes a mean is taken over; nullopt if it is not over trailing axes.
std::optional<int64_t> TrailingAxis(const Network& network, const Layer& layer) {
  const auto* reduce = std::get_if<ReduceAttributes>(&layer.attributes);
  if (reduce == nullptr || !reduce->keep_dims || layer.source_operator != "ReduceMean") return std::nullopt;
  const auto rank = static_cast<int64_t>(network.InputShape(layer, 0).size());
  const auto count = static_cast<int64_t>(reduce->axes.size());
  for (int64_t i = 0; i < count; ++i) {
    if (reduce->axes[static_cast<size_t>(i)] != rank - count + i) return std::nullopt;
  }
  return count == 0 ? std::nullopt : std::optional<int64_t>(rank - count);
}

// The tensor that `tensor` is the square of.
std::optional<TensorId> SquareRoot(const Rewriter& rewriter, TensorId tensor, absl::InlinedVector<LayerId, 12>& group) {
  if (std::optional<LayerId> power = rewriter.ProducerOf(tensor, LayerType::kPow)) {
    if (rewriter.ScalarOperand(*power) != 2.0) return std::nullopt;
    group.push_back(*power);
    return rewriter.layer(*power).inputs[0];
  }
  if (std::optional<LayerId> product = rewriter.ProducerOf(tensor, LayerType::kMul)) {
    const Layer& layer = rewriter.layer(*product);
    if (layer.inputs.size() != 2 || layer.inputs[0] != layer.inputs[1]) return std::nullopt;
    group.push_back(*product);
    return layer.inputs[0];
  }
  return std::nullopt;
}

// x of x - mean(x), where the mean is over the dimensions from `axis` on.
std::optional<TensorId> Centred(const Rewriter& rewriter, LayerId id, absl::InlinedVector<LayerId, 12>& group,
                                int64_t axis) {
  const Layer& sub = rewriter.layer(id);
  if (sub.type != LayerType::kSub || sub.inputs.size() != 2) return std::nullopt;
  const std::optional<LayerId> mean = rewriter.ProducerOf(sub.inputs[1], LayerType::kReduce);
  if (!mean.has_value() || rewriter.layer(*mean).inputs[0] != sub.inputs[0]) return std::nullopt;
  if (TrailingAxis(rewriter.network(), rewriter.layer(*mean)) != axis) return std::nullopt;
  group.push_back(id);
  group.push_back(*mean);
  return sub.inputs[0];
}

// A product or sum by a constant over the normalised dimensions right after the normalisation.
std::optional<LayerId> Affine(const Rewriter& rewriter, LayerId last, LayerType type, int64_t axis) {
  const std::optional<LayerId> next = rewriter.SoleReader(rewriter.layer(last).outputs[0]);
  if (!next.has_value() || !rewriter.Is(*next, type)) return std::nullopt;
  const Layer& layer = rewriter.layer(*next);
  if (layer.inputs.size() != 1 || layer.constants.size() != 1) return std::nullopt;
  const Network& network = rewriter.network();
  const Shape& constant = network.constants[layer.constants[0]].shape;
  const size_t rank = network.OutputShape(layer).size();
  if (constant.size() > rank) return std::nullopt;
  for (size_t i = 0; i < constant.size(); ++i) {
    if (rank - constant.size() + i < static_cast<size_t>(axis) && constant[i] != 1) return std::nullopt;
  }
  return next;
}

void Join(Rewriter& rewriter, LayerId id) {
  const Layer& div = rewriter.layer(id);
  if (div.inputs.size() != 2) return;
  absl::InlinedVector<LayerId, 12> group{id};
  const std::optional<LayerId> root = rewriter.ProducerOf(div.inputs[1], LayerType::kSqrt);
  if (!root.has_value()) return;
  const std::optional<LayerId> shifted = rewriter.ProducerOf(rewriter.layer(*root).inputs[0], LayerType::kAdd);
  if (!shifted.has_value() || !rewriter.ScalarOperand(*shifted).has_value()) return;
  const std::optional<LayerId> variance = rewriter.ProducerOf(rewriter.layer(*shifted).inputs[0], LayerType::kReduce);
  if (!variance.has_value()) return;
  const std::optional<int64_t> axis = TrailingAxis(rewriter.network(), rewriter.layer(*variance));
  if (!axis.has_value()) return;
  group.insert(group.end(), {*root, *shifted, *variance});
  const std::optional<TensorId> deviation = SquareRoot(rewriter, rewriter.layer(*variance).inputs[0], group);
  if (!deviation.has_value()) return;
  // Some exporters subtract twice, once for each use.
  std::optional<TensorId> input;
  for (TensorId centred : {div.inputs[0], *deviation}) {
    const std::optional<LayerId> sub = rewriter.Producer(centred);
    if (!sub.has_value()) return;
    const std::optional<TensorId> x = Centred(rewriter, *sub, group, *axis);
    if (!x.has_value() || (input.has_value() && *input != *x)) return;
    input = x;
  }
  LayerId last = id;
  if (std::optional<LayerId> scale = Affine(rewriter, last, LayerType::kMul, *axis)) {
    group.push_back(*scale);
    last = *scale;
  }
  if (std::optional<LayerId> shift = Affine(rewriter, last, LayerType::kAdd, *axis)) {
    group.push_back(*shift);
    last = *shift;
  }
  rewriter.Collapse(group, last, *input, LayerType::kLayerNorm, AxisAttributes{*axis}, true);
}

}  // namespace

void JoinLayerNorm(Rewriter& rewriter) {
  for (LayerId id = 0; id < rewriter.layer_count(); ++id) {
    if (rewriter.Is(id, LayerType::kDiv)) Join(rewriter, id);
  }
}

}  // namespace latimer::simplify_internal
