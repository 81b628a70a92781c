// Short forms for building small networks in tests.
#ifndef LATIMER_TESTS_UNIT_NETWORK_NETWORK_BUILDER_HELPERS_H_
#define LATIMER_TESTS_UNIT_NETWORK_NETWORK_BUILDER_HELPERS_H_

#include <initializer_list>
#include <utility>

#include "core/network/network_builder.h"

namespace latimer {

inline ConvAttributes Conv2d(int64_t kernel, int64_t stride, int64_t pad, int64_t channels, bool bias) {
  ConvAttributes conv;
  conv.kernel = {kernel, kernel};
  conv.stride = {stride, stride};
  conv.dilation = {1, 1};
  conv.pad_begin = {pad, pad};
  conv.pad_end = {pad, pad};
  conv.output_padding = {0, 0};
  conv.output_channels = channels;
  conv.bias = bias;
  return conv;
}

// A layer that reads activations only. `name` must outlive the result.
inline LayerSpec Spec(absl::string_view name, LayerType type, LayerAttributes attributes,
                      std::initializer_list<TensorId> inputs) {
  LayerSpec spec;
  spec.name = name;
  spec.type = type;
  spec.attributes = std::move(attributes);
  for (TensorId id : inputs) spec.operands.push_back(Operand::Activation(id));
  return spec;
}

}  // namespace latimer

#endif  // LATIMER_TESTS_UNIT_NETWORK_NETWORK_BUILDER_HELPERS_H_
