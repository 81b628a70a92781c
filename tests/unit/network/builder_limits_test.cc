// What a builder refuses: bad names, too much of anything, sums that would overflow.
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/network/network_builder.h"
#include "network_builder_helpers.h"

namespace latimer {
namespace {

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
constexpr absl::StatusCode kExhausted = absl::StatusCode::kResourceExhausted;

#define EXPECT_ERROR(status_expression, code_value, reason_value, text)                        \
  do {                                                                                         \
    const absl::Status actual = (status_expression);                                           \
    EXPECT_EQ(actual.code(), code_value) << actual;                                            \
    ASSERT_TRUE(GetErrorDetails(actual).has_value()) << actual;                                \
    EXPECT_EQ(GetErrorDetails(actual)->reason, reason_value) << actual;                        \
    EXPECT_TRUE(absl::StrContains(actual.message(), text)) << actual << "\nlacks: " << (text); \
  } while (false)

class BuilderLimitsTest : public ::testing::Test {
 protected:
  BuilderLimitsTest() : x_(*builder_.AddInput("x", {1, 4, 8, 8}, DataType::kFloat32)) {}

  absl::Status Add(absl::string_view name, LayerType type, LayerAttributes attributes,
                   std::initializer_list<TensorId> inputs) {
    return builder_.AddLayer(Spec(name, type, std::move(attributes), inputs)).status();
  }

  NetworkBuilder builder_;
  TensorId x_;
};

TEST_F(BuilderLimitsTest, NamesOfInputsAreNeededAndUnique) {
  EXPECT_ERROR(builder_.AddInput("", {1}, DataType::kFloat32).status(), kInvalid, "INPUT_NAME_MISSING", "no name");
  EXPECT_ERROR(builder_.AddInput("x", {1}, DataType::kFloat32).status(), kInvalid, "DUPLICATE_NAME", "'x'");
}

TEST_F(BuilderLimitsTest, NamesOfLayersAreUnique) {
  ASSERT_TRUE(Add("a", LayerType::kRelu, {}, {x_}).ok());
  EXPECT_ERROR(Add("a", LayerType::kRelu, {}, {x_}), kInvalid, "DUPLICATE_NAME", "two layers are called 'a'");
  EXPECT_ERROR(Add("x", LayerType::kRelu, {}, {x_}), kInvalid, "DUPLICATE_NAME",
               "two inputs or layer outputs are called 'x'");
}

TEST_F(BuilderLimitsTest, LongNamesAreRefusedAndCutInTheMessage) {
  const std::string name(5000, 'n');
  EXPECT_ERROR(builder_.AddInput(name, {1}, DataType::kFloat32).status(), kExhausted, "NAME_TOO_LONG", "5000 bytes");
  EXPECT_ERROR(builder_.AddConstant(name, {1}, DataType::kFloat32).status(), kExhausted, "NAME_TOO_LONG", "5000");
  const absl::Status layer = Add(name, LayerType::kRelu, {}, {x_});
  EXPECT_ERROR(layer, kExhausted, "NAME_TOO_LONG", "4096");
  EXPECT_LT(layer.message().size(), 200u);
  LayerSpec spec = Spec("a", LayerType::kRelu, {}, {x_});
  spec.output_names = {name};
  EXPECT_ERROR(builder_.AddLayer(spec).status(), kExhausted, "NAME_TOO_LONG", "output of layer 'a'");
}

TEST_F(BuilderLimitsTest, BadShapesOfInputsNameTheDimension) {
  EXPECT_ERROR(builder_.AddInput("y", {1, 0, 3}, DataType::kFloat32).status(), kInvalid, "BAD_DIMENSION",
               "dimension 1 of input 'y' is 0");
  EXPECT_ERROR(builder_.AddConstant("w", {-3}, DataType::kFloat32).status(), kInvalid, "BAD_DIMENSION",
               "dimension 0 of constant 'w' is -3");
  EXPECT_ERROR(builder_.AddInput("y", {1, 1, 1, 1, 1, 1, 1, 1, 1}, DataType::kFloat32).status(), kExhausted,
               "TOO_MANY_DIMENSIONS", "has 9 dimensions; at most 8");
  EXPECT_ERROR(builder_.AddInput("y", {int64_t{1} << 40, int64_t{1} << 40}, DataType::kFloat32).status(), kInvalid,
               "SHAPE_OVERFLOW", "input 'y'");
}

TEST_F(BuilderLimitsTest, ErrorsOfShapesNameLayerAndOperator) {
  LayerSpec spec = Spec("features/conv7", LayerType::kConv, Conv2d(9, 1, 0, 4, false), {x_});
  spec.source_operator = "QLinearConv";
  EXPECT_ERROR(builder_.AddLayer(spec).status(), kInvalid, "BAD_SHAPE",
               "layer 'features/conv7' (QLinearConv): a window of 9");
  EXPECT_EQ(GetErrorDetails(builder_.AddLayer(spec).status())->metadata.at("layer"), "features/conv7");
}

TEST_F(BuilderLimitsTest, DataMustComeFromAnInput) {
  const ConstantId c = *builder_.AddConstant("c", {1, 4, 8, 8}, DataType::kFloat32);
  LayerSpec conv = Spec("conv", LayerType::kConv, Conv2d(1, 1, 0, 4, false), {});
  conv.operands = {Operand::Fixed(c), Operand::Activation(x_)};
  EXPECT_ERROR(builder_.AddLayer(conv).status(), kInvalid, "NO_ACTIVATION", "layer 'conv' (Conv): its data");
  LayerSpec add = Spec("add", LayerType::kAdd, {}, {});
  add.operands = {Operand::Fixed(c), Operand::Fixed(c)};
  EXPECT_ERROR(builder_.AddLayer(add).status(), kInvalid, "NO_ACTIVATION", "its data are a constant");
  add.operands[1] = Operand::Activation(x_);
  EXPECT_TRUE(builder_.AddLayer(add).ok());
  EXPECT_ERROR(Add("relu", LayerType::kRelu, {}, {}), kInvalid, "NO_ACTIVATION", "it has no inputs");
}

TEST_F(BuilderLimitsTest, NumberOfOutputsMustFit) {
  LayerSpec spec = Spec("a", LayerType::kRelu, {}, {x_});
  spec.output_names = {"y", "z"};
  EXPECT_ERROR(builder_.AddLayer(spec).status(), kInvalid, "WRONG_NUMBER_OF_OUTPUTS", "2 outputs instead of 1");
}

TEST_F(BuilderLimitsTest, OutputRankIsLimited) {
  EXPECT_ERROR(Add("a", LayerType::kReshape, OutputShapeAttributes{{1, 1, 1, 1, 1, 1, 4, 8, 8}}, {x_}), kExhausted,
               "TOO_MANY_DIMENSIONS", "'a' has 9 dimensions");
}

TEST_F(BuilderLimitsTest, DeclaredShapesAreChecked) {
  LayerSpec spec = Spec("odd", LayerType::kUnknown, {}, {x_});
  spec.declared_output_shapes = {{1, -5}};
  EXPECT_ERROR(builder_.AddLayer(spec).status(), kInvalid, "BAD_DIMENSION", "dimension 1 of output 'odd' is -5");
}

TEST(BuilderCountTest, LayersAndTensorsAreLimited) {
  ImportLimits limits;
  limits.max_nodes = 3;
  limits.max_tensors = 5;
  NetworkBuilder builder(limits);
  const TensorId x = *builder.AddInput("x", {1}, DataType::kFloat32);
  for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(builder.AddLayer(Spec(name, LayerType::kRelu, {}, {x})).ok());
  EXPECT_ERROR(builder.AddLayer(Spec("d", LayerType::kRelu, {}, {x})).status(), kExhausted, "TOO_MANY_NODES",
               "more than 3 layers");
  ASSERT_TRUE(builder.AddConstant("w", {1}, DataType::kFloat32).ok());
  EXPECT_ERROR(builder.AddConstant("v", {1}, DataType::kFloat32).status(), kExhausted, "TOO_MANY_TENSORS", "5 tensors");
  EXPECT_ERROR(builder.AddInput("y", {1}, DataType::kFloat32).status(), kExhausted, "TOO_MANY_TENSORS", "5 tensors");
}

TEST(BuilderCountTest, OutputsOfOneLayerCountAsTensors) {
  ImportLimits limits;
  limits.max_tensors = 5;
  NetworkBuilder builder(limits);
  const TensorId x = *builder.AddInput("x", {6}, DataType::kFloat32);
  EXPECT_ERROR(builder.AddLayer(Spec("a", LayerType::kSplit, SplitAttributes{0, {1, 1, 1, 1, 2}}, {x})).status(),
               kExhausted, "TOO_MANY_TENSORS", "more than 5");
}

TEST(BuilderSumTest, MacsOfOneLayerAreGuarded) {
  NetworkBuilder builder;
  const TensorId a = *builder.AddInput("a", {int64_t{1} << 24, int64_t{1} << 24}, DataType::kFloat32);
  EXPECT_ERROR(builder.AddLayer(Spec("product", LayerType::kMatMul, MatMulAttributes{}, {a, a})).status(), kInvalid,
               "TOO_LARGE", "layer 'product' (MatMul): with it, the network's operations exceed");
}

TEST(BuilderSumTest, MacsThatOverflow64BitsAreGuarded) {
  NetworkBuilder builder;
  const TensorId x = *builder.AddInput("x", {1, 1, int64_t{1} << 20, int64_t{1} << 20}, DataType::kFloat32);
  ConvAttributes conv = Conv2d(1 << 20, 1, 1 << 19, 1, false);
  conv.pad_end = {(1 << 19) - 1, (1 << 19) - 1};
  EXPECT_ERROR(builder.AddLayer(Spec("conv", LayerType::kConv, conv, {x})).status(), kInvalid, "TOO_LARGE", "'conv'");
}

TEST(BuilderSumTest, MacsOfTheWholeNetworkAreGuarded) {
  NetworkBuilder builder;
  const TensorId a = *builder.AddInput("a", {int64_t{1} << 20, int64_t{1} << 20}, DataType::kFloat32);
  absl::Status status;
  int added = 0;
  while (status.ok() && added < 10) {
    status = builder.AddLayer(Spec(absl::StrCat("m", added), LayerType::kMatMul, MatMulAttributes{}, {a, a})).status();
    if (status.ok()) ++added;
  }
  EXPECT_EQ(added, 1);  // 2^60 each; the sum stays below 2^61
  EXPECT_ERROR(status, kInvalid, "TOO_LARGE", "'m1'");
  EXPECT_EQ(Macs(builder.network()), int64_t{1} << 60);
}

TEST(BuilderSumTest, BytesOfTheWholeNetworkAreGuarded) {
  NetworkBuilder builder;
  EXPECT_ERROR(builder.AddInput("huge", {int64_t{1} << 58}, DataType::kInt8).status(), kInvalid, "TOO_LARGE", "'huge'");
  const TensorId x = *builder.AddInput("x", {int64_t{1} << 54}, DataType::kFloat64);
  absl::Status status;
  int added = 0;
  while (status.ok() && added < 20) {
    status = builder.AddLayer(Spec(absl::StrCat("r", added), LayerType::kRelu, {}, {x})).status();
    if (status.ok()) ++added;
  }
  EXPECT_EQ(added, 3);  // 2^57 bytes for x, then 2^58 for each layer, below 2^60
  EXPECT_ERROR(status, kInvalid, "TOO_LARGE", "'r3'");
  const Network network = *std::move(builder).Finish({});
  const MemoryNeed need = ComputeMemory(network, 64, 64);
  EXPECT_EQ(need.peak_activation_bytes, int64_t{4} << 57);
}

TEST(BuilderSumTest, ImpliedWeightsCount) {
  NetworkBuilder builder;
  const TensorId x = *builder.AddInput("x", {1, int64_t{1} << 30}, DataType::kFloat32);
  EXPECT_ERROR(builder
                   .AddLayer(Spec("dense", LayerType::kFullyConnected,
                                  FullyConnectedAttributes{int64_t{1} << 30, int64_t{1} << 29, false}, {x}))
                   .status(),
               kInvalid, "TOO_LARGE", "'dense'");
}

TEST(BuilderFinishTest, OutputsMustExist) {
  NetworkBuilder builder;
  const TensorId x = *builder.AddInput("x", {1}, DataType::kFloat32);
  ASSERT_TRUE(builder.AddLayer(Spec("a", LayerType::kRelu, {}, {x})).ok());
  EXPECT_ERROR(std::move(builder).Finish({"b"}).status(), kInvalid, "UNKNOWN_OUTPUT", "'b'");
}

TEST(BuilderFinishTest, EmptyNetworksAreRefused) {
  EXPECT_ERROR(NetworkBuilder().Finish({}).status(), kInvalid, "EMPTY_NETWORK", "no layers");
  NetworkBuilder only_renames;
  ASSERT_TRUE(only_renames.AddInput("x", {1}, DataType::kFloat32).ok());
  ASSERT_TRUE(only_renames.AddAlias("y", 0).ok());
  only_renames.AddFreeNode("identity");
  EXPECT_TRUE(std::move(only_renames).Finish({"y"}).ok());
}

TEST(BuilderFinishTest, HundredThousandOutputsFinishQuickly) {
  NetworkBuilder builder;
  constexpr int64_t kParts = 100'000;
  const TensorId x = *builder.AddInput("x", {kParts}, DataType::kFloat32);
  LayerSpec split = Spec("split", LayerType::kSplit, SplitAttributes{0, Shape(kParts, 1)}, {x});
  ASSERT_TRUE(builder.AddLayer(split).ok());
  std::vector<absl::string_view> names;
  for (TensorId id : builder.network().layers[0].outputs) names.push_back(builder.network().tensors[id].name);
  const absl::StatusOr<Network> network = std::move(builder).Finish(names);
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_EQ(network->outputs.size(), static_cast<size_t>(kParts));
}

TEST(BuilderWarningTest, DifferentWarningsAreLimited) {
  NetworkBuilder builder;
  for (int i = 0; i < 50'000; ++i) {
    builder.AddWarning(ImportWarning::Code::kUnknownOperator, absl::StrCat("operator ", i, " is not known"), "node");
  }
  builder.AddWarning(ImportWarning::Code::kAssumedShape, "another kind", "node");
  const std::vector<ImportWarning>& warnings = builder.network().warnings;
  ASSERT_EQ(warnings.size(), 101u);
  int64_t count = 0;
  for (const ImportWarning& warning : warnings) count += warning.count;
  EXPECT_EQ(count, 50'001);
  EXPECT_EQ(warnings.back().message, "another kind");
}

}  // namespace
}  // namespace latimer
