#include "tests/bench/onnx_networks.h"

#include <onnx/onnx_pb.h>

#include <array>
#include <initializer_list>
#include <vector>

#include "absl/strings/str_cat.h"

namespace latimer::bench {
namespace {

constexpr int64_t kClasses = 1000;

class Model {
 public:
  Model(const char* name, int64_t resolution) {
    model_.set_ir_version(7);
    model_.set_producer_name("latimer-bench");
    model_.add_opset_import()->set_version(13);
    model_.mutable_graph()->set_name(name);
    DeclareTensor(model_.mutable_graph()->add_input(), "input", {1, 3, resolution, resolution});
  }

  std::string Conv(const std::string& input, int64_t in, int64_t out, int64_t kernel, int64_t stride,
                   int64_t groups = 1) {
    onnx::NodeProto* node = Node("Conv", {input});
    AddWeight(node, "weight", {out, in / groups, kernel, kernel});
    AddWeight(node, "bias", {out});
    SetInts(node, "dilations", {1, 1});
    SetInt(node, "group", groups);
    SetWindow(node, kernel, stride, kernel / 2);
    return node->output(0);
  }

  std::string Relu(const std::string& input) { return Node("Relu", {input})->output(0); }

  std::string Relu6(const std::string& input) {
    onnx::NodeProto* node = Node("Clip", {input});
    AddScalar(node, "min", 0);
    AddScalar(node, "max", 6);
    return node->output(0);
  }

  std::string MaxPool(const std::string& input, int64_t kernel, int64_t stride) {
    onnx::NodeProto* node = Node("MaxPool", {input});
    SetWindow(node, kernel, stride, kernel / 2);
    return node->output(0);
  }

  std::string Add(const std::string& a, const std::string& b) { return Node("Add", {a, b})->output(0); }

  std::string Classify(const std::string& input, int64_t features) {
    const std::string pooled = Node("GlobalAveragePool", {input})->output(0);
    onnx::NodeProto* flat = Node("Flatten", {pooled});
    SetInt(flat, "axis", 1);
    onnx::NodeProto* node = Node("Gemm", {flat->output(0)});
    AddWeight(node, "weight", {kClasses, features});
    AddWeight(node, "bias", {kClasses});
    SetInt(node, "transB", 1);
    DeclareTensor(model_.mutable_graph()->add_output(), node->output(0), {1, kClasses});
    return model_.SerializeAsString();
  }

 private:
  static void DeclareTensor(onnx::ValueInfoProto* info, const std::string& name, std::initializer_list<int64_t> dims) {
    info->set_name(name);
    onnx::TypeProto::Tensor* tensor = info->mutable_type()->mutable_tensor_type();
    tensor->set_elem_type(onnx::TensorProto::FLOAT);
    for (int64_t dim : dims) tensor->mutable_shape()->add_dim()->set_dim_value(dim);
  }

  onnx::NodeProto* Node(const char* type, std::initializer_list<std::string> inputs) {
    onnx::NodeProto* node = model_.mutable_graph()->add_node();
    node->set_op_type(type);
    node->set_name(absl::StrCat(type, "_", model_.graph().node_size()));
    for (const std::string& input : inputs) node->add_input(input);
    node->add_output(absl::StrCat(node->name(), "_output"));
    return node;
  }

  onnx::TensorProto* AddInitializer(onnx::NodeProto* node, const char* suffix) {
    onnx::TensorProto* tensor = model_.mutable_graph()->add_initializer();
    tensor->set_name(absl::StrCat(node->name(), ".", suffix));
    tensor->set_data_type(onnx::TensorProto::FLOAT);
    node->add_input(tensor->name());
    return tensor;
  }

  void AddWeight(onnx::NodeProto* node, const char* suffix, std::initializer_list<int64_t> dims) {
    onnx::TensorProto* tensor = AddInitializer(node, suffix);
    for (int64_t dim : dims) tensor->add_dims(dim);
  }

  void AddScalar(onnx::NodeProto* node, const char* suffix, float value) {
    AddInitializer(node, suffix)->add_float_data(value);
  }

  static void SetInt(onnx::NodeProto* node, const char* name, int64_t value) {
    onnx::AttributeProto* attribute = node->add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::INT);
    attribute->set_i(value);
  }

  static void SetInts(onnx::NodeProto* node, const char* name, std::initializer_list<int64_t> values) {
    onnx::AttributeProto* attribute = node->add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::INTS);
    for (int64_t value : values) attribute->add_ints(value);
  }

  static void SetWindow(onnx::NodeProto* node, int64_t kernel, int64_t stride, int64_t pad) {
    SetInts(node, "kernel_shape", {kernel, kernel});
    SetInts(node, "pads", {pad, pad, pad, pad});
    SetInts(node, "strides", {stride, stride});
  }

  onnx::ModelProto model_;
};

// `expansion` 1: two 3x3 convolutions per block; 4: a bottleneck of 1x1, 3x3, 1x1.
std::string MakeResNet(const char* name, const std::array<int, 4>& blocks, int64_t expansion, int64_t resolution) {
  Model model(name, resolution);
  std::string x = model.MaxPool(model.Relu(model.Conv("input", 3, 64, 7, 2)), 3, 2);
  int64_t in = 64;
  for (size_t stage = 0; stage < blocks.size(); ++stage) {
    const int64_t width = int64_t{64} << stage;
    const int64_t out = width * expansion;
    for (int block = 0; block < blocks[stage]; ++block) {
      const int64_t stride = stage > 0 && block == 0 ? 2 : 1;
      std::string y;
      if (expansion == 1) {
        y = model.Conv(model.Relu(model.Conv(x, in, width, 3, stride)), width, out, 3, 1);
      } else {
        y = model.Relu(model.Conv(x, in, width, 1, 1));
        y = model.Conv(model.Relu(model.Conv(y, width, width, 3, stride)), width, out, 1, 1);
      }
      if (stride != 1 || in != out) x = model.Conv(x, in, out, 1, stride);
      x = model.Relu(model.Add(y, x));
      in = out;
    }
  }
  return model.Classify(x, in);
}

}  // namespace

std::string MakeResNet18(int64_t resolution) { return MakeResNet("resnet18", {2, 2, 2, 2}, 1, resolution); }

std::string MakeResNet50(int64_t resolution) { return MakeResNet("resnet50", {3, 4, 6, 3}, 4, resolution); }

std::string MakeResNet152(int64_t resolution) { return MakeResNet("resnet152", {3, 8, 36, 3}, 4, resolution); }

std::string MakeMobileNetV2(int64_t resolution) {
  struct Stage {
    int64_t expansion, channels;
    int blocks;
    int64_t stride;
  };
  constexpr std::array<Stage, 7> kStages = {
      {{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}}};
  Model model("mobilenet_v2", resolution);
  std::string x = model.Relu6(model.Conv("input", 3, 32, 3, 2));
  int64_t in = 32;
  for (const Stage& stage : kStages) {
    for (int block = 0; block < stage.blocks; ++block) {
      const int64_t stride = block == 0 ? stage.stride : 1;
      const int64_t hidden = in * stage.expansion;
      std::string y = x;
      if (stage.expansion > 1) y = model.Relu6(model.Conv(y, in, hidden, 1, 1));
      y = model.Relu6(model.Conv(y, hidden, hidden, 3, stride, hidden));
      y = model.Conv(y, hidden, stage.channels, 1, 1);
      x = stride == 1 && in == stage.channels ? model.Add(x, y) : y;
      in = stage.channels;
    }
  }
  return model.Classify(model.Relu6(model.Conv(x, in, 1280, 1, 1)), 1280);
}

}  // namespace latimer::bench
