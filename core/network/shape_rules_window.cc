#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/checked_math.h"
#include "core/base/status_macros.h"
#include "core/network/shape_rules.h"

namespace latimer::shape_rules {
namespace {

// Larger windows, steps and paddings than any network's; below it, sums of a few of them cannot overflow.
constexpr int64_t kMostExtent = int64_t{1} << 31;

absl::Status CheckExtents(absl::string_view what, const SpatialDims& values, size_t rank, int64_t least) {
  if (values.size() != rank) {
    return BadShape(absl::StrCat(what, " has ", values.size(), " values for ", rank, " spatial dimensions"));
  }
  for (int64_t value : values) {
    if (value < least || value > kMostExtent) {
      return BadShape(absl::StrCat(what, " ", value, " is outside ", least, " to ", kMostExtent));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> SpatialRank(const Shape& input) {
  if (input.size() < 3) {
    return BadShape(absl::StrCat("input ", ShapeToString(input), " has no spatial dimensions (N x C x spatial)"));
  }
  return input.size() - 2;
}

absl::Status CheckConv(const ConvAttributes& conv, const Shape& input) {
  LATIMER_ASSIGN_OR_RETURN(const size_t rank, SpatialRank(input));
  LATIMER_RETURN_IF_ERROR(CheckExtents("kernel", conv.kernel, rank, 1));
  LATIMER_RETURN_IF_ERROR(CheckExtents("stride", conv.stride, rank, 1));
  LATIMER_RETURN_IF_ERROR(CheckExtents("dilation", conv.dilation, rank, 1));
  LATIMER_RETURN_IF_ERROR(CheckExtents("padding", conv.pad_begin, rank, 0));
  LATIMER_RETURN_IF_ERROR(CheckExtents("padding", conv.pad_end, rank, 0));
  if (conv.groups < 1) return BadShape(absl::StrCat("groups is ", conv.groups, "; it is at least 1"));
  if (conv.output_channels < 1) {
    return BadShape(absl::StrCat("there are ", conv.output_channels, " output channels; there is at least 1"));
  }
  if (input[1] % conv.groups != 0 || conv.output_channels % conv.groups != 0) {
    return BadShape(absl::StrCat(conv.groups, " groups do not divide ", input[1], " input and ", conv.output_channels,
                                 " output channels"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Shape> Conv(const ConvAttributes& conv, const Shape& input) {
  LATIMER_RETURN_IF_ERROR(CheckConv(conv, input));
  Shape output{input[0], conv.output_channels};
  for (size_t i = 0; i < conv.kernel.size(); ++i) {
    LATIMER_ASSIGN_OR_RETURN(const int64_t size,
                             WindowOutputSize(input[i + 2], conv.kernel[i], conv.stride[i], conv.dilation[i],
                                              conv.pad_begin[i], conv.pad_end[i], false));
    output.push_back(size);
  }
  return output;
}

absl::StatusOr<Shape> DepthwiseConv(const ConvAttributes& conv, const Shape& input) {
  LATIMER_ASSIGN_OR_RETURN(Shape output, Conv(conv, input));
  if (conv.groups != input[1]) {
    return BadShape(absl::StrCat("a depth-wise convolution has one group per input channel; this one has ", conv.groups,
                                 " groups for ", input[1], " channels"));
  }
  return output;
}

absl::StatusOr<Shape> ConvTranspose(const ConvAttributes& conv, const Shape& input) {
  LATIMER_RETURN_IF_ERROR(CheckConv(conv, input));
  LATIMER_RETURN_IF_ERROR(CheckExtents("output padding", conv.output_padding, conv.kernel.size(), 0));
  Shape output{input[0], conv.output_channels};
  for (size_t i = 0; i < conv.kernel.size(); ++i) {
    const std::optional<int64_t> reach = CheckedMul(input[i + 2] - 1, conv.stride[i]);
    const std::optional<int64_t> extent = CheckedMul(conv.kernel[i] - 1, conv.dilation[i]);
    std::optional<int64_t> size = reach.has_value() && extent.has_value() ? CheckedAdd(*reach, *extent) : std::nullopt;
    if (size.has_value()) {
      size = CheckedAdd(*size, 1 + conv.output_padding[i] - conv.pad_begin[i] - conv.pad_end[i]);
    }
    if (!size.has_value()) return BadShape("the output's size overflows");
    if (*size < 1) {
      return BadShape(absl::StrCat("spatial dimension ", i, " of size ", input[i + 2],
                                   " vanishes: the padding is larger than the output"));
    }
    output.push_back(*size);
  }
  return output;
}

absl::StatusOr<Shape> Pool(const PoolAttributes& pool, const Shape& input) {
  LATIMER_ASSIGN_OR_RETURN(const size_t rank, SpatialRank(input));
  LATIMER_RETURN_IF_ERROR(CheckExtents("window", pool.kernel, rank, 1));
  LATIMER_RETURN_IF_ERROR(CheckExtents("stride", pool.stride, rank, 1));
  LATIMER_RETURN_IF_ERROR(CheckExtents("dilation", pool.dilation, rank, 1));
  LATIMER_RETURN_IF_ERROR(CheckExtents("padding", pool.pad_begin, rank, 0));
  LATIMER_RETURN_IF_ERROR(CheckExtents("padding", pool.pad_end, rank, 0));
  Shape output{input[0], input[1]};
  for (size_t i = 0; i < rank; ++i) {
    LATIMER_ASSIGN_OR_RETURN(const int64_t size,
                             WindowOutputSize(input[i + 2], pool.kernel[i], pool.stride[i], pool.dilation[i],
                                              pool.pad_begin[i], pool.pad_end[i], pool.ceil_mode));
    output.push_back(size);
  }
  return output;
}

absl::StatusOr<Shape> GlobalPool(const Shape& input) {
  LATIMER_RETURN_IF_ERROR(SpatialRank(input).status());
  Shape output(input.size(), 1);
  output[0] = input[0];
  output[1] = input[1];
  return output;
}

}  // namespace latimer::shape_rules

namespace latimer {

absl::StatusOr<int64_t> WindowOutputSize(int64_t input, int64_t kernel, int64_t stride, int64_t dilation,
                                         int64_t pad_begin, int64_t pad_end, bool ceil_mode) {
  if (kernel < 1 || stride < 1 || dilation < 1 || input < 1 || pad_begin < 0 || pad_end < 0) {
    return shape_rules::BadShape("input, window, stride and dilation are at least 1, paddings at least 0");
  }
  const std::optional<int64_t> reach = CheckedMul(kernel - 1, dilation);
  const std::optional<int64_t> padding = CheckedAdd(pad_begin, pad_end);
  std::optional<int64_t> padded = padding.has_value() ? CheckedAdd(input, *padding) : std::nullopt;
  if (padded.has_value() && reach.has_value()) padded = CheckedSub(*padded, *reach);
  if (!padded.has_value() || !reach.has_value()) return shape_rules::BadShape("the output's size overflows");
  const int64_t span = *padded - 1;
  if (span < 0) {
    return shape_rules::BadShape(absl::StrCat("a window of ", kernel, " (dilation ", dilation, ") is larger than ",
                                              input, " elements with ", *padding, " of padding"));
  }
  int64_t output = (ceil_mode ? CeilDiv(span, stride) : span / stride) + 1;
  // A last window that starts in the padding after the input does not count.
  if (ceil_mode && output > 1) {
    const std::optional<int64_t> last = CheckedMul(output - 1, stride);
    const std::optional<int64_t> end = CheckedAdd(input, pad_begin);
    if (!last.has_value() || !end.has_value() || *last >= *end) --output;
  }
  return output;
}

}  // namespace latimer
