// Subjects: small networks whose time we want to know, usually of one layer, sometimes of a few that may be fused.
#ifndef LATIMER_CORE_BENCHMARK_LAYER_NETWORK_H_
#define LATIMER_CORE_BENCHMARK_LAYER_NETWORK_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/network/layer_attributes.h"
#include "core/network/layer_type.h"
#include "core/network/network.h"

namespace latimer::benchmark {

// A network of one layer over inputs of the given shapes.
absl::StatusOr<Network> LayerNetwork(LayerType type, const LayerAttributes& attributes, absl::Span<const Shape> inputs);

// One more layer of a chain: it reads the last layer's output first, then, where the type takes two operands, a new
// network input of the same shape.
struct ChainLink {
  LayerType type = LayerType::kUnspecified;
  LayerAttributes attributes;
};
absl::StatusOr<Network> ChainNetwork(absl::Span<const Shape> inputs, absl::Span<const ChainLink> links);

// Attributes of a convolution with "same" padding: kernel/2 on either side.
ConvAttributes SameConv(SpatialDims kernel, SpatialDims stride, int64_t output_channels, int64_t groups = 1,
                        SpatialDims dilation = {});

// Attributes of a pooling window with "same" padding.
PoolAttributes SamePool(SpatialDims kernel, SpatialDims stride);

}  // namespace latimer::benchmark

#endif  // LATIMER_CORE_BENCHMARK_LAYER_NETWORK_H_
