#include <google/protobuf/text_format.h>
#include <onnx/onnx_pb.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "tests/fuzz/seeds.h"

namespace latimer::fuzz {
namespace {

// `graph` is the text of a GraphProto. The input x is 1x4x8x8 and the output y, where the text has no others.
std::string Model(absl::string_view graph, int opset = 17) {
  onnx::ModelProto model;
  std::string text =
      absl::StrCat("ir_version: 8 opset_import { domain: '' version: ", opset, " } graph { name: 'g' ", graph);
  if (graph.find("input {") == absl::string_view::npos) {
    absl::StrAppend(&text,
                    " input { name: 'x' type { tensor_type { elem_type: 1 shape { dim { dim_value: 1 } "
                    "dim { dim_value: 4 } dim { dim_value: 8 } dim { dim_value: 8 } } } } }");
  }
  absl::StrAppend(&text, " output { name: 'y' type { tensor_type { elem_type: 1 shape { } } } } }");
  if (!google::protobuf::TextFormat::ParseFromString(text, &model)) {
    std::fprintf(stderr, "seed is no model: %s\n", text.c_str());
    std::abort();
  }
  return model.SerializeAsString();
}

std::string Ints(absl::string_view name, absl::string_view values) {
  return absl::StrCat(" attribute { name: '", name, "' type: INTS ints: [", values, "] }");
}

std::string Int(absl::string_view name, int64_t value) {
  return absl::StrCat(" attribute { name: '", name, "' type: INT i: ", value, " }");
}

std::string Node(absl::string_view op, absl::string_view inputs, absl::string_view output,
                 absl::string_view attributes = "") {
  std::string quoted;
  for (char c : std::string(inputs)) quoted += c == ' ' ? std::string("', '") : std::string(1, c);
  return absl::StrCat(" node { op_type: '", op, "' input: ['", quoted, "'] output: '", output, "'", attributes, " }");
}

// Dims without data.
std::string Weights(absl::string_view name, absl::string_view dims) {
  return absl::StrCat(" initializer { name: '", name, "' data_type: 1 dims: [", dims, "] }");
}

std::string Integers(absl::string_view name, int64_t count, absl::string_view values) {
  return absl::StrCat(" initializer { name: '", name, "' data_type: 7 dims: ", count, " int64_data: [", values, "] }");
}

void AddOperators(Seeds* seeds) {
  auto& s = *seeds;
  const std::string weights = Weights("w", "8, 4, 3, 3") + Weights("b", "8");
  s["conv_relu"] = Model(Node("Conv", "x w b", "c", Ints("kernel_shape", "3, 3") + Ints("pads", "1, 1, 1, 1")) +
                         Node("Relu", "c", "y") + weights);
  s["conv_strided_same"] = Model(Node("Conv", "x w", "y",
                                      Ints("strides", "2, 2") + Ints("dilations", "2, 2") +
                                          " attribute { name: 'auto_pad' type: STRING s: 'SAME_UPPER' }") +
                                 weights);
  s["conv_depthwise"] = Model(Node("Conv", "x w", "y", Int("group", 4)) + Weights("w", "4, 1, 3, 3"));
  s["conv_transpose"] =
      Model(Node("ConvTranspose", "x w", "y", Ints("strides", "2, 2") + Ints("output_padding", "1, 1")) +
            Weights("w", "4, 8, 3, 3"));
  s["batch_norm"] = Model(Node("Conv", "x w", "c") + Node("BatchNormalization", "c s t m v", "n") +
                          Node("Sigmoid", "n", "z") + Node("Mul", "n z", "y") + Weights("w", "8, 4, 1, 1") +
                          Weights("s", "8") + Weights("t", "8") + Weights("m", "8") + Weights("v", "8"));
  s["pools"] =
      Model(Node("MaxPool", "x", "a", Ints("kernel_shape", "3, 3") + Ints("strides", "2, 2") + Int("ceil_mode", 1)) +
            Node("AveragePool", "a", "b", Ints("kernel_shape", "2, 2")) + Node("GlobalAveragePool", "b", "y"));
  s["dense"] = Model(Node("Flatten", "x", "f", Int("axis", 1)) + Node("Gemm", "f w b", "g", Int("transB", 1)) +
                     Node("Softmax", "g", "y", Int("axis", -1)) + Weights("w", "10, 256") + Weights("b", "10"));
  s["attention"] = Model(Node("Transpose", "x", "t", Ints("perm", "0, 1, 3, 2")) + Node("MatMul", "x t", "m") +
                         Node("Softmax", "m", "p") + Node("MatMul", "p x", "y"));
  s["shape_arithmetic"] = Model(Node("Shape", "x", "s") + Node("Gather", "s i", "n", Int("axis", 0)) +
                                Node("Concat", "n j", "r", Int("axis", 0)) + Node("Reshape", "x r", "y") +
                                Integers("i", 1, "0") + Integers("j", 1, "-1"));
  s["slice_pad_split"] = Model(
      Node("Slice", "x b e a st", "s") + Node("Pad", "s p", "q") +
      " node { op_type: 'Split' input: ['q', 'n'] output: ['l', 'r'] attribute { name: 'axis' type: INT i: 1 } }" +
      Node("Concat", "r l", "y", Int("axis", 1)) + Integers("b", 1, "0") + Integers("e", 1, "9223372036854775807") +
      Integers("a", 1, "2") + Integers("st", 1, "2") + Integers("p", 8, "0, 0, 1, 1, 0, 0, 1, 1") +
      Integers("n", 2, "1, 3"));
  s["resize"] = Model(
      " node { op_type: 'Resize' input: ['x', '', 's'] output: 'y' }"
      " initializer { name: 's' data_type: 1 dims: 4 float_data: [1, 1, 2, 2] }");
  s["layer_norm"] = Model(Node("ReduceMean", "x", "m", Ints("axes", "-1")) + Node("Sub", "x m", "d") +
                          Node("Pow", "d two", "q") + Node("ReduceMean", "q", "v", Ints("axes", "-1")) +
                          Node("Add", "v eps", "e") + Node("Sqrt", "e", "r") + Node("Div", "d r", "n") +
                          Node("Mul", "n g", "h") + Node("Add", "h o", "y") + Weights("g", "8") + Weights("o", "8") +
                          " initializer { name: 'two' data_type: 1 float_data: 2 } initializer { name: 'eps' "
                          "data_type: 1 float_data: 1e-5 }");
  s["gelu"] = Model(Node("Div", "x root", "d") + Node("Erf", "d", "e") + Node("Add", "e one", "a") +
                    Node("Mul", "x a", "m") + Node("Mul", "m half", "y") +
                    " initializer { name: 'root' data_type: 1 float_data: 1.4142135 }"
                    " initializer { name: 'one' data_type: 1 float_data: 1 }"
                    " initializer { name: 'half' data_type: 1 float_data: 0.5 }");
  s["embedding_where"] = Model(
      " input { name: 'x' type { tensor_type { elem_type: 7 shape { dim { dim_value: 1 } dim { dim_value: 6 } } } } }" +
      Node("Gather", "t x", "e") + Node("Greater", "e z", "c") + Node("Where", "c e z", "w") +
      Node("Cast", "w", "y", Int("to", 10)) + Weights("t", "100, 16") + Weights("z", "1"));
  s["elementwise_rank"] =
      Model(Node("Unsqueeze", "x a", "u") + Node("Expand", "u s", "e") + Node("Tile", "e r", "t") +
            Node("Squeeze", "t", "q") + Node("Clip", "q", "k") + Node("DepthToSpace", "x", "dts", Int("blocksize", 2)) +
            Node("Max", "k k", "y") + Integers("a", 1, "0") + Integers("s", 5, "2, 1, 4, 8, 8") +
            Integers("r", 5, "1, 1, 1, 1, 1"));
  s["unknown_outputs"] = Model(" node { op_type: 'Strange' domain: 'com.example' input: 'x' output: ['a', 'b'] }" +
                               Node("Add", "a b", "y"));
  s["unknown_operator"] =
      Model(" node { op_type: 'Strange' domain: 'com.example' input: 'x' output: 'a' }" + Node("Relu", "a", "y"));
}

void AddHostile(Seeds* seeds) {
  auto& s = *seeds;
  s["hostile_empty"] = "";
  s["hostile_zeros"] = std::string(4096, '\0');
  s["hostile_not_onnx"] = "\x89PNG\r\n\x1a\n not a model at all";
  s["hostile_no_graph"] = "\x08\x08";
  s["hostile_cycle"] = Model(Node("Add", "x b", "a") + Node("Relu", "a", "b") + Node("Relu", "b", "y"));
  s["hostile_own_input"] = Model(Node("Add", "x y", "y"));
  s["hostile_duplicate_output"] = Model(Node("Relu", "x", "y") + Node("Tanh", "x", "y"));
  s["hostile_missing_input"] = Model(Node("Conv", "x nowhere", "y"));
  s["hostile_rank"] = Model(Node("Conv", "x w", "y") + Weights("w", "8, 4"));
  s["hostile_negative_dim"] = Model(Node("Relu", "x", "y") +
                                    " input { name: 'x' type { tensor_type { elem_type: 1 shape { dim { dim_value: -5 "
                                    "} dim { dim_value: 3 } } } } }");
  s["hostile_overflow"] =
      Model(Node("MatMul", "x w", "y") +
            " input { name: 'x' type { tensor_type { elem_type: 1 shape { dim { dim_value: 4611686018427387904 } "
            "dim { dim_value: 3 } } } } }" +
            Weights("w", "3, 4611686018427387904"));
  s["hostile_open_dims"] =
      Model(Node("Relu", "x", "y") +
            " input { name: 'x' type { tensor_type { elem_type: 1 shape { dim { dim_param: 'N' } dim { } } } } }");
  s["hostile_huge_constant"] = Model(Node("ConstantOfShape", "s", "c") + Node("Shape", "c", "t") +
                                     Node("Reshape", "x t", "y") + Integers("s", 2, "1099511627776, 1099511627776"));
  s["hostile_range"] = Model(Node("Range", "a b c", "r") + Node("Reshape", "x r", "y") +
                             " initializer { name: 'a' data_type: 7 int64_data: 0 } initializer { name: 'b' data_type: "
                             "7 int64_data: 9223372036854775807 }"
                             " initializer { name: 'c' data_type: 7 int64_data: 1 }");
  s["hostile_tile"] = Model(Node("Tile", "x r", "y") + Integers("r", 4, "1048576, 1048576, 1048576, 1048576"));
  s["hostile_padding"] =
      Model(Node("Conv", "x w", "y", Ints("pads", "9223372036854775807, 1, 9223372036854775807, 1")) +
            Weights("w", "8, 4, 3, 3"));
  s["hostile_stride"] = Model(Node("MaxPool", "x", "y", Ints("kernel_shape", "2, 2") + Ints("strides", "0, -1")));
  s["hostile_groups"] = Model(Node("Conv", "x w", "y", Int("group", 0)) + Weights("w", "8, 4, 3, 3"));
  s["hostile_divide"] = Model(Node("Shape", "x", "s") + Node("Div", "s z", "q") + Node("Mod", "s z", "m") +
                              Node("Add", "q m", "r") + Node("Reshape", "x r", "y") + Integers("z", 4, "0, 0, -1, 0"));
  s["hostile_axis"] =
      Model(Node("Concat", "x x", "c", Int("axis", -9223372036854775807)) + Node("Softmax", "c", "y", Int("axis", 99)));
  s["hostile_lying_initializer"] =
      Model(Node("Reshape", "x r", "y") + " initializer { name: 'r' data_type: 7 dims: 4 raw_data: 'abc' }");
  std::string doubling;
  for (int i = 0; i < 40; ++i) {
    const std::string from = i == 0 ? "x" : absl::StrCat("d", i - 1);
    doubling += Node("Concat", absl::StrCat(from, " ", from), i == 39 ? "y" : absl::StrCat("d", i), Int("axis", 1));
  }
  s["hostile_doubling"] = Model(doubling);
  std::string nested = " node { op_type: 'Relu' input: 'x' output: 'n' }";
  for (int i = 0; i < 20; ++i) {
    nested = absl::StrCat(
        " node { op_type: 'If' input: 'x' output: 'y' attribute { name: 'then_branch' type: GRAPH g { name: 'i'",
        nested, " } } }");
  }
  s["hostile_nested"] = Model(nested);
  std::string many(10'000, '\0');
  for (size_t i = 0; i < many.size(); i += 2) many[i] = '\x0a';  // empty nodes, two bytes each
  s["hostile_empty_nodes"] = std::string("\x08\x08\x3a\x90\x4e", 5) + many;
  s["old_operator_set"] =
      Model(Node("Upsample", "x s", "u", " attribute { name: 'mode' type: STRING s: 'nearest' }") +
                Node("Relu", "u", "y") + " initializer { name: 's' data_type: 1 dims: 4 float_data: [1, 1, 2, 2] }",
            9);
  s["new_operator_set"] = Model(Node("Gelu", "x", "y"), 20);
}

}  // namespace

Seeds OnnxSeeds() {
  Seeds seeds;
  AddOperators(&seeds);
  AddHostile(&seeds);
  return seeds;
}

}  // namespace latimer::fuzz
