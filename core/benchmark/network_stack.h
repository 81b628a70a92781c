// Writes networks the way architectures are described: layer after layer, with branches taken from kept tensors.
//
//   NetworkStack stack({1, 3, 224, 224});
//   stack.Conv({.kernel = 7, .stride = 2, .channels = 64});
//   const TensorId shortcut = stack.tip;
//   …
//   stack.Add(main, shortcut);
//   LATIMER_ASSIGN_OR_RETURN(Network network, std::move(stack).Finish("resnet"));
//
// The first error stops all that follows and is returned by Finish().
#ifndef LATIMER_CORE_BENCHMARK_NETWORK_STACK_H_
#define LATIMER_CORE_BENCHMARK_NETWORK_STACK_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/network/network.h"
#include "core/network/network_builder.h"

namespace latimer::benchmark {

class NetworkStack {
 public:
  // A square (or, with `kernel_w`, rectangular) convolution with "same" padding and its activation.
  struct ConvSpec {
    int64_t kernel = 1;
    int64_t stride = 1;
    int64_t channels = 0;
    int64_t groups = 1;
    int64_t dilation = 1;
    int64_t kernel_w = 0;                     // 0: as `kernel`
    LayerType activation = LayerType::kRelu;  // kUnspecified: none
  };

  explicit NetworkStack(const Shape& input);

  TensorId Input(const Shape& shape);
  // The most general form; the others end here.
  TensorId Append(LayerType type, const LayerAttributes& attributes, absl::InlinedVector<TensorId, 4> inputs);

  // Each reads the tip and becomes it.
  TensorId Conv(const ConvSpec& spec);
  // Windows that neither overlap nor reach into padding.
  TensorId Patches(int64_t side, int64_t channels);
  TensorId Depthwise(int64_t kernel, int64_t stride, LayerType activation, int64_t dilation = 1);
  TensorId ConvTranspose(int64_t kernel, int64_t stride, int64_t channels);
  TensorId Activate(LayerType type);
  TensorId BatchNorm();
  // Element-wise with a constant of that shape, such as a scale per channel.
  TensorId WithConstant(LayerType type, const Shape& constant);
  TensorId LayerNorm();
  TensorId MaxPool(int64_t kernel, int64_t stride);
  TensorId AveragePool(int64_t kernel, int64_t stride);
  TensorId GlobalAveragePool();
  TensorId FullyConnected(int64_t outputs, LayerType activation = LayerType::kUnspecified);
  TensorId Reshape(const Shape& shape);
  TensorId Transpose(const Shape& permutation);
  TensorId Softmax();
  TensorId Resize(int64_t height, int64_t width);
  // The first `size` channels and the rest.
  std::pair<TensorId, TensorId> SplitChannels(int64_t size);
  // Global pooling, flattening, one fully connected layer.
  void Classify(int64_t classes);

  // Of kept tensors; the result becomes the tip.
  TensorId Add(TensorId a, TensorId b);
  TensorId Mul(TensorId a, TensorId b);
  TensorId MatMul(TensorId a, TensorId b);
  TensorId Concat(absl::InlinedVector<TensorId, 4> inputs, int64_t axis = 1);

  const Shape& ShapeOf(TensorId tensor) const;
  const Shape& shape() const { return ShapeOf(tip); }
  int64_t channels() const { return shape().size() > 1 ? shape()[1] : 0; }
  bool ok() const { return status_.ok(); }

  absl::StatusOr<Network> Finish(absl::string_view name) &&;

  TensorId tip = kNone;

 private:
  absl::InlinedVector<ConstantId, 2> Parameters(int count, const Shape& shape);
  TensorId AppendLayer(LayerSpec spec);  // names it

  NetworkBuilder builder_;
  absl::Status status_;
  int next_ = 0;
};

}  // namespace latimer::benchmark

#endif  // LATIMER_CORE_BENCHMARK_NETWORK_STACK_H_
