#include "core/network/annette/annette_import.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "core/base/checked_math.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/network/input_overrides.h"
#include "core/network/network_builder.h"
#include "core/network/shape_inference.h"

namespace latimer {
namespace {

using nlohmann::json;

// Depth of the format itself: graph, layers, layer, shape, shape of several inputs.
constexpr int64_t kFormatDepth = 5;

Error BadLayer(absl::string_view layer, absl::string_view key, absl::string_view message) {
  return InvalidArgument("BAD_GRAPH", key.empty() ? absl::StrCat("layer '", layer, "': ", message)
                                                  : absl::StrCat("layer '", layer, "', key '", key, "': ", message))
      .With("layer", layer)
      .With("key", key);
}

// The parser recurses for every bracket, so depth is checked before it runs.
absl::Status CheckDepth(absl::string_view text, int64_t most) {
  int64_t depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > most) {
        return ResourceExhausted("TOO_DEEP", absl::StrCat("the JSON is nested deeper than ", most, " brackets"));
      }
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<json> Parse(absl::string_view text) {
  // Two layers of one name would silently become one.
  absl::flat_hash_set<std::string> names;
  std::string duplicate;
  std::string section;
  const json::parser_callback_t watch = [&](int depth, json::parse_event_t event, json& value) {
    if (event != json::parse_event_t::key) return true;
    if (depth == 1) section = value.get<std::string>();
    if (depth == 2 && section == "layers" && !names.insert(value.get<std::string>()).second && duplicate.empty()) {
      duplicate = value.get<std::string>();
    }
    return true;
  };
  json graph;
  try {
    graph = json::parse(text.begin(), text.end(), watch);
  } catch (const json::exception& error) {
    // The library's message starts with its own error class in brackets.
    std::string message = error.what();
    if (const size_t bracket = message.find("] "); bracket != std::string::npos) message.erase(0, bracket + 2);
    return InvalidArgument("NOT_JSON", absl::StrCat("the text is not JSON: ", message));
  }
  if (!duplicate.empty()) {
    return InvalidArgument("DUPLICATE_NAME", absl::StrCat("two layers are called '", duplicate, "'"))
        .With("layer", duplicate);
  }
  return graph;
}

// One layer as the file has it.
struct SourceLayer {
  std::string name;
  std::string type;
  std::vector<std::string> parents;
  const json* body = nullptr;
};

class GraphReader {
 public:
  GraphReader(const json& graph, const ImportOptions& options)
      : graph_(graph), options_(options), builder_(options.limits) {}

  absl::StatusOr<Network> Run() {
    LATIMER_RETURN_IF_ERROR(ReadLayers());
    LATIMER_RETURN_IF_ERROR(Sort());
    LATIMER_RETURN_IF_ERROR(AddInputs());
    for (size_t i : order_) {
      if (!IsInput(layers_[i])) LATIMER_RETURN_IF_ERROR(AddLayer(layers_[i]));
    }
    Network& network = builder_.mutable_network();
    const auto name = graph_.find("name");
    network.name = !options_.display_name.empty()              ? options_.display_name
                   : name != graph_.end() && name->is_string() ? name->get<std::string>()
                                                               : std::string();
    for (const Constant& constant : network.constants) network.source_params += NumElements(constant.shape);
    return std::move(builder_).Finish({});
  }

 private:
  static bool IsInput(const SourceLayer& layer) { return layer.type == "DataInput" && layer.parents.empty(); }

  absl::Status ReadLayers() {
    if (!graph_.is_object()) return InvalidArgument("BAD_GRAPH", "the JSON is not an object with the key 'layers'");
    const auto layers = graph_.find("layers");
    if (layers == graph_.end() || !layers->is_object() || layers->empty()) {
      return InvalidArgument("BAD_GRAPH", "the key 'layers' is missing, empty or no object").With("key", "layers");
    }
    if (static_cast<int64_t>(layers->size()) > options_.limits.max_nodes) {
      return ResourceExhausted("TOO_MANY_NODES", absl::StrCat("the graph has ", layers->size(), " layers; at most ",
                                                              options_.limits.max_nodes, " are allowed"));
    }
    for (const auto& [name, body] : layers->items()) {
      SourceLayer layer;
      layer.name = name;
      layer.body = &body;
      if (!body.is_object()) return BadLayer(name, "", "it is not an object");
      const auto type = body.find("type");
      if (type == body.end() || !type->is_string()) return BadLayer(name, "type", "it is missing or no text");
      layer.type = type->get<std::string>();
      const auto parents = body.find("parents");
      if (parents != body.end()) {
        if (!parents->is_array()) return BadLayer(name, "parents", "it is no list");
        if (static_cast<int64_t>(parents->size()) > options_.limits.max_inputs_per_node) {
          return ResourceExhausted("TOO_MANY_INPUTS", absl::StrCat("layer '", name, "' has more than ",
                                                                   options_.limits.max_inputs_per_node, " parents"));
        }
        for (const json& parent : *parents) {
          if (!parent.is_string()) return BadLayer(name, "parents", "it lists something that is no text");
          layer.parents.push_back(parent.get<std::string>());
        }
      }
      index_.emplace(name, layers_.size());
      layers_.push_back(std::move(layer));
    }
    for (const SourceLayer& layer : layers_) {
      for (const std::string& parent : layer.parents) {
        if (!index_.contains(parent)) {
          return BadLayer(layer.name, "parents",
                          absl::StrCat("it names '", parent, "', which is no layer of the graph"));
        }
      }
    }
    return absl::OkStatus();
  }

  // Depth first along the parents, so that layers come in the order of the data flow.
  absl::Status Sort() {
    enum class State : uint8_t { kNew, kOpen, kDone };
    std::vector<State> state(layers_.size(), State::kNew);
    struct Frame {
      size_t layer;
      size_t next_parent;
    };
    for (size_t root = 0; root < layers_.size(); ++root) {
      std::vector<Frame> stack;
      if (state[root] == State::kNew) stack.push_back({root, 0});
      while (!stack.empty()) {
        Frame& frame = stack.back();
        const SourceLayer& layer = layers_[frame.layer];
        state[frame.layer] = State::kOpen;
        if (frame.next_parent == layer.parents.size()) {
          state[frame.layer] = State::kDone;
          order_.push_back(frame.layer);
          stack.pop_back();
          continue;
        }
        const size_t parent = index_.at(layer.parents[frame.next_parent++]);
        if (state[parent] == State::kOpen) {
          return BadLayer(layer.name, "parents",
                          absl::StrCat("the graph has a cycle through '", layers_[parent].name, "'"));
        }
        if (state[parent] == State::kNew) stack.push_back({parent, 0});
      }
    }
    return absl::OkStatus();
  }

  // N x H x W x C to N x C x H x W; an open batch size becomes `batch`.
  absl::StatusOr<Shape> ReadShape(const SourceLayer& layer, absl::string_view key, int64_t batch) const {
    const auto found = layer.body->find(std::string(key));
    if (found == layer.body->end()) return BadLayer(layer.name, key, "it is missing");
    if (!found->is_array() || found->empty()) return BadLayer(layer.name, key, "it is no list of numbers");
    Shape nhwc;
    for (const json& dim : *found) {
      if (dim.is_string()) {
        return BadLayer(layer.name, key,
                        absl::StrCat("'", dim.get<std::string>(),
                                     "' is a parameter of a benchmark "
                                     "graph; fill in numbers first"));
      }
      if (!dim.is_number_integer()) return BadLayer(layer.name, key, "it lists something that is no whole number");
      nhwc.push_back(dim.get<int64_t>());
    }
    if (static_cast<int64_t>(nhwc.size()) > options_.limits.max_rank) {
      return BadLayer(layer.name, key, absl::StrCat("it has ", nhwc.size(), " dimensions"));
    }
    if (nhwc[0] == -1) nhwc[0] = batch;
    for (int64_t dim : nhwc) {
      if (dim < 1) return BadLayer(layer.name, key, absl::StrCat("the dimension ", dim, " is below 1"));
    }
    Shape shape = nhwc;
    if (nhwc.size() >= 3) {
      shape[1] = nhwc.back();
      for (size_t i = 2; i < shape.size(); ++i) shape[i] = nhwc[i - 1];
    }
    return shape;
  }

  absl::StatusOr<std::vector<int64_t>> ReadInts(const SourceLayer& layer, absl::string_view key, size_t size) const {
    const auto found = layer.body->find(std::string(key));
    if (found == layer.body->end()) return BadLayer(layer.name, key, "it is missing");
    std::vector<int64_t> values;
    if (found->is_array()) {
      for (const json& value : *found) {
        if (!value.is_number_integer()) return BadLayer(layer.name, key, "it lists something that is no whole number");
        const auto number = value.get<int64_t>();
        if (number < 0 || number > int64_t{1} << 24)
          return BadLayer(layer.name, key, absl::StrCat(number, " is out of range"));
        values.push_back(number);
      }
    }
    if (values.size() != size) return BadLayer(layer.name, key, absl::StrCat("it is not a list of ", size, " numbers"));
    return values;
  }

  absl::Status AddInputs() {
    std::vector<DeclaredInput> declared;
    for (size_t i : order_) {
      if (!IsInput(layers_[i])) continue;
      // With a batch of 0 for "open", which no file can say.
      LATIMER_ASSIGN_OR_RETURN(const Shape shape, ReadShape(layers_[i], "output_shape", 1));
      DeclaredInput& input = declared.emplace_back();
      input.name = layers_[i].name;
      for (int64_t dim : shape) input.dims.push_back({dim, {}});
    }
    if (declared.empty()) return InvalidArgument("NO_INPUTS", "the graph has no DataInput without parents");
    LATIMER_ASSIGN_OR_RETURN(const std::vector<Shape> shapes, ResolveInputShapes(declared, options_));
    for (size_t i = 0; i < shapes.size(); ++i) {
      LATIMER_ASSIGN_OR_RETURN(const TensorId id, builder_.AddInput(declared[i].name, shapes[i], DataType::kFloat32));
      tensors_[declared[i].name] = id;
      if (i == 0) batch_ = shapes[i].empty() ? 1 : shapes[i][0];
      for (size_t d = 0; d < shapes[i].size(); ++d)
        resized_ = resized_ || (d > 0 && shapes[i][d] != declared[i].dims[d].size);
    }
    return absl::OkStatus();
  }

  const Shape& InputShape(const LayerSpec& spec) const {
    return builder_.network().tensors[spec.operands[0].tensor].shape;
  }

  // The declared output; nullopt where the caller changed the input's size, since declarations are then void.
  absl::StatusOr<std::optional<Shape>> Declared(const SourceLayer& layer) const {
    if (resized_) return std::optional<Shape>();
    LATIMER_ASSIGN_OR_RETURN(Shape shape, ReadShape(layer, "output_shape", batch_));
    return std::optional<Shape>(std::move(shape));
  }

  // Makes the window's output as large as declared by changing its padding; the declared shape is the right one.
  void FitPadding(const SourceLayer& layer, const std::optional<Shape>& declared, const Shape& input,
                  const SpatialDims& kernel, const SpatialDims& stride, SpatialDims& begin, SpatialDims& end) {
    if (!declared.has_value() || declared->size() != input.size()) return;
    bool changed = false;
    for (size_t i = 0; i < kernel.size(); ++i) {
      absl::StatusOr<int64_t> size = WindowOutputSize(input[i + 2], kernel[i], stride[i], 1, begin[i], end[i], false);
      if (size.ok() && *size == (*declared)[i + 2]) continue;
      const std::optional<int64_t> reach = CheckedMul((*declared)[i + 2] - 1, stride[i]);
      if (!reach.has_value() || *reach > int64_t{1} << 60 || input[i + 2] > int64_t{1} << 60) continue;
      const int64_t total = *reach + kernel[i] - input[i + 2];
      if (total < 0) continue;  // smaller than any padding gives; the builder's shape stands
      begin[i] = total / 2;
      end[i] = total - begin[i];
      changed = true;
    }
    if (changed) {
      builder_.AddWarning(ImportWarning::Code::kInconsistentSource,
                          "pads and output_shape disagree; the padding that gives output_shape was taken", layer.name);
    }
  }

  absl::Status Convolution(const SourceLayer& layer, LayerSpec& spec) {
    const Shape input = InputShape(spec);
    if (input.size() != 4) return BadLayer(layer.name, "input_shape", "a convolution needs an input of 4 dimensions");
    LATIMER_ASSIGN_OR_RETURN(const std::vector<int64_t> kernel, ReadInts(layer, "kernel_shape", 4));
    LATIMER_ASSIGN_OR_RETURN(const std::vector<int64_t> strides, ReadInts(layer, "strides", 4));
    std::vector<int64_t> pads(8, 0);
    if (layer.body->contains("pads")) {
      LATIMER_ASSIGN_OR_RETURN(pads, ReadInts(layer, "pads", 8));
    }
    LATIMER_ASSIGN_OR_RETURN(const std::optional<Shape> declared, Declared(layer));
    if (kernel[0] < 1 || kernel[1] < 1 || kernel[2] < 1 || kernel[3] < 1 || strides[1] < 1 || strides[2] < 1) {
      return BadLayer(layer.name, "kernel_shape", "kernel and strides are at least 1");
    }
    ConvAttributes conv;
    conv.kernel = {kernel[0], kernel[1]};
    conv.stride = {strides[1], strides[2]};
    conv.dilation = {1, 1};
    conv.pad_begin = {pads[1], pads[2]};
    conv.pad_end = {pads[5], pads[6]};
    conv.output_padding = {0, 0};
    // Kernel and strides are at most 2^24, so that no product below overflows.
    for (int64_t dim : input) {
      if (dim > int64_t{1} << 31)
        return BadLayer(layer.name, "input_shape", absl::StrCat("the dimension ", dim, " is too large"));
    }
    if (layer.type == "DepthwiseConv") {
      spec.type = LayerType::kDepthwiseConv;
      conv.groups = input[1];
      conv.output_channels = input[1] * kernel[3];
    } else if (layer.type == "ConvTranspose") {
      spec.type = LayerType::kConvTranspose;
      conv.output_channels = declared.has_value() && declared->size() == 4 ? (*declared)[1] : kernel[3];
      for (size_t i = 0; declared.has_value() && declared->size() == 4 && i < 2; ++i) {
        const int64_t full = (input[i + 2] - 1) * conv.stride[i] + conv.kernel[i];
        const int64_t total = full - (*declared)[i + 2];
        conv.pad_begin[i] = std::max<int64_t>(0, total / 2);
        conv.pad_end[i] = std::max<int64_t>(0, total - total / 2);
        conv.output_padding[i] = std::max<int64_t>(0, -total);
      }
    } else {
      if (input[1] % kernel[2] != 0) {
        return BadLayer(
            layer.name, "kernel_shape",
            absl::StrCat("kernels of ", kernel[2], " channels do not divide ", input[1], " input channels"));
      }
      conv.groups = input[1] / kernel[2];
      conv.output_channels = kernel[3];
      spec.type = conv.groups > 1 && conv.groups == input[1] ? LayerType::kDepthwiseConv : LayerType::kConv;
    }
    if (spec.type != LayerType::kConvTranspose) {
      FitPadding(layer, declared, input, conv.kernel, conv.stride, conv.pad_begin, conv.pad_end);
    }
    spec.attributes = std::move(conv);
    return absl::OkStatus();
  }

  absl::Status Pooling(const SourceLayer& layer, LayerSpec& spec) {
    const Shape input = InputShape(spec);
    if (input.size() != 4) return BadLayer(layer.name, "input_shape", "pooling needs an input of 4 dimensions");
    LATIMER_ASSIGN_OR_RETURN(const std::vector<int64_t> kernel, ReadInts(layer, "kernel_shape", 4));
    LATIMER_ASSIGN_OR_RETURN(const std::vector<int64_t> strides, ReadInts(layer, "strides", 4));
    std::vector<int64_t> pads(8, 0);
    if (layer.body->contains("pads")) {
      LATIMER_ASSIGN_OR_RETURN(pads, ReadInts(layer, "pads", 8));
    }
    LATIMER_ASSIGN_OR_RETURN(const std::optional<Shape> declared, Declared(layer));
    if (kernel[1] < 1 || kernel[2] < 1 || strides[1] < 1 || strides[2] < 1) {
      return BadLayer(layer.name, "kernel_shape", "window and strides are at least 1");
    }
    const auto kind = layer.body->find("pooling_type");
    const std::string pooling = kind != layer.body->end() && kind->is_string() ? kind->get<std::string>() : "MAX";
    PoolAttributes pool;
    pool.kernel = {kernel[1], kernel[2]};
    pool.stride = {strides[1], strides[2]};
    pool.dilation = {1, 1};
    pool.pad_begin = {pads[1], pads[2]};
    pool.pad_end = {pads[5], pads[6]};
    FitPadding(layer, declared, input, pool.kernel, pool.stride, pool.pad_begin, pool.pad_end);
    spec.type = pooling == "AVG" ? LayerType::kAveragePool : LayerType::kMaxPool;
    spec.attributes = std::move(pool);
    return absl::OkStatus();
  }

  // Shape changes and everything whose parameters only show in its output.
  absl::Status ByOutputShape(const SourceLayer& layer, LayerType type, LayerSpec& spec) {
    LATIMER_ASSIGN_OR_RETURN(const std::optional<Shape> declared, Declared(layer));
    const Shape input = InputShape(spec);
    if (!declared.has_value()) {
      if (type != LayerType::kReshape) {
        return BadLayer(layer.name, "output_shape",
                        "it cannot be inferred for another input size; leave out input shapes");
      }
      spec.type = type;
      spec.attributes = OutputShapeAttributes{{input.empty() ? 1 : input[0], -1}};
      return absl::OkStatus();
    }
    spec.type = type;
    if (type == LayerType::kReduce) {
      ReduceAttributes reduce;
      reduce.keep_dims = declared->size() == input.size();
      for (size_t i = 0; i < input.size(); ++i) {
        if (reduce.keep_dims ? (*declared)[i] != input[i] : i >= 2) reduce.axes.push_back(static_cast<int64_t>(i));
      }
      if (reduce.axes.empty() && input.size() > 2) reduce.axes = {2};
      spec.attributes = std::move(reduce);
    } else if (type == LayerType::kSlice) {
      SliceAttributes slice;
      for (size_t i = 0; i < input.size() && i < declared->size(); ++i) {
        slice.axes.push_back(static_cast<int64_t>(i));
        slice.starts.push_back(0);
        slice.ends.push_back((*declared)[i]);
        slice.steps.push_back(1);
      }
      spec.attributes = std::move(slice);
    } else {
      spec.attributes = OutputShapeAttributes{*declared};
    }
    return absl::OkStatus();
  }

  absl::Status Padding(const SourceLayer& layer, LayerSpec& spec) {
    const size_t rank = InputShape(spec).size();
    LATIMER_ASSIGN_OR_RETURN(const std::vector<int64_t> pads, ReadInts(layer, "pads", 2 * rank));
    PadAttributes pad;
    auto from_nhwc = [rank](size_t i) { return rank < 3 || i == 0 ? i : (i == 1 ? rank - 1 : i - 1); };
    for (size_t i = 0; i < rank; ++i) {
      pad.begin.push_back(pads[from_nhwc(i)]);
      pad.end.push_back(pads[rank + from_nhwc(i)]);
    }
    spec.type = LayerType::kPad;
    spec.attributes = std::move(pad);
    return absl::OkStatus();
  }

  absl::Status FullyConnected(const SourceLayer& layer, LayerSpec& spec) {
    const Shape input = InputShape(spec);
    if (input.empty()) return BadLayer(layer.name, "input_shape", "it needs features");
    if (input.size() > 2) {
      LayerSpec flatten;
      const std::string name = absl::StrCat(layer.name, "/flatten");
      flatten.name = name;
      flatten.type = LayerType::kReshape;
      flatten.operands = spec.operands;
      flatten.attributes = OutputShapeAttributes{{input[0], -1}};
      LATIMER_ASSIGN_OR_RETURN(const LayerId id, builder_.AddLayer(flatten));
      builder_.mutable_network().layers[id].nodes.clear();
      spec.operands.assign(1, Operand::Activation(builder_.network().layers[id].outputs[0]));
    }
    LATIMER_ASSIGN_OR_RETURN(const Shape declared, ReadShape(layer, "output_shape", batch_));
    spec.type = LayerType::kFullyConnected;
    spec.attributes =
        FullyConnectedAttributes{InputShape(spec).back(), declared.size() > 2 ? declared[1] : declared.back(), false};
    return absl::OkStatus();
  }

  absl::Status Unknown(const SourceLayer& layer, LayerSpec& spec) {
    LATIMER_ASSIGN_OR_RETURN(const std::optional<Shape> declared, Declared(layer));
    spec.type = LayerType::kUnknown;
    if (declared.has_value()) spec.attributes = OutputShapeAttributes{*declared};
    builder_.AddWarning(ImportWarning::Code::kUnknownOperator,
                        absl::StrCat("layer type ", layer.type == "DataInput" ? "DataInput with parents" : layer.type,
                                     " is not known; it is estimated from the bytes it moves"),
                        layer.name);
    return absl::OkStatus();
  }

  absl::Status Describe(const SourceLayer& layer, LayerSpec& spec) {
    static const auto* const kSimple =
        new absl::flat_hash_map<absl::string_view, LayerType>{{"Add", LayerType::kAdd},
                                                              {"Mul", LayerType::kMul},
                                                              {"Sub", LayerType::kSub},
                                                              {"Div", LayerType::kDiv},
                                                              {"Relu", LayerType::kRelu},
                                                              {"Relu6", LayerType::kRelu6},
                                                              {"LeakyRelu", LayerType::kLeakyRelu},
                                                              {"Sigmoid", LayerType::kSigmoid},
                                                              {"Tanh", LayerType::kTanh},
                                                              {"Softplus", LayerType::kSoftplus},
                                                              {"Elu", LayerType::kElu},
                                                              {"Exp", LayerType::kExp},
                                                              {"Log", LayerType::kLog},
                                                              {"Power", LayerType::kPow},
                                                              {"BatchNorm", LayerType::kBatchNorm},
                                                              {"Lrn", LayerType::kLrn},
                                                              {"LRN", LayerType::kLrn},
                                                              {"HardSwish", LayerType::kHardSwish},
                                                              {"Swish", LayerType::kSilu},
                                                              {"Mish", LayerType::kMish}};
    if (const auto simple = kSimple->find(layer.type); simple != kSimple->end()) {
      spec.type = simple->second;
      if (spec.type == LayerType::kBatchNorm) {
        const Shape input = InputShape(spec);
        const int64_t channels = input.size() > 1 ? input[1] : 1;
        for (const char* what : {".scale", ".bias", ".mean", ".variance"}) {
          LATIMER_ASSIGN_OR_RETURN(const ConstantId id, builder_.AddConstant(absl::StrCat(layer.name, what), {channels},
                                                                             DataType::kFloat32));
          spec.weights.push_back(id);
        }
      }
      return absl::OkStatus();
    }
    if (layer.type == "Conv" || layer.type == "DepthwiseConv" || layer.type == "ConvTranspose") {
      return Convolution(layer, spec);
    }
    if (layer.type == "Pool") return Pooling(layer, spec);
    if (layer.type == "FullyConnected" || layer.type == "Gemm" || layer.type == "MatMul")
      return FullyConnected(layer, spec);
    if (layer.type == "Flatten" || layer.type == "Reshape" || layer.type == "Squeeze" || layer.type == "ExpandDims") {
      return ByOutputShape(layer, LayerType::kReshape, spec);
    }
    if (layer.type == "Resize" || layer.type == "Upsample") return ByOutputShape(layer, LayerType::kResize, spec);
    if (layer.type == "Slice" || layer.type == "StridedSlice") return ByOutputShape(layer, LayerType::kSlice, spec);
    if (layer.type == "ReduceMean" || layer.type == "Mean") return ByOutputShape(layer, LayerType::kReduce, spec);
    if (layer.type == "Pad") return Padding(layer, spec);
    if (layer.type == "Softmax") {
      spec.type = LayerType::kSoftmax;
      spec.attributes = AxisAttributes{InputShape(spec).size() > 1 ? 1 : 0};
      return absl::OkStatus();
    }
    if (layer.type == "Concat") {
      spec.type = LayerType::kConcat;
      spec.attributes = AxisAttributes{InputShape(spec).size() > 1 ? 1 : 0};
      return absl::OkStatus();
    }
    return Unknown(layer, spec);
  }

  absl::Status AddLayer(const SourceLayer& layer) {
    ++builder_.mutable_network().source_node_count;
    LayerSpec spec;
    spec.name = layer.name;
    spec.source_operator = layer.type;
    for (const std::string& parent : layer.parents) {
      // Shapes as values are constants here.
      if (const auto found = tensors_.find(parent); found != tensors_.end()) {
        spec.operands.push_back(Operand::Activation(found->second));
      }
    }
    if (layer.type == "Shape") {
      builder_.AddFreeNode(layer.name);
      return absl::OkStatus();
    }
    if (spec.operands.empty())
      return BadLayer(layer.name, "parents", "it has none, and only a DataInput may have none");
    if (layer.type == "Dropout" || layer.type == "Identity") {
      builder_.AddFreeNode(layer.name);
      tensors_[layer.name] = spec.operands[0].tensor;
      return absl::OkStatus();
    }
    LATIMER_RETURN_IF_ERROR(Describe(layer, spec));
    LATIMER_ASSIGN_OR_RETURN(const LayerId id, builder_.AddLayer(spec));
    tensors_[layer.name] = builder_.network().layers[id].outputs[0];
    return absl::OkStatus();
  }

  const json& graph_;
  const ImportOptions& options_;
  NetworkBuilder builder_;
  std::vector<SourceLayer> layers_;
  absl::flat_hash_map<std::string, size_t> index_;
  std::vector<size_t> order_;
  absl::flat_hash_map<std::string, TensorId> tensors_;
  int64_t batch_ = 1;
  bool resized_ = false;  // the caller set another input size than the file declares
};

}  // namespace

absl::StatusOr<Network> ImportAnnetteJson(absl::string_view text, const ImportOptions& options) {
  if (text.empty()) return InvalidArgument("NOT_JSON", "the file is empty");
  LATIMER_RETURN_IF_ERROR(CheckDepth(text, kFormatDepth + options.limits.max_nesting));
  LATIMER_ASSIGN_OR_RETURN(const json graph, Parse(text));
  return GraphReader(graph, options).Run();
}

}  // namespace latimer
