// Convolutions and pooling.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/network/onnx/handlers.h"

namespace latimer::onnx_internal {
namespace {

struct Window {
  SpatialDims kernel;
  SpatialDims stride;
  SpatialDims dilation;
  SpatialDims pad_begin;
  SpatialDims pad_end;
};

absl::StatusOr<SpatialDims> SpatialInts(const NodeContext& node, absl::string_view name, size_t rank,
                                        int64_t default_value) {
  const std::optional<std::vector<int64_t>> values = node.Ints(name);
  if (!values.has_value() || values->empty()) return SpatialDims(rank, default_value);
  if (values->size() != rank) {
    return node.Bad("BAD_ATTRIBUTE", absl::StrCat("its attribute ", name, " has ", values->size(), " values for ", rank,
                                                  " spatial dimensions"));
  }
  return SpatialDims(values->begin(), values->end());
}

// Strides, dilations and padding over `input` (N x C x spatial), auto_pad resolved.
absl::StatusOr<Window> ReadWindow(const NodeContext& node, const Shape& input, SpatialDims kernel) {
  const size_t rank = kernel.size();
  if (input.size() != rank + 2) {
    return node.Bad("BAD_SHAPE", absl::StrCat("its input ", ShapeToString(input), " does not fit a window of ", rank,
                                              " spatial dimensions"));
  }
  Window window;
  LATIMER_ASSIGN_OR_RETURN(window.stride, SpatialInts(node, "strides", rank, 1));
  LATIMER_ASSIGN_OR_RETURN(window.dilation, SpatialInts(node, "dilations", rank, 1));
  window.kernel = std::move(kernel);
  window.pad_begin.assign(rank, 0);
  window.pad_end.assign(rank, 0);
  for (size_t i = 0; i < rank; ++i) {
    constexpr int64_t kMost = int64_t{1} << 24;  // products of two stay far below 2^62
    if (window.kernel[i] < 1 || window.stride[i] < 1 || window.dilation[i] < 1 || window.kernel[i] > kMost ||
        window.stride[i] > kMost || window.dilation[i] > kMost) {
      return node.Bad("BAD_ATTRIBUTE", "kernel, strides and dilations are between 1 and 2^24");
    }
  }
  const absl::string_view auto_pad = node.String("auto_pad", "NOTSET");
  if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
    for (size_t i = 0; i < rank; ++i) {
      const int64_t reach = (window.kernel[i] - 1) * window.dilation[i] + 1;
      const int64_t outputs = (input[i + 2] - 1) / window.stride[i] + 1;
      const int64_t total = std::max<int64_t>(0, (outputs - 1) * window.stride[i] + reach - input[i + 2]);
      const int64_t less = total / 2;
      window.pad_begin[i] = auto_pad == "SAME_UPPER" ? less : total - less;
      window.pad_end[i] = total - window.pad_begin[i];
    }
  } else if (auto_pad != "VALID") {
    const std::optional<std::vector<int64_t>> pads = node.Ints("pads");
    if (pads.has_value() && !pads->empty()) {
      if (pads->size() != 2 * rank) {
        return node.Bad("BAD_ATTRIBUTE",
                        absl::StrCat("its attribute pads has ", pads->size(), " values instead of ", 2 * rank));
      }
      window.pad_begin.assign(pads->begin(), pads->begin() + static_cast<std::ptrdiff_t>(rank));
      window.pad_end.assign(pads->begin() + static_cast<std::ptrdiff_t>(rank), pads->end());
    }
  }
  return window;
}

// Kernel size from the weights' shape, which the attribute may repeat.
absl::StatusOr<SpatialDims> KernelOf(const NodeContext& node, const Shape& weights) {
  if (weights.size() < 3) {
    return node.Bad("BAD_SHAPE", absl::StrCat("its weights ", ShapeToString(weights), " have no spatial dimensions"));
  }
  const SpatialDims kernel(weights.begin() + 2, weights.end());
  const std::optional<std::vector<int64_t>> declared = node.Ints("kernel_shape");
  if (declared.has_value() && !declared->empty() &&
      !std::equal(declared->begin(), declared->end(), kernel.begin(), kernel.end())) {
    return node.Bad("BAD_ATTRIBUTE",
                    absl::StrCat("its attribute kernel_shape contradicts the weights ", ShapeToString(weights)));
  }
  return kernel;
}

absl::Status CheckBias(const NodeContext& node, size_t bias, int64_t channels) {
  if (!node.HasInput(bias) || NumElements(node.InputShape(bias)) == channels) return absl::OkStatus();
  return node.Bad("BAD_SHAPE", absl::StrCat("its bias ", ShapeToString(node.InputShape(bias)), " does not fit its ",
                                            channels, " output channels"));
}

absl::Status Convolution(NodeContext& node, size_t data, size_t weights, size_t bias, DataType output_type) {
  LATIMER_RETURN_IF_ERROR(node.Need(data));
  LATIMER_RETURN_IF_ERROR(node.Need(weights));
  const Shape input = node.InputShape(data);
  const Shape w = node.InputShape(weights);
  LATIMER_ASSIGN_OR_RETURN(SpatialDims kernel, KernelOf(node, w));
  LATIMER_ASSIGN_OR_RETURN(Window window, ReadWindow(node, input, std::move(kernel)));
  ConvAttributes conv;
  conv.kernel = std::move(window.kernel);
  conv.stride = std::move(window.stride);
  conv.dilation = std::move(window.dilation);
  conv.pad_begin = std::move(window.pad_begin);
  conv.pad_end = std::move(window.pad_end);
  conv.output_padding.assign(conv.kernel.size(), 0);
  conv.groups = node.Int("group", 1);
  conv.output_channels = w[0];
  conv.bias = node.HasInput(bias);
  if (conv.groups < 1 || conv.groups > input[1] || w[1] != input[1] / conv.groups) {
    return node.Bad("BAD_SHAPE", absl::StrCat("its weights ", ShapeToString(w), " with ", conv.groups,
                                              " groups do not fit the input ", ShapeToString(input)));
  }
  LATIMER_RETURN_IF_ERROR(CheckBias(node, bias, conv.output_channels));
  const bool depthwise = conv.groups == input[1] && conv.groups > 1;
  return node.Emit(depthwise ? LayerType::kDepthwiseConv : LayerType::kConv, std::move(conv), {data}, {weights, bias},
                   output_type);
}

absl::Status Conv(NodeContext& node) { return Convolution(node, 0, 1, 2, DataType::kUnspecified); }

absl::Status QLinearConv(NodeContext& node) { return Convolution(node, 0, 3, 8, DataType::kUnspecified); }

absl::Status ConvInteger(NodeContext& node) {
  constexpr size_t kNoBias = 99;
  return Convolution(node, 0, 1, kNoBias, DataType::kInt32);
}

absl::Status ConvTranspose(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  LATIMER_RETURN_IF_ERROR(node.Need(1));
  const Shape input = node.InputShape(0);
  const Shape w = node.InputShape(1);
  LATIMER_ASSIGN_OR_RETURN(SpatialDims kernel, KernelOf(node, w));
  LATIMER_ASSIGN_OR_RETURN(Window window, ReadWindow(node, input, std::move(kernel)));
  ConvAttributes conv;
  const size_t rank = window.kernel.size();
  LATIMER_ASSIGN_OR_RETURN(conv.output_padding, SpatialInts(node, "output_padding", rank, 0));
  // Padding follows from the output's size where that is given or "same" is wanted.
  const absl::string_view auto_pad = node.String("auto_pad", "NOTSET");
  const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  std::optional<std::vector<int64_t>> output_shape = node.Ints("output_shape");
  if (output_shape.has_value() && output_shape->size() == rank + 2)
    output_shape->erase(output_shape->begin(), output_shape->begin() + 2);
  if (output_shape.has_value() && output_shape->size() != rank) {
    return node.Bad("BAD_ATTRIBUTE", "its attribute output_shape does not fit the weights");
  }
  if (same || output_shape.has_value()) {
    for (size_t i = 0; i < rank; ++i) {
      if (input[i + 2] > int64_t{1} << 31 || conv.output_padding[i] < 0 || conv.output_padding[i] > int64_t{1} << 31 ||
          (output_shape.has_value() && ((*output_shape)[i] < 1 || (*output_shape)[i] > int64_t{1} << 60))) {
        return node.Bad("BAD_SHAPE", "its sizes are out of range");
      }
      const int64_t wanted = output_shape.has_value() ? (*output_shape)[i] : input[i + 2] * window.stride[i];
      const int64_t full = (input[i + 2] - 1) * window.stride[i] + (window.kernel[i] - 1) * window.dilation[i] + 1 +
                           conv.output_padding[i];
      const int64_t total = full - wanted;
      if (total < 0) {
        conv.output_padding[i] -= total;
        window.pad_begin[i] = window.pad_end[i] = 0;
        continue;
      }
      const int64_t less = total / 2;
      window.pad_begin[i] = auto_pad == "SAME_UPPER" ? less : total - less;
      window.pad_end[i] = total - window.pad_begin[i];
    }
  }
  conv.kernel = std::move(window.kernel);
  conv.stride = std::move(window.stride);
  conv.dilation = std::move(window.dilation);
  conv.pad_begin = std::move(window.pad_begin);
  conv.pad_end = std::move(window.pad_end);
  conv.groups = node.Int("group", 1);
  if (conv.groups < 1 || w[1] < 1 || conv.groups > int64_t{1} << 31 || w[1] > int64_t{1} << 31) {
    return node.Bad("BAD_ATTRIBUTE", "its groups or output channels are out of range");
  }
  conv.output_channels = w[1] * conv.groups;
  conv.bias = node.HasInput(2);
  if (w[0] != input[1]) {
    return node.Bad("BAD_SHAPE",
                    absl::StrCat("its weights ", ShapeToString(w), " do not fit the input ", ShapeToString(input)));
  }
  LATIMER_RETURN_IF_ERROR(CheckBias(node, 2, conv.output_channels));
  return node.Emit(LayerType::kConvTranspose, std::move(conv), {0}, {1, 2});
}

absl::Status Pool(NodeContext& node, LayerType type) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  const std::optional<std::vector<int64_t>> kernel = node.Ints("kernel_shape");
  if (!kernel.has_value() || kernel->empty())
    return node.Bad("MISSING_ATTRIBUTE", "its attribute kernel_shape is missing");
  LATIMER_ASSIGN_OR_RETURN(Window window,
                           ReadWindow(node, node.InputShape(0), SpatialDims(kernel->begin(), kernel->end())));
  PoolAttributes pool;
  pool.kernel = std::move(window.kernel);
  pool.stride = std::move(window.stride);
  pool.dilation = std::move(window.dilation);
  pool.pad_begin = std::move(window.pad_begin);
  pool.pad_end = std::move(window.pad_end);
  pool.ceil_mode = node.Int("ceil_mode", 0) != 0;
  return node.Emit(type, std::move(pool), {0});
}

absl::Status MaxPool(NodeContext& node) { return Pool(node, LayerType::kMaxPool); }
absl::Status AveragePool(NodeContext& node) { return Pool(node, LayerType::kAveragePool); }
absl::Status LpPool(NodeContext& node) { return Pool(node, LayerType::kLpPool); }
absl::Status GlobalMaxPool(NodeContext& node) { return node.Emit(LayerType::kGlobalMaxPool, {}, {0}); }
absl::Status GlobalAveragePool(NodeContext& node) { return node.Emit(LayerType::kGlobalAveragePool, {}, {0}); }
absl::Status GlobalLpPool(NodeContext& node) { return node.Emit(LayerType::kLpPool, {}, {0}); }

}  // namespace

void AddWindowHandlers(HandlerTable& table) {
  table["Conv"] = Conv;
  table["QLinearConv"] = QLinearConv;
  table["ConvInteger"] = ConvInteger;
  table["ConvTranspose"] = ConvTranspose;
  table["MaxPool"] = MaxPool;
  table["AveragePool"] = AveragePool;
  table["LpPool"] = LpPool;
  table["GlobalMaxPool"] = GlobalMaxPool;
  table["GlobalAveragePool"] = GlobalAveragePool;
  table["GlobalLpPool"] = GlobalLpPool;
}

}  // namespace latimer::onnx_internal
