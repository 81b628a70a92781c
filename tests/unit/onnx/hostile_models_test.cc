// Models made to cost more than their size, or to break arithmetic: all end in an answer or a clean error, soon.
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <chrono>
#include <initializer_list>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/network/onnx/onnx_import.h"

namespace latimer {
namespace {

// A model with the input x of shape 1x4x8x8.
class Model {
 public:
  explicit Model(int opset) {
    model_.set_ir_version(8);
    onnx::OperatorSetIdProto* set = model_.add_opset_import();
    set->set_domain("");
    set->set_version(opset);
    model_.mutable_graph()->set_name("hostile");
    Input("x", {1, 4, 8, 8});
  }

  void Input(const std::string& name, const std::vector<int64_t>& dims) {
    onnx::ValueInfoProto* input = model_.mutable_graph()->add_input();
    input->set_name(name);
    auto* type = input->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    for (int64_t dim : dims) type->mutable_shape()->add_dim()->set_dim_value(dim);
  }

  onnx::TensorProto* Integers(const std::string& name, const std::vector<int64_t>& values) {
    onnx::TensorProto* tensor = model_.mutable_graph()->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(onnx::TensorProto::INT64);
    tensor->add_dims(static_cast<int64_t>(values.size()));
    for (int64_t value : values) tensor->add_int64_data(value);
    return tensor;
  }

  // Weights: dims without data.
  void Weights(const std::string& name, const std::vector<int64_t>& dims) {
    onnx::TensorProto* tensor = model_.mutable_graph()->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(onnx::TensorProto::FLOAT);
    for (int64_t dim : dims) tensor->add_dims(dim);
  }

  onnx::NodeProto* Node(const std::string& op, std::initializer_list<std::string> inputs,
                        std::initializer_list<std::string> outputs) {
    onnx::NodeProto* node = model_.mutable_graph()->add_node();
    node->set_op_type(op);
    for (const std::string& input : inputs) node->add_input(input);
    for (const std::string& output : outputs) node->add_output(output);
    return node;
  }

  void Output(const std::string& name) {
    onnx::ValueInfoProto* output = model_.mutable_graph()->add_output();
    output->set_name(name);
    output->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
    output->mutable_type()->mutable_tensor_type()->mutable_shape();  // the checker wants one, whatever it says
  }

  absl::StatusOr<Network> Import(const ImportOptions& options = {}) {
    const std::string bytes = model_.SerializeAsString();
    const auto start = std::chrono::steady_clock::now();
    absl::StatusOr<Network> network = ImportOnnx(bytes, options);
    // Far above what any of these take, far below what they would take without the limits.
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
    return network;
  }

 private:
  onnx::ModelProto model_;
};

void SetInt(onnx::NodeProto* node, const std::string& name, int64_t value) {
  onnx::AttributeProto* attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::INT);
  attribute->set_i(value);
}

void SetInts(onnx::NodeProto* node, const std::string& name, const std::vector<int64_t>& values) {
  onnx::AttributeProto* attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::INTS);
  for (int64_t value : values) attribute->add_ints(value);
}

std::string Reason(const absl::StatusOr<Network>& network) {
  const std::optional<ErrorDetails> details = GetErrorDetails(network.status());
  return details.has_value() ? details->reason : network.status().ToString();
}

TEST(HostileModelTest, FoldingThousandsOfLargeConstantsIsBounded) {
  Model model(13);
  model.Integers("c0", std::vector<int64_t>(65'536, 1));
  for (int i = 0; i < 40'000; ++i) model.Node("Neg", {absl::StrCat("c", i)}, {absl::StrCat("c", i + 1)});
  model.Node("Relu", {"x"}, {"y"});
  model.Output("y");
  const absl::StatusOr<Network> network = model.Import();
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_EQ(network->layers.size(), 1u);
}

TEST(HostileModelTest, BroadcastingSmallConstantsToLargeOnesIsBounded) {
  Model model(13);
  model.Integers("row", std::vector<int64_t>(256, 1));
  onnx::TensorProto* column = model.Integers("column", std::vector<int64_t>(256, 1));
  column->add_dims(1);
  for (int i = 0; i < 40'000; ++i) model.Node("Add", {"row", "column"}, {absl::StrCat("sum", i)});
  model.Node("Relu", {"x"}, {"y"});
  model.Output("y");
  EXPECT_TRUE(model.Import().ok());
}

TEST(HostileModelTest, GatherCannotAddDimensionsForEver) {
  Model model(13);
  onnx::TensorProto* zero = model.Integers("zero", {0});
  for (int i = 0; i < 7; ++i) zero->add_dims(1);
  model.Integers("c0", {5});
  for (int i = 0; i < 1000; ++i) {
    model.Node("Gather", {absl::StrCat("c", i), "zero"}, {absl::StrCat("c", i + 1)});
  }
  model.Node("Relu", {"x"}, {"y"});
  model.Output("y");
  EXPECT_EQ(Reason(model.Import()), "TOO_MANY_DIMENSIONS");
}

TEST(HostileModelTest, ConstantsInAttributesHaveLimitedRank) {
  Model model(13);
  onnx::AttributeProto* value = model.Node("Constant", {}, {"c"})->add_attribute();
  value->set_name("value");
  value->set_type(onnx::AttributeProto::TENSOR);
  value->mutable_t()->set_data_type(onnx::TensorProto::INT64);
  for (int i = 0; i < 100'000; ++i) value->mutable_t()->add_dims(1);
  value->mutable_t()->add_int64_data(7);
  model.Node("Relu", {"x"}, {"y"});
  model.Output("y");
  EXPECT_EQ(Reason(model.Import()), "TOO_MANY_DIMENSIONS");
}

TEST(HostileModelTest, LongListsOfAxesAreRefused) {
  Model model(13);
  model.Integers("axes", std::vector<int64_t>(60'000, 1));
  for (int i = 0; i < 30'000; ++i) model.Node("ReduceSum", {"x", "axes"}, {absl::StrCat("y", i)});
  model.Output("y0");
  EXPECT_EQ(Reason(model.Import()), "UNKNOWN_PARAMETER");
}

TEST(HostileModelTest, ThousandsOfNodesOfOneNameGetTheirOwn) {
  Model model(18);  // newer than the schemas that are checked
  for (int i = 0; i < 49'000; ++i) model.Node("Relu", {"x"}, {})->set_name("same");
  model.Node("Relu", {"x"}, {"y"});
  model.Output("y");
  const absl::StatusOr<Network> network = model.Import();
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_EQ(network->layers.size(), 49'001u);
  EXPECT_EQ(network->layers[0].name, "same");
  EXPECT_EQ(network->layers[1].name, "same#2");
  EXPECT_EQ(network->layers[48'999].name, "same#49000");
}

TEST(HostileModelTest, ThousandsOfUnknownOperatorsGiveFewWarnings) {
  Model model(13);
  for (int i = 0; i < 49'000; ++i) {
    model.Node(absl::StrCat("Operator", i), {"x"}, {absl::StrCat("y", i)})->set_domain("com.example");
  }
  model.Output("y0");
  const absl::StatusOr<Network> network = model.Import();
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_LE(network->warnings.size(), 102u);
}

TEST(HostileModelTest, NamesMustBeUtf8) {
  Model model(13);
  model.Node("Relu", {"x"}, {"y"})->set_name("bad \xFF name");
  model.Output("y");
  const absl::StatusOr<Network> network = model.Import();
  EXPECT_EQ(Reason(network), "NAME_NOT_UTF8");
  EXPECT_EQ(network.status().message(), "the name 'bad ? name' (node) is not UTF-8");
}

TEST(HostileModelTest, BatchSizesThatOverflowAreRefused) {
  Model model(13);
  model.Integers("shape", {int64_t{1} << 40, 2});
  model.Node("Reshape", {"x", "shape"}, {"y"});
  model.Output("y");
  ImportOptions options;
  options.batch_size = int64_t{1} << 44;
  EXPECT_EQ(model.Import(options).status().code(), absl::StatusCode::kInvalidArgument);
  options.batch_size = INT64_MAX;
  EXPECT_EQ(model.Import(options).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(HostileModelTest, NegativeOutputPaddingIsRefused) {
  Model model(13);
  model.Weights("w", {4, 2, 3, 3});
  onnx::NodeProto* node = model.Node("ConvTranspose", {"x", "w"}, {"y"});
  SetInts(node, "output_padding", {INT64_MIN, INT64_MIN});
  SetInts(node, "output_shape", {int64_t{1} << 60, int64_t{1} << 60});
  model.Output("y");
  EXPECT_EQ(Reason(model.Import()), "BAD_SHAPE");
}

TEST(HostileModelTest, DataThatAreConstantAreNoLayer) {
  Model model(13);
  model.Weights("data", {1, 4, 8, 8});
  model.Input("w", {4, 4, 1, 1});
  model.Node("Conv", {"data", "w"}, {"y"});
  model.Output("y");
  EXPECT_EQ(Reason(model.Import()), "NO_ACTIVATION");
}

TEST(OddModelTest, ProductsWithBatchedConstantsCountTheirSums) {
  Model model(13);
  model.Weights("left", {4, 5, 8});
  model.Node("MatMul", {"left", "x"}, {"y"});
  model.Output("y");
  const absl::StatusOr<Network> network = model.Import();
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_EQ(network->OutputShape(network->layers[0]), (Shape{1, 4, 5, 8}));
  EXPECT_EQ(Macs(*network), 4 * 5 * 8 * 8);
}

TEST(OddModelTest, ALeadingOneOfTheWeightsStaysInTheShape) {
  Model model(13);
  model.Input("m", {2, 3});
  model.Weights("w", {1, 3, 4});
  model.Node("MatMul", {"m", "w"}, {"y"});
  model.Output("y");
  const absl::StatusOr<Network> network = model.Import();
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_EQ(network->OutputShape(network->layers[0]), (Shape{1, 2, 4}));
  EXPECT_EQ(Macs(*network), 2 * 3 * 4);
}

TEST(OddModelTest, EveryPartOfASplitConstantIsThere) {
  Model model(13);
  model.Weights("w", {8, 8});
  SetInt(model.Node("Split", {"w"}, {"a", "b"}), "axis", 0);
  model.Node("Mul", {"x", "b"}, {"y"});
  model.Output("y");
  const absl::StatusOr<Network> network = model.Import();
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_EQ(network->layers.size(), 1u);
}

TEST(OddModelTest, ConstantsFlattenFromTheEnd) {
  Model model(13);
  onnx::TensorProto* c = model.Integers("c", std::vector<int64_t>(12, 1));
  c->clear_dims();
  for (int64_t dim : {2, 3, 2}) c->add_dims(dim);
  SetInt(model.Node("Flatten", {"c"}, {"flat"}), "axis", -1);
  model.Node("Shape", {"flat"}, {"dims"});
  model.Input("m", {12});
  model.Node("Reshape", {"m", "dims"}, {"y"});
  model.Output("y");
  const absl::StatusOr<Network> network = model.Import();
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_EQ(network->OutputShape(network->layers[0]), (Shape{6, 2}));
}

}  // namespace
}  // namespace latimer
