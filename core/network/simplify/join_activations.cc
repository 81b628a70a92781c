// The patterns by which exporters write activations that ONNX has no operator for.
#include <cmath>

#include "core/network/simplify/rewriter.h"

namespace latimer::simplify_internal {
namespace {

bool Near(std::optional<double> value, double target) {
  return value.has_value() && std::abs(*value - target) < 1e-3 * std::max(1.0, std::abs(target));
}

using Group = absl::InlinedVector<LayerId, 12>;

// Matches backwards from a layer; every step adds the layers it used to the group.
class Matcher {
 public:
  explicit Matcher(const Rewriter& rewriter) : rewriter_(rewriter) {}

  Group group;

  // The input of the layer of `type` that makes `tensor`; its only input.
  std::optional<TensorId> Unary(TensorId tensor, LayerType type) {
    const std::optional<LayerId> id = rewriter_.ProducerOf(tensor, type);
    if (!id.has_value() || rewriter_.layer(*id).inputs.size() != 1) return std::nullopt;
    group.push_back(*id);
    return rewriter_.layer(*id).inputs[0];
  }

  // The activation that `tensor` is `type` of with a constant near `value`.
  std::optional<TensorId> WithScalar(TensorId tensor, LayerType type, double value) {
    const std::optional<LayerId> id = rewriter_.ProducerOf(tensor, type);
    if (!id.has_value() || !Near(rewriter_.ScalarOperand(*id), value)) return std::nullopt;
    group.push_back(*id);
    return rewriter_.layer(*id).inputs[0];
  }

  // x / value, or x * (1 / value).
  std::optional<TensorId> Quotient(TensorId tensor, double value) {
    const std::optional<TensorId> x = WithScalar(tensor, LayerType::kDiv, value);
    return x.has_value() ? x : WithScalar(tensor, LayerType::kMul, 1 / value);
  }

  // min(max(x + 3, 0), 6).
  std::optional<TensorId> Clip6OfPlus3(TensorId tensor) {
    std::optional<TensorId> sum = Unary(tensor, LayerType::kRelu6);
    return sum.has_value() ? WithScalar(*sum, LayerType::kAdd, 3) : std::nullopt;
  }

  // x^3 as a power or as products.
  std::optional<TensorId> Cube(TensorId tensor) {
    if (std::optional<TensorId> x = WithScalar(tensor, LayerType::kPow, 3); x.has_value()) return x;
    const std::optional<LayerId> outer = rewriter_.ProducerOf(tensor, LayerType::kMul);
    if (!outer.has_value() || rewriter_.layer(*outer).inputs.size() != 2) return std::nullopt;
    for (size_t i = 0; i < 2; ++i) {
      const TensorId x = rewriter_.layer(*outer).inputs[i];
      const TensorId square = rewriter_.layer(*outer).inputs[1 - i];
      const std::optional<LayerId> inner = rewriter_.ProducerOf(square, LayerType::kMul);
      if (!inner.has_value()) continue;
      const Layer& layer = rewriter_.layer(*inner);
      if (layer.inputs.size() == 2 && layer.inputs[0] == x && layer.inputs[1] == x) {
        group.push_back(*outer);
        group.push_back(*inner);
        return x;
      }
    }
    return std::nullopt;
  }

 private:
  const Rewriter& rewriter_;
};

// What one side of a product x * g(x) computes from x.
struct Gate {
  LayerType type;  // of the whole product
  TensorId input;
  Group group;
};

std::optional<Gate> MatchGate(const Rewriter& rewriter, TensorId tensor) {
  {
    Matcher match(rewriter);
    if (std::optional<TensorId> x = match.Unary(tensor, LayerType::kSigmoid)) {
      return Gate{LayerType::kSilu, *x, match.group};
    }
  }
  {
    Matcher match(rewriter);
    if (std::optional<TensorId> x = match.Unary(tensor, LayerType::kHardSigmoid)) {
      return Gate{LayerType::kHardSwish, *x, match.group};
    }
  }
  {
    Matcher match(rewriter);
    std::optional<TensorId> clipped = match.Quotient(tensor, 6);
    if (clipped.has_value()) {
      if (std::optional<TensorId> x = match.Clip6OfPlus3(*clipped)) {
        return Gate{LayerType::kHardSwish, *x, match.group};
      }
    }
  }
  {
    Matcher match(rewriter);
    std::optional<TensorId> soft = match.Unary(tensor, LayerType::kTanh);
    if (soft.has_value()) {
      if (std::optional<TensorId> x = match.Unary(*soft, LayerType::kSoftplus)) {
        return Gate{LayerType::kMish, *x, match.group};
      }
    }
  }
  return std::nullopt;
}

// 1 + erf(x / sqrt 2), or 1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)).
std::optional<Gate> MatchGeluCore(const Rewriter& rewriter, TensorId tensor) {
  Matcher match(rewriter);
  const std::optional<TensorId> inner = match.WithScalar(tensor, LayerType::kAdd, 1);
  if (!inner.has_value()) return std::nullopt;
  if (std::optional<TensorId> scaled = match.Unary(*inner, LayerType::kErf)) {
    if (std::optional<TensorId> x = match.Quotient(*scaled, std::sqrt(2.0))) {
      return Gate{LayerType::kGelu, *x, match.group};
    }
    return std::nullopt;
  }
  const std::optional<TensorId> product = match.Unary(*inner, LayerType::kTanh);
  if (!product.has_value()) return std::nullopt;
  const std::optional<TensorId> sum = match.WithScalar(*product, LayerType::kMul, 0.7978845608);
  if (!sum.has_value()) return std::nullopt;
  const std::optional<LayerId> add = rewriter.ProducerOf(*sum, LayerType::kAdd);
  if (!add.has_value() || rewriter.layer(*add).inputs.size() != 2) return std::nullopt;
  match.group.push_back(*add);
  for (size_t i = 0; i < 2; ++i) {
    const TensorId x = rewriter.layer(*add).inputs[i];
    Matcher cubic = match;
    const std::optional<TensorId> cube =
        cubic.WithScalar(rewriter.layer(*add).inputs[1 - i], LayerType::kMul, 0.044715);
    if (cube.has_value() && cubic.Cube(*cube) == x) return Gate{LayerType::kGelu, x, cubic.group};
  }
  return std::nullopt;
}

void Extend(Group& group, const Group& more) { group.insert(group.end(), more.begin(), more.end()); }

// x * g(x) with either order of operands.
bool JoinProduct(Rewriter& rewriter, LayerId id) {
  const Layer& layer = rewriter.layer(id);
  for (size_t i = 0; i < 2; ++i) {
    const TensorId x = layer.inputs[i];
    const TensorId other = layer.inputs[1 - i];
    if (std::optional<Gate> gate = MatchGate(rewriter, other); gate.has_value() && gate->input == x) {
      gate->group.push_back(id);
      if (rewriter.Collapse(gate->group, id, x, gate->type, {})) return true;
    }
    // x * (0.5 * (1 + erf …))
    Matcher half(rewriter);
    if (std::optional<TensorId> core = half.WithScalar(other, LayerType::kMul, 0.5)) {
      if (std::optional<Gate> gate = MatchGeluCore(rewriter, *core); gate.has_value() && gate->input == x) {
        Extend(gate->group, half.group);
        gate->group.push_back(id);
        if (rewriter.Collapse(gate->group, id, x, gate->type, {})) return true;
      }
    }
    // (0.5 * x) * (1 + erf …)
    if (std::optional<Gate> gate = MatchGeluCore(rewriter, other)) {
      Matcher scaled(rewriter);
      if (scaled.WithScalar(x, LayerType::kMul, 0.5) == gate->input) {
        Extend(gate->group, scaled.group);
        gate->group.push_back(id);
        if (rewriter.Collapse(gate->group, id, gate->input, gate->type, {})) return true;
      }
    }
  }
  return false;
}

// (x * (1 + erf …)) * 0.5, and (x * min(max(x + 3, 0), 6)) / 6.
bool JoinScaledProduct(Rewriter& rewriter, LayerId id) {
  const Layer& layer = rewriter.layer(id);
  const TensorId input = layer.inputs[0];
  const std::optional<LayerId> product = rewriter.ProducerOf(input, LayerType::kMul);
  if (!product.has_value() || rewriter.layer(*product).inputs.size() != 2) return false;
  Matcher half(rewriter);
  const bool halves = half.WithScalar(layer.outputs[0], LayerType::kMul, 0.5).has_value();
  const bool sixth = !halves && half.Quotient(layer.outputs[0], 6).has_value();
  if (!halves && !sixth) return false;
  for (size_t i = 0; i < 2; ++i) {
    const TensorId x = rewriter.layer(*product).inputs[i];
    const TensorId other = rewriter.layer(*product).inputs[1 - i];
    Group group{id, *product};
    LayerType type = LayerType::kGelu;
    if (halves) {
      const std::optional<Gate> gate = MatchGeluCore(rewriter, other);
      if (!gate.has_value() || gate->input != x) continue;
      Extend(group, gate->group);
    } else {
      Matcher clip(rewriter);
      if (clip.Clip6OfPlus3(other) != x) continue;
      Extend(group, clip.group);
      type = LayerType::kHardSwish;
    }
    if (rewriter.Collapse(group, id, x, type, {})) return true;
  }
  return false;
}

}  // namespace

void JoinActivations(Rewriter& rewriter) {
  for (LayerId id = 0; id < rewriter.layer_count(); ++id) {
    if (rewriter.gone(id)) continue;
    const Layer& layer = rewriter.layer(id);
    if (layer.type == LayerType::kMul && layer.inputs.size() == 2) {
      JoinProduct(rewriter, id);
    } else if ((layer.type == LayerType::kMul || layer.type == LayerType::kDiv) && layer.inputs.size() == 1) {
      JoinScaledProduct(rewriter, id);
    }
  }
  // What is left of the clipped sum is a gate without its product.
  for (LayerId id = 0; id < rewriter.layer_count(); ++id) {
    if (!rewriter.Is(id, LayerType::kDiv) && !rewriter.Is(id, LayerType::kMul)) continue;
    Matcher match(rewriter);
    const std::optional<TensorId> clipped = match.Quotient(rewriter.layer(id).outputs[0], 6);
    if (!clipped.has_value()) continue;
    const std::optional<TensorId> x = match.Clip6OfPlus3(*clipped);
    if (x.has_value()) rewriter.Collapse(match.group, id, *x, LayerType::kHardSigmoid, {});
  }
}

}  // namespace latimer::simplify_internal
