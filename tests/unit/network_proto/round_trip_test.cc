// Every type of layer, written and read back.
#include <gmock/gmock.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "core/network/network_builder.h"
#include "proto_helpers.h"

namespace latimer {
namespace {

struct TypeCase {
  const char* type;
  const char* rest;    // of the layer's message; names its inputs
  const char* output;  // shape of the first output
  int64_t macs = 0;
  int64_t constants = 0;
};

const TypeCase kTypes[] = {
    {"CONV", R"(inputs: "x" conv { kernel: [3, 3] pad_begin: [1, 1] output_channels: 6 bias: true groups: 2 })",
     "1x6x8x8", 6 * 64 * 2 * 9, 6 * 2 * 9 + 6},
    {"CONV", R"(inputs: "m" conv { kernel: 2 stride: 3 output_channels: 6 })", "2x6x2", 2 * 6 * 2 * 3 * 2, 36},
    {"DEPTHWISE_CONV", R"(inputs: "x" conv { kernel: [3, 3] dilation: [2, 1] pad_begin: [0, 1] pad_end: [0, 2] })",
     "1x4x4x9", 4 * 36 * 9, 36},
    {"CONV_TRANSPOSE",
     R"(inputs: "x" conv { kernel: [2, 2] stride: [2, 2] output_channels: 3 output_padding: [1, 0] })", "1x3x17x16",
     4 * 64 * 3 * 4, 4 * 3 * 4},
    {"FULLY_CONNECTED", R"(inputs: "m" fully_connected { output_features: 10 bias: true })", "2x3x10", 6 * 5 * 10, 60},
    {"MAT_MUL", R"(inputs: "m" inputs: "n")", "2x3x7", 2 * 3 * 5 * 7},
    {"MAT_MUL", R"(inputs: "n" inputs: "m" mat_mul { transpose_a: true transpose_b: true })", "2x7x3", 2 * 3 * 5 * 7},
    {"MAX_POOL", R"(inputs: "x" pool { kernel: [3, 3] stride: [2, 2] ceil_mode: true })", "1x4x4x4"},
    {"AVERAGE_POOL", R"(inputs: "x" pool { kernel: [2, 2] stride: [2, 2] pad_begin: [1, 0] pad_end: [1, 0] })",
     "1x4x5x4"},
    {"GLOBAL_MAX_POOL", R"(inputs: "x")", "1x4x1x1"},
    {"GLOBAL_AVERAGE_POOL", R"(inputs: "x")", "1x4x1x1"},
    {"LP_POOL", R"(inputs: "x" pool { kernel: [2, 2] })", "1x4x7x7"},
    {"LP_POOL", R"(inputs: "x")", "1x4x1x1"},
    {"ADD", R"(inputs: "x" inputs: "x")", "1x4x8x8"},
    {"SUB", R"(inputs: "x" constant_elements: 1)", "1x4x8x8", 0, 1},
    {"MUL", R"(inputs: "x" constant_elements: 4)", "1x4x8x8", 0, 4},
    {"DIV", R"(inputs: "i" output_shape { shape { dims: [3, 6] } } constant_elements: 3)", "3x6", 0, 3},
    {"POW", R"(inputs: "x" constant_elements: 1)", "1x4x8x8", 0, 1},
    {"MIN", R"(inputs: "m" inputs: "m")", "2x3x5"},
    {"MAX", R"(inputs: "m" inputs: "m")", "2x3x5"},
    {"COMPARE", R"(inputs: "m" inputs: "m")", "2x3x5"},
    {"WHERE", R"(inputs: "m" inputs: "m" inputs: "m")", "2x3x5"},
    {"RELU", R"(inputs: "x")", "1x4x8x8"},
    {"RELU6", R"(inputs: "x")", "1x4x8x8"},
    {"CLIP", R"(inputs: "x")", "1x4x8x8"},
    {"LEAKY_RELU", R"(inputs: "x")", "1x4x8x8"},
    {"PRELU", R"(inputs: "x" constant_elements: 4)", "1x4x8x8", 0, 4},
    {"ELU", R"(inputs: "x")", "1x4x8x8"},
    {"SIGMOID", R"(inputs: "x")", "1x4x8x8"},
    {"HARD_SIGMOID", R"(inputs: "x")", "1x4x8x8"},
    {"TANH", R"(inputs: "x")", "1x4x8x8"},
    {"SOFTPLUS", R"(inputs: "x")", "1x4x8x8"},
    {"SILU", R"(inputs: "x")", "1x4x8x8"},
    {"HARD_SWISH", R"(inputs: "x")", "1x4x8x8"},
    {"GELU", R"(inputs: "x")", "1x4x8x8"},
    {"MISH", R"(inputs: "x")", "1x4x8x8"},
    {"ERF", R"(inputs: "x")", "1x4x8x8"},
    {"EXP", R"(inputs: "x")", "1x4x8x8"},
    {"LOG", R"(inputs: "x")", "1x4x8x8"},
    {"SQRT", R"(inputs: "x")", "1x4x8x8"},
    {"UNARY", R"(inputs: "x")", "1x4x8x8"},
    {"CAST", R"(inputs: "x")", "1x4x8x8"},
    {"SOFTMAX", R"(inputs: "m" axis { axis: 1 })", "2x3x5"},
    {"SOFTMAX", R"(inputs: "m")", "2x3x5"},
    {"BATCH_NORM", R"(inputs: "x" constant_elements: 16)", "1x4x8x8", 0, 16},
    {"LAYER_NORM", R"(inputs: "m" axis { axis: -2 } constant_elements: 30)", "2x3x5", 0, 30},
    {"INSTANCE_NORM", R"(inputs: "x" constant_elements: 8)", "1x4x8x8", 0, 8},
    {"LRN", R"(inputs: "x")", "1x4x8x8"},
    {"LP_NORM", R"(inputs: "x" axis { axis: 1 })", "1x4x8x8"},
    {"REDUCE", R"(inputs: "x" reduce { axes: [-1, 2] })", "1x4"},
    {"REDUCE", R"(inputs: "x" reduce { axes: 2 keep_dims: true })", "1x4x1x8"},
    {"REDUCE", R"(inputs: "x")", "scalar"},
    {"ARG_REDUCE", R"(inputs: "x" reduce { axes: 1 })", "1x8x8"},
    {"CONCAT", R"(inputs: "x" inputs: "x" inputs: "x")", "1x12x8x8"},
    {"CONCAT", R"(inputs: "m" inputs: "m" axis { axis: -1 })", "2x3x10"},
    {"CONCAT", R"(inputs: "m" axis { axis: 1 } constant_elements: 20)", "2x5x5", 0, 20},
    {"SPLIT", R"(inputs: "x" split { axis: 1 sizes: [1, 3] })", "1x1x8x8"},
    {"SLICE", R"(inputs: "x" slice { axes: [2, -1] starts: [1, -3] ends: [-1, 100] steps: [2, 1] })", "1x4x3x3"},
    {"SLICE", R"(inputs: "x" slice { axes: 3 starts: 2 ends: 6 })", "1x4x8x4"},
    {"PAD", R"(inputs: "x" pad { begin: [0, 0, 1, -1] end: [0, 2, 1, 0] })", "1x6x10x7"},
    {"RESIZE", R"(inputs: "x" output_shape { shape { dims: [1, 4, 16, 12] } })", "1x4x16x12"},
    {"TRANSPOSE", R"(inputs: "x" transpose { permutation: [0, 2, 3, 1] })", "1x8x8x4"},
    {"TRANSPOSE", R"(inputs: "m")", "5x3x2"},
    {"GATHER", R"(inputs: "m" inputs: "i" axis { axis: 1 })", "2x6x5"},
    {"GATHER", R"(inputs: "m" inputs: "i")", "6x3x5"},
    {"GATHER", R"(inputs: "i" output_shape { shape { dims: [6, 32] } } constant_elements: 3200)", "6x32", 0, 3200},
    {"EXPAND", R"(inputs: "i" output_shape { shape { dims: [4, 6] } })", "4x6"},
    {"DEPTH_TO_SPACE", R"(inputs: "x" output_shape { shape { dims: [1, 1, 16, 16] } })", "1x1x16x16"},
    {"RESHAPE", R"(inputs: "x" output_shape { shape { dims: [2, -1] } })", "2x128"},
    {"QUANTIZE", R"(inputs: "x")", "1x4x8x8"},
    {"DEQUANTIZE", R"(inputs: "x")", "1x4x8x8"},
    {"UNKNOWN", R"(inputs: "x" inputs: "m" output_shape { shape { dims: [7] } } constant_elements: 9)", "7", 0, 9},
    {"UNKNOWN", R"(inputs: "x")", "1x4x8x8"},
    {"UNKNOWN", R"(output_shape { shape { dims: [7] } })", "7"},
};

TEST(NetworkProto, EveryTypeIsReadAndWrittenBack) {
  std::set<v1::LayerType> seen;
  for (const TypeCase& c : kTypes) {
    const std::string layer = absl::StrCat("layers { name: 'layer' type: LAYER_TYPE_", c.type, " ", c.rest, " }");
    SCOPED_TRACE(layer);
    const v1::Network message = Message(absl::StrCat(kInputs, layer));
    ASSERT_EQ(message.layers_size(), 1);
    seen.insert(message.layers(0).type());
    const absl::StatusOr<Network> network = NetworkFromProto(message);
    ASSERT_TRUE(network.ok()) << network.status();
    ASSERT_EQ(network->layers.size(), 1u);
    EXPECT_EQ(static_cast<int>(network->layers[0].type), static_cast<int>(message.layers(0).type()));
    EXPECT_EQ(ShapeToString(network->OutputShape(network->layers[0])), c.output);
    EXPECT_EQ(Macs(*network), c.macs);
    EXPECT_EQ(ConstantElements(*network, network->layers[0]), c.constants);
    ExpectRoundTrip(*network);
  }
  EXPECT_EQ(seen.size(), static_cast<size_t>(kNumLayerTypes - 1)) << "a type is missing from the table";
}

TEST(NetworkProto, EnumsOfMessageAndCodeAreTheSame) {
  for (int i = 0; i < kNumLayerTypes; ++i) {
    std::string name = v1::LayerType_Name(static_cast<v1::LayerType>(i));
    std::string camel;
    bool upper = true;
    for (char c : name.substr(sizeof("LAYER_TYPE_") - 1)) {
      if (c != '_') camel.push_back(upper ? c : static_cast<char>(std::tolower(c)));
      upper = c == '_';
    }
    if (camel == "Prelu") camel = "PRelu";
    EXPECT_EQ(camel, LayerTypeName(static_cast<LayerType>(i)));
  }
}

TEST(NetworkProto, NamesOutputsAndFactsSurvive) {
  const Network network = *NetworkFromProto(Message(absl::StrCat(kInputs, R"pb(
    name: "small"
    layers {
      name: "halves"
      type: LAYER_TYPE_SPLIT
      inputs: "x"
      split {
        axis: 1
        sizes: [ 2, 2 ]
      }
    }
    layers { type: LAYER_TYPE_RELU inputs: "halves:1" }
    layers { name: "sum" type: LAYER_TYPE_ADD inputs: "halves" inputs: "layer1" }
    outputs: "layer1"
    outputs: "sum"
    outputs: "sum"
  )pb")));
  EXPECT_EQ(network.name, "small");
  EXPECT_EQ(network.source_node_count, 3);
  EXPECT_EQ(network.layers[1].name, "layer1");
  ASSERT_EQ(network.outputs.size(), 2u);
  EXPECT_EQ(network.tensors[network.outputs[0]].name, "layer1");
  ExpectRoundTrip(network);
  const v1::Network message = NetworkToProto(network);
  EXPECT_EQ(message.name(), "small");
  EXPECT_EQ(message.layers(1).inputs(0), "halves:1");
  EXPECT_THAT(message.outputs(), testing::ElementsAre("layer1", "sum"));
}

TEST(NetworkProto, OptionsReplaceShapesAndName) {
  ImportOptions options;
  options.display_name = "shown";
  options.input_shapes.push_back({"x", {5, 4, 6, 6}});
  const v1::Network message = Message(R"pb(inputs {
                                             name: "x"
                                             shape { dims: [ 1, 4, 8, 8 ] }
                                           }
                                           layers { type: LAYER_TYPE_RELU inputs: "x" })pb");
  const absl::StatusOr<Network> network = NetworkFromProto(message, options);
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_EQ(network->name, "shown");
  EXPECT_EQ(network->OutputShape(network->layers[0]), (Shape{5, 4, 6, 6}));
}

LayerSpec Spec(absl::string_view name, LayerType type, std::initializer_list<TensorId> inputs) {
  LayerSpec spec;
  spec.name = name;
  spec.type = type;
  for (TensorId id : inputs) spec.operands.push_back(Operand::Activation(id));
  return spec;
}

// In other formats tensors and layers have names of their own; in messages they share one set.
TEST(NetworkProto, NamesThatWouldMeetAreMadeDifferent) {
  NetworkBuilder builder;
  const TensorId x = *builder.AddInput("a", {4}, DataType::kFloat32);
  LayerSpec first = Spec("a", LayerType::kRelu, {x});
  first.output_names.push_back("first");
  const LayerId relu = *builder.AddLayer(first);
  LayerSpec taken = Spec("s:1", LayerType::kRelu, {builder.network().layers[relu].outputs[0]});
  taken.output_names.push_back("second");
  const LayerId other = *builder.AddLayer(taken);
  LayerSpec split = Spec("s", LayerType::kSplit, {builder.network().layers[other].outputs[0]});
  split.attributes = SplitAttributes{0, {1, 3}};
  split.output_names = {"left", "right"};
  ASSERT_TRUE(builder.AddLayer(split).ok());
  const Network network = *std::move(builder).Finish({});
  const v1::Network message = NetworkToProto(network);
  const absl::StatusOr<Network> back = NetworkFromProto(message);
  ASSERT_TRUE(back.ok()) << back.status() << message.DebugString();
  ExpectSame(network, *back);
}

TEST(NetworkProto, UnknownLayersWarn) {
  const Network network = *NetworkFromProto(Message(absl::StrCat(kInputs, R"pb(
    layers { name: "a" type: LAYER_TYPE_UNKNOWN inputs: "m" }
    layers { name: "b" type: LAYER_TYPE_UNKNOWN inputs: "a" }
  )pb")));
  ASSERT_EQ(network.warnings.size(), 1u);
  EXPECT_EQ(network.warnings[0].code, ImportWarning::Code::kUnknownOperator);
  EXPECT_THAT(network.warnings[0].nodes, testing::ElementsAre("a", "b"));
}

TEST(NetworkProto, ElementTypesFollowTheOperation) {
  const Network network = *NetworkFromProto(Message(absl::StrCat(kInputs, R"pb(
    layers {
      name: "table"
      type: LAYER_TYPE_GATHER
      inputs: "i"
      output_shape { shape { dims: [ 6, 32 ] } }
      constant_elements: 3200
    }
    layers { name: "less" type: LAYER_TYPE_COMPARE inputs: "m" constant_elements: 1 }
    layers { name: "choice" type: LAYER_TYPE_WHERE inputs: "less" inputs: "m" constant_elements: 1 }
    layers {
      name: "best"
      type: LAYER_TYPE_ARG_REDUCE
      inputs: "m"
      reduce { axes: 2 }
    }
    layers { name: "rows" type: LAYER_TYPE_GATHER inputs: "m" inputs: "i" }
  )pb")));
  auto type = [&](size_t layer) { return network.tensors[network.layers[layer].outputs[0]].type; };
  EXPECT_EQ(type(0), DataType::kFloat32);  // an embedding, whatever its indices are
  EXPECT_EQ(type(1), DataType::kBool);
  EXPECT_EQ(type(2), DataType::kFloat32);
  EXPECT_EQ(type(3), DataType::kInt64);
  EXPECT_EQ(type(4), DataType::kFloat32);
}

}  // namespace
}  // namespace latimer
