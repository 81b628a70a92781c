#include <google/protobuf/text_format.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "latimer/v1/network.pb.h"
#include "tests/fuzz/seeds.h"

namespace latimer::fuzz {
namespace {

std::string Layer(absl::string_view name, absl::string_view type, absl::string_view parent,
                  absl::string_view output_shape, absl::string_view more = "") {
  const std::string parents = parent.empty() ? "" : absl::StrCat("\"", parent, "\"");
  return absl::StrCat("\"", name, "\":{\"type\":\"", type, "\",\"parents\":[", parents,
                      "],\"children\":[],\"output_shape\":[", output_shape, "]", more, "}");
}

std::string Graph(absl::string_view layers) {
  return absl::StrCat("{\"name\":\"g\",\"layers\":{", Layer("x", "DataInput", "", "-1,8,8,4"), ",", layers, "}}");
}

constexpr char kConv[] = ",\"kernel_shape\":[3,3,4,8],\"strides\":[1,2,2,1],\"pads\":[0,1,1,0,0,1,1,0]";

std::string Network(absl::string_view text) {
  v1::Network network;
  const std::string input = "name: 'n' inputs { name: 'x' shape { dims: [1, 4, 8, 8] } data_type: DATA_TYPE_FLOAT32 } ";
  if (!google::protobuf::TextFormat::ParseFromString(input + std::string(text), &network)) {
    std::fprintf(stderr, "seed is no network: %s\n", std::string(text).c_str());
    std::abort();
  }
  return network.SerializeAsString();
}

}  // namespace

Seeds AnnetteSeeds() {
  Seeds s;
  s["conv"] = Graph(Layer("c", "Conv", "x", "-1,4,4,8", kConv) + "," + Layer("n", "BatchNorm", "c", "-1,4,4,8") + "," +
                    Layer("y", "Relu", "n", "-1,4,4,8"));
  s["depthwise"] = Graph(Layer("c", "DepthwiseConv", "x", "-1,8,8,4",
                               ",\"kernel_shape\":[3,3,4,1],\"strides\":[1,1,1,1],\"pads\":[0,1,1,0,0,1,1,0]") +
                         "," + Layer("y", "Relu6", "c", "-1,8,8,4"));
  s["transposed"] = Graph(Layer("c", "ConvTranspose", "x", "-1,16,16,8",
                                ",\"kernel_shape\":[2,2,4,8],\"strides\":[1,2,2,1],\"pads\":[0,0,0,0,0,0,0,0]"));
  s["pool_dense"] = Graph(
      Layer("p", "Pool", "x", "-1,4,4,4",
            ",\"kernel_shape\":[1,2,2,1],\"strides\":[1,2,2,1],\"pads\":[0,0,0,0,0,0,0,0],\"pooling_type\":\"MAX\"") +
      "," + Layer("f", "Flatten", "p", "-1,64") + "," + Layer("d", "FullyConnected", "f", "-1,10") + "," +
      Layer("y", "Softmax", "d", "-1,10"));
  s["branches"] = Graph(Layer("a", "Sigmoid", "x", "-1,8,8,4") + "," + Layer("b", "Tanh", "x", "-1,8,8,4") +
                        ",\"m\":{\"type\":\"Mul\",\"parents\":[\"a\",\"b\"],\"output_shape\":[-1,8,8,4]}" +
                        ",\"y\":{\"type\":\"Concat\",\"parents\":[\"m\",\"a\"],\"output_shape\":[-1,8,8,8],"
                        "\"input_shape\":[[-1,8,8,4],[-1,8,8,4]]}");
  s["shapes"] = Graph(Layer("r", "Reshape", "x", "-1,256") + "," + Layer("e", "ExpandDims", "r", "-1,1,256") + "," +
                      Layer("q", "Squeeze", "e", "-1,256") + "," + Layer("s", "StridedSlice", "q", "-1,100"));
  s["resize"] = Graph(Layer("r", "Resize", "x", "-1,16,16,4") + "," + Layer("m", "Mean", "r", "-1,4") + "," +
                      Layer("y", "Softplus", "m", "-1,4"));
  s["pads_disagree"] = Graph(Layer("c", "Conv", "x", "-1,5,5,8", kConv));
  s["unknown"] = Graph(Layer("u", "DataInput", "x", "-1,7,7,3") + "," + Layer("y", "Strange", "u", "-1,2"));

  s["hostile_empty"] = "";
  s["hostile_truncated"] = Graph(Layer("c", "Conv", "x", "-1,4,4,8", kConv)).substr(0, 120);
  s["hostile_deep"] = std::string(20'000, '[') + std::string(20'000, ']');
  s["hostile_deep_objects"] = "{\"layers\":{\"x\":" + std::string(12, '[') + std::string(12, ']') + "}}";
  s["hostile_not_an_object"] = "[1,2,3]";
  s["hostile_no_layers"] = "{\"name\":\"g\",\"layers\":{}}";
  s["hostile_cycle"] = Graph(Layer("a", "Relu", "b", "-1,8,8,4") + "," + Layer("b", "Relu", "a", "-1,8,8,4"));
  s["hostile_own_parent"] = Graph(Layer("a", "Relu", "a", "-1,8,8,4"));
  s["hostile_missing_parent"] = Graph(Layer("a", "Relu", "nowhere", "-1,8,8,4"));
  s["hostile_duplicate"] = Graph(Layer("a", "Relu", "x", "-1,8,8,4") + "," + Layer("a", "Tanh", "x", "-1,8,8,4"));
  s["hostile_overflow"] = Graph(Layer("a", "Relu", "x", "-1,9223372036854775807,9223372036854775807,2") + "," +
                                Layer("y", "FullyConnected", "a", "-1,9223372036854775807"));
  s["hostile_numbers"] = Graph(Layer("a", "Relu", "x", "-1,1e300,18446744073709551615,0.5"));
  s["hostile_strings"] = Graph(Layer("a", "Conv", "x", "\"batch_size\",\"width/stride\",1,1", kConv));
  s["hostile_kernel"] =
      Graph(Layer("c", "Conv", "x", "-1,4,4,8", ",\"kernel_shape\":[0,-3,4,8],\"strides\":[1,0,2,1],\"pads\":[0,1,1]"));
  s["hostile_unicode"] =
      Graph(Layer("\\ud800", "Relu", "x", "-1,8,8,4") + "," + Layer("\xff\xfe", "Tanh", "x", "-1,1"));
  std::string chain = Layer("l0", "Relu", "x", "-1,8,8,4");
  for (int i = 1; i < 300; ++i) {
    chain += "," + Layer(absl::StrCat("l", i), "Relu", absl::StrCat("l", i - 1), "-1,8,8,4");
  }
  s["long_chain"] = Graph(chain);
  return s;
}

Seeds NetworkSeeds() {
  Seeds s;
  s["residual"] = Network(
      "layers { name: 'c' type: LAYER_TYPE_CONV inputs: 'x' conv { kernel: [3, 3] pad_begin: [1, 1] output_channels: 4 "
      "bias: true } } layers { name: 'r' type: LAYER_TYPE_RELU inputs: 'c' } "
      "layers { name: 'y' type: LAYER_TYPE_ADD inputs: ['r', 'x'] }");
  s["one_and_three_dimensions"] = Network(
      "inputs { name: 'v' shape { dims: [1, 4, 32] } } inputs { name: 'd' shape { dims: [1, 2, 4, 8, 8] } } "
      "layers { type: LAYER_TYPE_CONV inputs: 'v' conv { kernel: 3 output_channels: 4 } } "
      "layers { type: LAYER_TYPE_CONV inputs: 'd' conv { kernel: [3, 3, 3] output_channels: 4 } }");
  s["every_parameter"] = Network(
      "layers { name: 't' type: LAYER_TYPE_TRANSPOSE inputs: 'x' transpose { permutation: [0, 2, 3, 1] } } "
      "layers { name: 'p' type: LAYER_TYPE_PAD inputs: 't' pad { begin: [0, 1, 1, 0] end: [0, 1, 1, 0] } } "
      "layers { name: 's' type: LAYER_TYPE_SLICE inputs: 'p' slice { axes: 1 starts: 1 ends: -1 } } "
      "layers { name: 'q' type: LAYER_TYPE_SPLIT inputs: 's' split { axis: 3 sizes: [1, 3] } } "
      "layers { name: 'n' type: LAYER_TYPE_LAYER_NORM inputs: 'q:1' axis { axis: -1 } } "
      "layers { name: 'e' type: LAYER_TYPE_RESHAPE inputs: 'n' output_shape { shape { dims: [1, -1] } } } "
      "layers { name: 'f' type: LAYER_TYPE_FULLY_CONNECTED inputs: 'e' fully_connected { output_features: 10 } } "
      "layers { name: 'y' type: LAYER_TYPE_REDUCE inputs: 'f' reduce { axes: -1 keep_dims: true } }");
  s["attention"] = Network(
      "layers { name: 'k' type: LAYER_TYPE_MAT_MUL inputs: ['x', 'x'] mat_mul { transpose_b: true } } "
      "layers { name: 'p' type: LAYER_TYPE_SOFTMAX inputs: 'k' } "
      "layers { name: 'y' type: LAYER_TYPE_MAT_MUL inputs: ['p', 'x'] } outputs: ['y', 'p']");

  s["hostile_empty"] = "";
  s["hostile_later_input"] = Network(
      "layers { name: 'a' type: LAYER_TYPE_RELU inputs: 'b' } layers { name: 'b' type: LAYER_TYPE_RELU inputs: 'a' }");
  s["hostile_same_names"] = Network(
      "layers { name: 'x' type: LAYER_TYPE_RELU inputs: 'x' } layers { name: 'x' type: LAYER_TYPE_RELU inputs: 'x' }");
  s["hostile_overflow"] = Network(
      "layers { name: 'a' type: LAYER_TYPE_CONV inputs: 'x' conv { kernel: [9223372036854775807, 1] stride: [0, -1] "
      "dilation: [4611686018427387904, 1] pad_begin: [9223372036854775807, 0] output_channels: 9223372036854775807 } "
      "}");
  s["hostile_constants"] = Network(
      "layers { name: 'a' type: LAYER_TYPE_MUL inputs: 'x' constant_elements: 9223372036854775807 } "
      "layers { name: 'b' type: LAYER_TYPE_UNKNOWN inputs: 'a' constant_elements: -1 } ");
  s["hostile_wrong_parameters"] = Network(
      "layers { type: LAYER_TYPE_CONV inputs: 'x' pool { kernel: [2, 2] } } layers { type: LAYER_TYPE_UNSPECIFIED }");
  s["hostile_expand"] = Network(
      "layers { name: 'e' type: LAYER_TYPE_EXPAND inputs: 'x' output_shape { shape { dims: [4096, 4194304, 8388608, "
      "8388608] } } }");
  s["unknown_outputs"] = Network(
      "layers { name: 'u' type: LAYER_TYPE_UNKNOWN inputs: 'x' output_shape { shape { dims: [1, 2] } further_shapes { "
      "dims: [1, 3] } } } layers { name: 'y' type: LAYER_TYPE_RELU inputs: 'u:1' }");
  s["hostile_outputs"] = Network("outputs: ['nowhere', 'x', 'x']");
  return s;
}

}  // namespace latimer::fuzz
