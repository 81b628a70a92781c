#include "core/refinement/queried_subject.h"

#include <algorithm>

#include "core/benchmark/layer_network.h"
#include "core/network/layer_type.h"

namespace latimer::refinement {
namespace {

constexpr double kMostOperations = 4e9;
constexpr int64_t kMostElements = 32'000'000;

// Sizes of a map of as many dimensions as the layer has.
template <typename Dims>
void AppendSpatial(const UnitFeatures& f, int64_t d, int64_t h, int64_t w, Dims& to) {
  if (f.in_d > 1 || f.kernel_d > 1) to.push_back(d);
  to.push_back(h);
  to.push_back(w);
}

Shape MapShape(const UnitFeatures& f, int64_t channels) {
  Shape shape = {f.batch, channels};
  AppendSpatial(f, f.in_d, f.in_h, f.in_w, shape);
  return shape;
}

absl::StatusOr<Network> Build(const UnitFeatures& f) {
  SpatialDims kernel, stride, dilation;
  AppendSpatial(f, f.kernel_d, f.kernel_h, f.kernel_w, kernel);
  AppendSpatial(f, f.stride_d, f.stride_h, f.stride_w, stride);
  AppendSpatial(f, 1, f.dilation_h, f.dilation_w, dilation);
  switch (f.type) {
    case LayerType::kConv:
    case LayerType::kDepthwiseConv:
      return benchmark::LayerNetwork(f.type, benchmark::SameConv(kernel, stride, f.c_out, f.groups, dilation),
                                     {MapShape(f, f.c_in * f.groups)});
    case LayerType::kFullyConnected:
      return benchmark::LayerNetwork(f.type, FullyConnectedAttributes{f.c_in, f.c_out, true},
                                     {f.batch == 1 ? Shape{1, f.c_in} : Shape{1, f.batch, f.c_in}});
    case LayerType::kMatMul:
      return benchmark::LayerNetwork(f.type, MatMulAttributes{},
                                     {Shape{1, f.batch, f.out_w, f.c_in}, Shape{1, f.batch, f.c_in, f.c_out}});
    case LayerType::kMaxPool:
    case LayerType::kAveragePool:
      return benchmark::LayerNetwork(f.type, benchmark::SamePool(kernel, stride), {MapShape(f, f.c_in)});
    case LayerType::kAdd:
    case LayerType::kMul:
    case LayerType::kSub:
      return benchmark::LayerNetwork(f.type, {}, {MapShape(f, f.c_in), MapShape(f, f.c_in)});
    default:
      if (!IsElementwiseUnary(f.type)) return absl::UnimplementedError("features do not tell enough");
      return benchmark::LayerNetwork(f.type, {}, {MapShape(f, f.c_in)});
  }
}

}  // namespace

std::optional<Network> QueriedSubject(const UnitFeatures& features) {
  if (!(features.operations >= 0 && features.operations <= kMostOperations)) return std::nullopt;
  absl::StatusOr<Network> network = Build(features);
  if (!network.ok()) return std::nullopt;
  for (const Tensor& tensor : network->tensors) {
    if (NumElements(tensor.shape) > kMostElements) return std::nullopt;
  }
  return *std::move(network);
}

}  // namespace latimer::refinement
