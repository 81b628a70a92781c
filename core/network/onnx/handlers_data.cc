// Moving data without computing.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/checked_math.h"
#include "core/base/status_macros.h"
#include "core/network/onnx/handlers.h"
#include "core/network/shape_inference.h"

namespace latimer::onnx_internal {
namespace {

absl::StatusOr<int64_t> Normal(const NodeContext& node, int64_t axis, size_t rank) {
  absl::StatusOr<int64_t> normal = NormalizeAxis(axis, static_cast<int64_t>(rank));
  if (!normal.ok()) return node.Bad("BAD_AXIS", normal.status().message()).ToStatus();
  return normal;
}

Shape ToShape(const std::vector<int64_t>& values) { return Shape(values.begin(), values.end()); }

// An attribute of older operator sets that became input `i`.
absl::StatusOr<std::optional<std::vector<int64_t>>> AttributeOrInput(const NodeContext& node, absl::string_view name,
                                                                     size_t i) {
  if (node.HasInput(i)) {
    LATIMER_ASSIGN_OR_RETURN(std::vector<int64_t> values, node.Integers(i, name));
    return std::optional<std::vector<int64_t>>(std::move(values));
  }
  return node.Ints(name);
}

absl::Status Concat(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  LATIMER_ASSIGN_OR_RETURN(const int64_t axis, Normal(node, node.Int("axis", 1), node.InputShape(0).size()));
  if (node.input_count() == 1) return node.EmitAlias(0);
  return node.EmitAllInputs(LayerType::kConcat, AxisAttributes{axis});
}

absl::Status Split(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  const Shape& input = node.InputShape(0);
  LATIMER_ASSIGN_OR_RETURN(const int64_t axis, Normal(node, node.Int("axis", 0), input.size()));
  LATIMER_ASSIGN_OR_RETURN(std::optional<std::vector<int64_t>> sizes, AttributeOrInput(node, "split", 1));
  SplitAttributes split;
  split.axis = axis;
  if (sizes.has_value() && !sizes->empty()) {
    split.sizes = ToShape(*sizes);
  } else {
    const int64_t parts = std::max(1, node.node().output_size());
    const int64_t size = CeilDiv(input[static_cast<size_t>(axis)], parts);
    for (int64_t left = input[static_cast<size_t>(axis)]; left > 0; left -= size) {
      split.sizes.push_back(std::min(size, left));
    }
  }
  if (static_cast<int>(split.sizes.size()) != node.node().output_size()) {
    return node.Bad("BAD_SPLIT", absl::StrCat("it splits into ", split.sizes.size(), " parts and has ",
                                              node.node().output_size(), " outputs"));
  }
  return node.Emit(LayerType::kSplit, std::move(split), {0});
}

absl::Status Slice(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  const size_t rank = node.InputShape(0).size();
  LATIMER_ASSIGN_OR_RETURN(std::optional<std::vector<int64_t>> starts, AttributeOrInput(node, "starts", 1));
  LATIMER_ASSIGN_OR_RETURN(std::optional<std::vector<int64_t>> ends, AttributeOrInput(node, "ends", 2));
  LATIMER_ASSIGN_OR_RETURN(std::optional<std::vector<int64_t>> axes, AttributeOrInput(node, "axes", 3));
  LATIMER_ASSIGN_OR_RETURN(std::optional<std::vector<int64_t>> steps, AttributeOrInput(node, "steps", 4));
  if (!starts.has_value() || !ends.has_value()) return node.Bad("MISSING_ATTRIBUTE", "its starts or ends are missing");
  SliceAttributes slice;
  slice.starts = ToShape(*starts);
  slice.ends = ToShape(*ends);
  if (axes.has_value()) {
    for (int64_t axis : *axes) {
      LATIMER_ASSIGN_OR_RETURN(const int64_t normal, Normal(node, axis, rank));
      slice.axes.push_back(normal);
    }
  } else {
    for (size_t i = 0; i < starts->size(); ++i) slice.axes.push_back(static_cast<int64_t>(i));
  }
  slice.steps = steps.has_value() ? ToShape(*steps) : Shape(starts->size(), 1);
  return node.Emit(LayerType::kSlice, std::move(slice), {0});
}

absl::Status Pad(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  const size_t rank = node.InputShape(0).size();
  LATIMER_ASSIGN_OR_RETURN(std::optional<std::vector<int64_t>> pads, AttributeOrInput(node, "pads", 1));
  if (!pads.has_value()) pads = node.Ints("paddings");
  if (!pads.has_value() || pads->size() != 2 * rank) {
    return node.Bad("BAD_ATTRIBUTE", absl::StrCat("its pads are not two for each of ", rank, " dimensions"));
  }
  PadAttributes pad;
  pad.begin.assign(pads->begin(), pads->begin() + static_cast<std::ptrdiff_t>(rank));
  pad.end.assign(pads->begin() + static_cast<std::ptrdiff_t>(rank), pads->end());
  if (std::all_of(pads->begin(), pads->end(), [](int64_t p) { return p == 0; })) return node.EmitAlias(0);
  return node.Emit(LayerType::kPad, std::move(pad), {0});
}

absl::Status Transpose(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  TransposeAttributes transpose;
  if (std::optional<std::vector<int64_t>> permutation = node.Ints("perm"); permutation.has_value()) {
    transpose.permutation = ToShape(*permutation);
  } else {
    for (size_t i = node.InputShape(0).size(); i-- > 0;) transpose.permutation.push_back(static_cast<int64_t>(i));
  }
  return node.Emit(LayerType::kTranspose, std::move(transpose), {0});
}

absl::Status Gather(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  LATIMER_RETURN_IF_ERROR(node.Need(1));
  LATIMER_ASSIGN_OR_RETURN(const int64_t axis, Normal(node, node.Int("axis", 0), node.InputShape(0).size()));
  // The elements have the table's type, also where only the indices are an activation.
  DataType type = DataType::kUnspecified;
  if (node.IsConstant(0)) type = node.Constant(0)->type;
  return node.Emit(LayerType::kGather, AxisAttributes{axis}, {0, 1}, {}, type);
}

absl::Status GatherElements(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(1));
  return node.Emit(LayerType::kGather, OutputShapeAttributes{node.InputShape(1)}, {0, 1});
}

absl::Status GatherNd(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  LATIMER_RETURN_IF_ERROR(node.Need(1));
  const Shape& data = node.InputShape(0);
  const Shape& indices = node.InputShape(1);
  const int64_t batch = node.Int("batch_dims", 0);
  if (indices.empty() || batch < 0 || indices.back() + batch > static_cast<int64_t>(data.size())) {
    return node.Bad("BAD_SHAPE", "its indices do not fit the data");
  }
  Shape shape(indices.begin(), indices.end() - 1);
  shape.insert(shape.end(), data.begin() + batch + indices.back(), data.end());
  return node.Emit(LayerType::kGather, OutputShapeAttributes{std::move(shape)}, {0, 1});
}

absl::Status Expand(NodeContext& node) {
  LATIMER_ASSIGN_OR_RETURN(const std::vector<int64_t> target, node.Integers(1, "shape"));
  absl::StatusOr<Shape> shape = BroadcastShapes(node.InputShape(0), target);
  if (!shape.ok()) return node.Bad("BAD_SHAPE", shape.status().message());
  if (*shape == node.InputShape(0)) return node.EmitAlias(0);
  return node.Emit(LayerType::kExpand, OutputShapeAttributes{*std::move(shape)}, {0});
}

absl::Status Tile(NodeContext& node) {
  LATIMER_ASSIGN_OR_RETURN(const std::vector<int64_t> repeats, node.Integers(1, "repeats"));
  Shape shape = node.InputShape(0);
  if (repeats.size() != shape.size()) return node.Bad("BAD_SHAPE", "its repeats do not fit the input");
  for (size_t i = 0; i < shape.size(); ++i) {
    const std::optional<int64_t> size = CheckedMul(shape[i], repeats[i]);
    if (!size.has_value()) return node.Bad("SHAPE_OVERFLOW", "its output overflows");
    shape[i] = *size;
  }
  if (shape == node.InputShape(0)) return node.EmitAlias(0);
  return node.Emit(LayerType::kExpand, OutputShapeAttributes{std::move(shape)}, {0});
}

absl::Status DepthToSpace(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  const Shape& in = node.InputShape(0);
  const int64_t block = node.Int("blocksize", 0);
  if (in.size() != 4 || block < 1 || block > 1 << 15)
    return node.Bad("BAD_ATTRIBUTE", "its input or blocksize is wrong");
  const bool to_space = node.op() == "DepthToSpace";
  if (to_space ? in[1] % (block * block) != 0 : in[2] % block != 0 || in[3] % block != 0) {
    return node.Bad("BAD_SHAPE", absl::StrCat("its input ", ShapeToString(in), " does not divide by ", block));
  }
  Shape out = to_space ? Shape{in[0], in[1] / (block * block), in[2], in[3]}
                       : Shape{in[0], in[1], in[2] / block, in[3] / block};
  // Products are taken checked: the sizes come from the model.
  const std::optional<int64_t> a = to_space ? CheckedMul(in[2], block) : CheckedMul(in[1], block * block);
  const std::optional<int64_t> b = to_space ? CheckedMul(in[3], block) : std::optional<int64_t>(out[3]);
  if (!a.has_value() || !b.has_value()) return node.Bad("SHAPE_OVERFLOW", "its output overflows");
  out[to_space ? 2 : 1] = *a;
  out[3] = *b;
  return node.Emit(LayerType::kDepthToSpace, OutputShapeAttributes{std::move(out)}, {0});
}

// The batch dimension of a reshape is often a number in the file. Where the caller asked for another batch size, it is
// scaled with it.
Shape ReshapeTarget(const NodeContext& node, const std::vector<int64_t>& given, int64_t batch_factor) {
  const Shape& input = node.InputShape(0);
  Shape target;
  bool open = false;
  for (size_t i = 0; i < given.size(); ++i) {
    const bool copy = given[i] == 0 && i < input.size() && node.Int("allowzero", 0) == 0;
    target.push_back(copy ? input[i] : given[i]);
    open = open || given[i] == -1;
  }
  if (batch_factor > 1 && !target.empty() && target[0] > 0) {
    absl::StatusOr<int64_t> elements = open ? absl::StatusOr<int64_t>(0) : CheckedNumElements(target);
    const std::optional<int64_t> scaled = CheckedMul(target[0], batch_factor);
    const bool fits =
        elements.ok() && scaled.has_value() &&
        (open ? !input.empty() && *scaled == input[0] : CheckedMul(*elements, batch_factor) == NumElements(input));
    if (fits) target[0] = *scaled;
  }
  return target;
}

absl::Status Reshape(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  LATIMER_ASSIGN_OR_RETURN(const std::optional<std::vector<int64_t>> given, AttributeOrInput(node, "shape", 1));
  if (!given.has_value()) return node.Bad("MISSING_ATTRIBUTE", "its shape is missing");
  if (static_cast<int64_t>(given->size()) > node.state().options.limits.max_rank) {
    return node.Bad("TOO_MANY_DIMENSIONS", absl::StrCat("its output has ", given->size(), " dimensions"));
  }
  return node.Emit(LayerType::kReshape, OutputShapeAttributes{ReshapeTarget(node, *given, node.state().batch_factor)},
                   {0});
}

absl::Status Flatten(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  const Shape& input = node.InputShape(0);
  const auto rank = static_cast<int64_t>(input.size());
  int64_t axis = node.Int("axis", 1);
  if (axis < 0) axis += rank;
  if (axis < 0 || axis > rank) return node.Bad("BAD_AXIS", absl::StrCat("its axis is outside ", rank, " dimensions"));
  Shape shape{1, 1};
  for (int64_t i = 0; i < rank; ++i) shape[i < axis ? 0 : 1] *= input[static_cast<size_t>(i)];
  return node.Emit(LayerType::kReshape, OutputShapeAttributes{std::move(shape)}, {0});
}

absl::Status Squeeze(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  const Shape& input = node.InputShape(0);
  LATIMER_ASSIGN_OR_RETURN(const std::optional<std::vector<int64_t>> axes, AttributeOrInput(node, "axes", 1));
  std::vector<bool> removed(input.size(), false);
  if (axes.has_value()) {
    for (int64_t axis : *axes) {
      LATIMER_ASSIGN_OR_RETURN(const int64_t normal, Normal(node, axis, input.size()));
      if (input[static_cast<size_t>(normal)] != 1) {
        return node.Bad("BAD_AXIS", absl::StrCat("dimension ", normal, " of ", ShapeToString(input), " is not 1"));
      }
      removed[static_cast<size_t>(normal)] = true;
    }
  } else {
    for (size_t i = 0; i < input.size(); ++i) removed[i] = input[i] == 1;
  }
  Shape shape;
  for (size_t i = 0; i < input.size(); ++i) {
    if (!removed[i]) shape.push_back(input[i]);
  }
  return node.Emit(LayerType::kReshape, OutputShapeAttributes{std::move(shape)}, {0});
}

absl::Status Unsqueeze(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  const Shape& input = node.InputShape(0);
  LATIMER_ASSIGN_OR_RETURN(const std::optional<std::vector<int64_t>> axes, AttributeOrInput(node, "axes", 1));
  if (!axes.has_value()) return node.Bad("MISSING_ATTRIBUTE", "its axes are missing");
  const size_t rank = input.size() + axes->size();
  std::vector<bool> added(rank, false);
  for (int64_t axis : *axes) {
    LATIMER_ASSIGN_OR_RETURN(const int64_t normal, Normal(node, axis, rank));
    if (added[static_cast<size_t>(normal)]) return node.Bad("BAD_AXIS", "an axis is named twice");
    added[static_cast<size_t>(normal)] = true;
  }
  Shape shape;
  size_t next = 0;
  for (bool one : added) shape.push_back(one ? 1 : input[next++]);
  return node.Emit(LayerType::kReshape, OutputShapeAttributes{std::move(shape)}, {0});
}

// Upsample (7: attribute scales, 9: input) and Resize (10: input 1; from 11: roi, scales, sizes).
absl::Status Resize(NodeContext& node) {
  LATIMER_RETURN_IF_ERROR(node.Need(0));
  const Shape& input = node.InputShape(0);
  const bool eleven = node.op() == "Resize" && node.opset() >= 11;
  const size_t scales_at = eleven ? 2 : 1;
  if (eleven && node.HasInput(3)) {
    LATIMER_ASSIGN_OR_RETURN(const std::vector<int64_t> sizes, node.Integers(3, "sizes"));
    if (sizes.size() == input.size()) return node.Emit(LayerType::kResize, OutputShapeAttributes{ToShape(sizes)}, {0});
  }
  std::vector<double> scales;
  if (const onnx::AttributeProto* attribute = node.Attribute("scales"); attribute != nullptr) {
    scales.assign(attribute->floats().begin(), attribute->floats().end());
  } else {
    const std::optional<std::vector<double>> given = node.Numbers(scales_at);
    if (!given.has_value()) {
      return node.Bad("DYNAMIC_PARAMETER",
                      "its scales or sizes are computed from data or not in the model; export the "
                      "model with constant sizes");
    }
    scales = *given;
  }
  if (scales.size() != input.size()) {
    return node.Bad("BAD_SHAPE", absl::StrCat("it has ", scales.size(), " scales for ", input.size(), " dimensions"));
  }
  Shape shape;
  for (size_t i = 0; i < input.size(); ++i) {
    const double size = std::floor(static_cast<double>(input[i]) * scales[i] + 1e-6);
    if (!(size >= 1 && size < 4e18)) {
      return node.Bad("BAD_SHAPE", absl::StrCat("scale ", scales[i], " of dimension ", i, " leaves no valid size"));
    }
    shape.push_back(static_cast<int64_t>(size));
  }
  return node.Emit(LayerType::kResize, OutputShapeAttributes{std::move(shape)}, {0});
}

}  // namespace

void AddDataHandlers(HandlerTable& table) {
  table["Concat"] = Concat;
  table["Split"] = Split;
  table["Slice"] = Slice;
  table["Pad"] = Pad;
  table["Transpose"] = Transpose;
  table["Gather"] = Gather;
  table["GatherElements"] = GatherElements;
  table["GatherND"] = GatherNd;
  table["Expand"] = Expand;
  table["Tile"] = Tile;
  table["DepthToSpace"] = DepthToSpace;
  table["SpaceToDepth"] = DepthToSpace;
  table["Reshape"] = Reshape;
  table["Flatten"] = Flatten;
  table["Squeeze"] = Squeeze;
  table["Unsqueeze"] = Unsqueeze;
  table["Resize"] = Resize;
  table["Upsample"] = Resize;
}

}  // namespace latimer::onnx_internal
