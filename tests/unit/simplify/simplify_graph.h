// Builds the small graphs that Simplify() is tried on.
#ifndef LATIMER_TESTS_UNIT_SIMPLIFY_SIMPLIFY_GRAPH_H_
#define LATIMER_TESTS_UNIT_SIMPLIFY_SIMPLIFY_GRAPH_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/network/network_builder.h"
#include "core/network/simplify.h"

namespace latimer {

// Layers are named by their type and place ("Conv0", "BatchNorm1" …), so that tests can speak of nodes.
class Graph {
 public:
  TensorId Input(const Shape& shape, DataType type = DataType::kFloat32) {
    return *builder_.AddInput(absl::StrCat("input", builder_.network().inputs.size()), shape, type);
  }

  TensorId Add(LayerType type, std::initializer_list<TensorId> inputs, LayerAttributes attributes = {}) {
    LayerSpec spec;
    for (TensorId id : inputs) spec.operands.push_back(Operand::Activation(id));
    return Finish(type, std::move(attributes), spec);
  }

  // An element-wise layer whose second operand is a number, as a constant of `shape`.
  TensorId WithScalar(LayerType type, TensorId x, double value, const Shape& shape = {}) {
    const ConstantId id = Constant(shape);
    builder_.mutable_network().constants[id].scalar = value;
    return WithConstant(type, x, id);
  }

  // An element-wise layer whose second operand is a table.
  TensorId WithTable(LayerType type, TensorId x, const Shape& shape) { return WithConstant(type, x, Constant(shape)); }

  TensorId Conv(TensorId x, int64_t kernel, int64_t channels, bool bias, int64_t groups = 1) {
    ConvAttributes conv;
    const size_t rank = builder_.network().tensors[x].shape.size() - 2;
    conv.kernel.resize(rank, kernel);
    conv.stride.resize(rank, 1);
    conv.dilation.resize(rank, 1);
    conv.pad_begin.resize(rank, 0);
    conv.pad_end.resize(rank, 0);
    conv.output_padding.resize(rank, 0);
    conv.groups = groups;
    conv.output_channels = channels;
    conv.bias = bias;
    return Add(groups == 1 ? LayerType::kConv : LayerType::kDepthwiseConv, {x}, conv);
  }

  TensorId BatchNorm(TensorId x) {
    LayerSpec spec;
    spec.operands.push_back(Operand::Activation(x));
    const int64_t channels = builder_.network().tensors[x].shape[1];
    for (int i = 0; i < 4; ++i) spec.weights.push_back(Constant({channels}));
    return Finish(LayerType::kBatchNorm, {}, spec);
  }

  TensorId ReduceMean(TensorId x, const Shape& axes, bool keep_dims = true, absl::string_view op = "ReduceMean") {
    LayerSpec spec;
    spec.operands.push_back(Operand::Activation(x));
    spec.source_operator = op;
    return Finish(LayerType::kReduce, ReduceAttributes{axes, keep_dims}, spec);
  }

  // The tensors in `outputs` and all that nobody reads, or only `outputs` where `only`.
  Network Done(std::initializer_list<TensorId> outputs = {}, bool only = false) {
    std::vector<std::string> names;
    const auto readers = Consumers(builder_.network());
    for (TensorId id = 0; id < static_cast<TensorId>(readers.size()); ++id) {
      const bool listed = std::find(outputs.begin(), outputs.end(), id) != outputs.end();
      if (listed || (!only && readers[id].empty())) names.emplace_back(builder_.network().tensors[id].name);
    }
    absl::StatusOr<Network> network =
        std::move(builder_).Finish(std::vector<absl::string_view>(names.begin(), names.end()));
    EXPECT_TRUE(network.ok()) << network.status();
    return *std::move(network);
  }

 private:
  ConstantId Constant(const Shape& shape) {
    return *builder_.AddConstant(absl::StrCat("constant", builder_.network().constants.size()), shape,
                                 DataType::kFloat32);
  }

  TensorId WithConstant(LayerType type, TensorId x, ConstantId constant) {
    LayerSpec spec;
    spec.operands.push_back(Operand::Activation(x));
    spec.operands.push_back(Operand::Fixed(constant));
    return Finish(type, {}, spec);
  }

  TensorId Finish(LayerType type, LayerAttributes attributes, LayerSpec& spec) {
    const std::string name = absl::StrCat(LayerTypeName(type), builder_.network().layers.size());
    spec.name = name;
    spec.type = type;
    spec.attributes = std::move(attributes);
    absl::StatusOr<LayerId> id = builder_.AddLayer(spec);
    EXPECT_TRUE(id.ok()) << id.status();
    return builder_.network().layers[id.value()].outputs[0];
  }

  NetworkBuilder builder_;
};

inline std::vector<LayerType> Types(const Network& network) {
  std::vector<LayerType> types;
  for (const Layer& layer : network.layers) types.push_back(layer.type);
  return types;
}

// Every node that the network accounts for, sorted: doubles and losses show when two lists are compared.
inline std::vector<std::string> AllNodes(const Network& network) {
  std::vector<std::string> nodes;
  for (absl::string_view node : network.free_nodes) nodes.emplace_back(node);
  for (const Layer& layer : network.layers) {
    for (absl::string_view node : layer.nodes) nodes.emplace_back(node);
  }
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

// What is left of a network, in words: two networks that read the same are the same to every later stage.
inline std::string Describe(const Network& network) {
  std::string text;
  auto tensor = [&](TensorId id) {
    absl::StrAppend(&text, " ", network.tensors[id].name, "[", ShapeToString(network.tensors[id].shape), "]");
  };
  for (const Layer& layer : network.layers) {
    absl::StrAppend(&text, layer.name, " ", LayerTypeName(layer.type), " <-");
    for (TensorId id : layer.inputs) tensor(id);
    absl::StrAppend(&text, " ->");
    for (TensorId id : layer.outputs) tensor(id);
    absl::StrAppend(&text, " |");
    for (ConstantId id : layer.constants) absl::StrAppend(&text, " ", ShapeToString(network.constants[id].shape));
    absl::StrAppend(&text, " |");
    for (absl::string_view node : layer.nodes) absl::StrAppend(&text, " ", node);
    if (const auto* conv = std::get_if<ConvAttributes>(&layer.attributes)) {
      for (int64_t pad : conv->pad_begin) absl::StrAppend(&text, " pad ", pad);
      absl::StrAppend(&text, conv->bias ? " bias" : "");
    }
    absl::StrAppend(&text, "\n");
  }
  for (absl::string_view node : network.free_nodes) absl::StrAppend(&text, "free ", node, "\n");
  for (TensorId id : network.outputs) absl::StrAppend(&text, "output ", network.tensors[id].name, "\n");
  return text;
}

// Simplifies and checks what holds for every network: nodes are neither lost nor doubled, a second pass finds nothing,
// layers stay in topological order, and producers are right.
inline Network SimplifyChecked(Network network) {
  const std::vector<std::string> nodes = AllNodes(network);
  Network once = Simplify(std::move(network));
  EXPECT_EQ(AllNodes(once), nodes);
  std::vector<bool> made(once.tensors.size(), false);
  for (TensorId id : once.inputs) made[id] = true;
  for (LayerId id = 0; id < static_cast<LayerId>(once.layers.size()); ++id) {
    for (TensorId input : once.layers[id].inputs) EXPECT_TRUE(made[input]) << once.layers[id].name;
    for (TensorId output : once.layers[id].outputs) {
      EXPECT_EQ(once.tensors[output].producer, id);
      made[output] = true;
    }
  }
  for (TensorId id : once.outputs) EXPECT_TRUE(made[id]) << once.tensors[id].name;
  const std::string text = Describe(once);
  Network twice = Simplify(std::move(once));
  EXPECT_EQ(Describe(twice), text);
  return twice;
}

}  // namespace latimer

#endif  // LATIMER_TESTS_UNIT_SIMPLIFY_SIMPLIFY_GRAPH_H_
