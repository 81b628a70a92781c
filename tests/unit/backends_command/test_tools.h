// What the tests of vendors' toolchains share: folders, scripts that play a tool, and a small network.
#ifndef LATIMER_TESTS_UNIT_BACKENDS_COMMAND_TEST_TOOLS_H_
#define LATIMER_TESTS_UNIT_BACKENDS_COMMAND_TEST_TOOLS_H_

#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <string>

#include "onnx/onnx_pb.h"
#include "tests/unit/temp_dir.h"

namespace latimer::command {

inline std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void WriteScript(const std::string& path, const std::string& lines) {
  std::ofstream(path) << "#!/bin/sh\n" << lines;
  chmod(path.c_str(), 0755);
}

// conv1 (1x1, 4 channels) and pool1 (2x2) over 8x8; `name` is the convolution's.
inline std::string SmallNetwork(const std::string& name = "conv1") {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(13);
  onnx::GraphProto* graph = model.mutable_graph();
  graph->set_name("small");
  const auto add_value = [](onnx::ValueInfoProto* value, const char* tensor, std::initializer_list<int> dims) {
    value->set_name(tensor);
    auto* type = value->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    for (const int dim : dims) type->mutable_shape()->add_dim()->set_dim_value(dim);
  };
  add_value(graph->add_input(), "x", {1, 4, 8, 8});
  add_value(graph->add_output(), "z", {1, 4, 4, 4});
  onnx::TensorProto* weights = graph->add_initializer();
  weights->set_name("w");
  weights->set_data_type(onnx::TensorProto::FLOAT);
  for (const int dim : {4, 4, 1, 1}) weights->add_dims(dim);
  for (int i = 0; i < 16; ++i) weights->add_float_data(0.1F);
  const auto add_ints = [](onnx::NodeProto* node, const char* attribute, std::initializer_list<int> values) {
    onnx::AttributeProto* added = node->add_attribute();
    added->set_name(attribute);
    added->set_type(onnx::AttributeProto::INTS);
    for (const int value : values) added->add_ints(value);
  };
  onnx::NodeProto* convolution = graph->add_node();
  convolution->set_name(name);
  convolution->set_op_type("Conv");
  convolution->add_input("x");
  convolution->add_input("w");
  convolution->add_output("y");
  add_ints(convolution, "kernel_shape", {1, 1});
  onnx::NodeProto* pool = graph->add_node();
  pool->set_name("pool1");
  pool->set_op_type("MaxPool");
  pool->add_input("y");
  pool->add_output("z");
  add_ints(pool, "kernel_shape", {2, 2});
  add_ints(pool, "strides", {2, 2});
  return model.SerializeAsString();
}

}  // namespace latimer::command

#endif  // LATIMER_TESTS_UNIT_BACKENDS_COMMAND_TEST_TOOLS_H_
