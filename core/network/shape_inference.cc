#include "core/network/shape_inference.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/network/shape_rules.h"

namespace latimer {
namespace shape_rules {

absl::Status BadShape(absl::string_view message) { return InvalidArgument("BAD_SHAPE", message); }

}  // namespace shape_rules

namespace {

using shape_rules::BadShape;

template <typename T>
absl::StatusOr<const T*> Get(const LayerAttributes& attributes) {
  const T* value = std::get_if<T>(&attributes);
  if (value == nullptr) return BadShape("the layer's parameters are missing or of another type");
  return value;
}

absl::Status NeedInputs(absl::Span<const Shape> inputs, size_t least) {
  if (inputs.size() >= least) return absl::OkStatus();
  return BadShape(absl::StrCat("there are ", inputs.size(), " inputs; at least ", least, " are needed"));
}

absl::StatusOr<Shape> Broadcast(absl::Span<const Shape> inputs) {
  Shape output = inputs[0];
  for (const Shape& input : inputs.subspan(1)) {
    LATIMER_ASSIGN_OR_RETURN(output, BroadcastShapes(output, input));
  }
  return output;
}

// The first input's shape, after a check that the axis exists.
absl::StatusOr<Shape> SameWithAxis(const LayerAttributes& attributes, const Shape& input) {
  if (const auto* axis = std::get_if<AxisAttributes>(&attributes)) {
    LATIMER_RETURN_IF_ERROR(NormalizeAxis(axis->axis, static_cast<int64_t>(input.size())).status());
  }
  return input;
}

absl::StatusOr<Shape> Resize(const OutputShapeAttributes& attributes, const Shape& input) {
  if (attributes.shape.size() != input.size()) {
    return BadShape(absl::StrCat("cannot resize ", ShapeToString(input), " to ", ShapeToString(attributes.shape)));
  }
  return attributes.shape;
}

absl::StatusOr<Shape> InferOne(LayerType type, const LayerAttributes& attributes, absl::Span<const Shape> inputs) {
  switch (type) {
    case LayerType::kConv: {
      LATIMER_ASSIGN_OR_RETURN(const auto* conv, Get<ConvAttributes>(attributes));
      return shape_rules::Conv(*conv, inputs[0]);
    }
    case LayerType::kDepthwiseConv: {
      LATIMER_ASSIGN_OR_RETURN(const auto* conv, Get<ConvAttributes>(attributes));
      return shape_rules::DepthwiseConv(*conv, inputs[0]);
    }
    case LayerType::kConvTranspose: {
      LATIMER_ASSIGN_OR_RETURN(const auto* conv, Get<ConvAttributes>(attributes));
      return shape_rules::ConvTranspose(*conv, inputs[0]);
    }
    case LayerType::kFullyConnected: {
      LATIMER_ASSIGN_OR_RETURN(const auto* product, Get<FullyConnectedAttributes>(attributes));
      return shape_rules::FullyConnected(*product, inputs[0]);
    }
    case LayerType::kMatMul: {
      LATIMER_RETURN_IF_ERROR(NeedInputs(inputs, 2));
      LATIMER_ASSIGN_OR_RETURN(const auto* product, Get<MatMulAttributes>(attributes));
      return shape_rules::MatMul(*product, inputs[0], inputs[1]);
    }
    case LayerType::kLpPool:
      if (std::holds_alternative<std::monostate>(attributes)) return shape_rules::GlobalPool(inputs[0]);
      [[fallthrough]];
    case LayerType::kMaxPool:
    case LayerType::kAveragePool: {
      LATIMER_ASSIGN_OR_RETURN(const auto* pool, Get<PoolAttributes>(attributes));
      return shape_rules::Pool(*pool, inputs[0]);
    }
    case LayerType::kGlobalMaxPool:
    case LayerType::kGlobalAveragePool:
      return shape_rules::GlobalPool(inputs[0]);
    case LayerType::kSoftmax:
    case LayerType::kLayerNorm:
    case LayerType::kLpNorm:
      return SameWithAxis(attributes, inputs[0]);
    case LayerType::kBatchNorm:
    case LayerType::kLrn:
      return inputs[0];
    case LayerType::kInstanceNorm:
      if (inputs[0].size() < 3) return BadShape("the input has no spatial dimensions (N x C x spatial)");
      return inputs[0];
    case LayerType::kReduce:
    case LayerType::kArgReduce: {
      LATIMER_ASSIGN_OR_RETURN(const auto* reduce, Get<ReduceAttributes>(attributes));
      return shape_rules::Reduce(*reduce, inputs[0]);
    }
    case LayerType::kConcat: {
      LATIMER_ASSIGN_OR_RETURN(const auto* axis, Get<AxisAttributes>(attributes));
      return shape_rules::Concat(*axis, inputs);
    }
    case LayerType::kSlice: {
      LATIMER_ASSIGN_OR_RETURN(const auto* slice, Get<SliceAttributes>(attributes));
      return shape_rules::Slice(*slice, inputs[0]);
    }
    case LayerType::kPad: {
      LATIMER_ASSIGN_OR_RETURN(const auto* pad, Get<PadAttributes>(attributes));
      return shape_rules::Pad(*pad, inputs[0]);
    }
    case LayerType::kTranspose: {
      LATIMER_ASSIGN_OR_RETURN(const auto* transpose, Get<TransposeAttributes>(attributes));
      return shape_rules::Transpose(*transpose, inputs[0]);
    }
    case LayerType::kGather: {
      // Selection of single elements says its output's shape.
      if (const auto* target = std::get_if<OutputShapeAttributes>(&attributes)) return target->shape;
      LATIMER_RETURN_IF_ERROR(NeedInputs(inputs, 2));
      LATIMER_ASSIGN_OR_RETURN(const auto* axis, Get<AxisAttributes>(attributes));
      return shape_rules::Gather(*axis, inputs[0], inputs[1]);
    }
    case LayerType::kReshape: {
      LATIMER_ASSIGN_OR_RETURN(const auto* target, Get<OutputShapeAttributes>(attributes));
      return shape_rules::Reshape(*target, inputs[0]);
    }
    case LayerType::kResize: {
      LATIMER_ASSIGN_OR_RETURN(const auto* target, Get<OutputShapeAttributes>(attributes));
      return Resize(*target, inputs[0]);
    }
    case LayerType::kExpand: {
      LATIMER_ASSIGN_OR_RETURN(const auto* target, Get<OutputShapeAttributes>(attributes));
      return target->shape;
    }
    case LayerType::kDepthToSpace: {
      LATIMER_ASSIGN_OR_RETURN(const auto* target, Get<OutputShapeAttributes>(attributes));
      return shape_rules::DepthToSpace(*target, inputs[0]);
    }
    case LayerType::kUnknown: {
      const auto* target = std::get_if<OutputShapeAttributes>(&attributes);
      return target == nullptr ? inputs[0] : target->shape;
    }
    default:
      if (IsElementwiseBroadcast(type)) {
        // A constant operand may be larger than the activations; then the layer says its output's shape.
        const auto* target = std::get_if<OutputShapeAttributes>(&attributes);
        if (target == nullptr) return Broadcast(inputs);
        LATIMER_ASSIGN_OR_RETURN(Shape own, Broadcast(inputs));
        LATIMER_ASSIGN_OR_RETURN(const Shape both, BroadcastShapes(own, target->shape));
        if (both == target->shape) return both;
        return BadShape(absl::StrCat("the inputs broadcast to ", ShapeToString(own), ", which does not fit the output ",
                                     ShapeToString(target->shape)));
      }
      if (IsElementwiseUnary(type)) return inputs[0];
      return BadShape(absl::StrCat("there is no rule for layer type ", LayerTypeName(type)));
  }
}

absl::Status CheckOutput(const Shape& shape) {
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] < 1) return BadShape(absl::StrCat("output dimension ", i, " is ", shape[i], "; it is at least 1"));
  }
  absl::StatusOr<int64_t> elements = CheckedNumElements(shape);
  return elements.ok() ? absl::OkStatus() : BadShape(elements.status().message());
}

}  // namespace

absl::StatusOr<ShapeList> InferOutputShapes(LayerType type, const LayerAttributes& attributes,
                                            absl::Span<const Shape> inputs) {
  // An unknown operator without inputs still has a shape if the source declares one.
  if (type != LayerType::kUnknown || !std::holds_alternative<OutputShapeAttributes>(attributes)) {
    LATIMER_RETURN_IF_ERROR(NeedInputs(inputs, 1));
  }
  ShapeList outputs;
  if (type == LayerType::kSplit) {
    LATIMER_ASSIGN_OR_RETURN(const auto* split, Get<SplitAttributes>(attributes));
    LATIMER_ASSIGN_OR_RETURN(outputs, shape_rules::Split(*split, inputs[0]));
  } else {
    LATIMER_ASSIGN_OR_RETURN(Shape output, InferOne(type, attributes, inputs));
    outputs.push_back(std::move(output));
  }
  for (const Shape& shape : outputs) LATIMER_RETURN_IF_ERROR(CheckOutput(shape));
  return outputs;
}

}  // namespace latimer
