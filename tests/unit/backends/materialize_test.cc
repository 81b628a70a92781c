#include "backends/materialize.h"

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <cmath>
#include <cstring>

#include "core/base/error.h"

namespace latimer {
namespace {

onnx::TensorProto* AddWeight(onnx::ModelProto* model, const std::string& name, std::vector<int64_t> dims,
                             int type = onnx::TensorProto::FLOAT) {
  onnx::TensorProto* tensor = model->mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(type);
  for (int64_t dim : dims) tensor->add_dims(dim);
  return tensor;
}

std::vector<float> Floats(const onnx::TensorProto& tensor) {
  std::vector<float> values(tensor.raw_data().size() / sizeof(float));
  std::memcpy(values.data(), tensor.raw_data().data(), tensor.raw_data().size());
  return values;
}

TEST(MaterializeWeightsTest, FillsWithNormalNumbersScaledByFanIn) {
  onnx::ModelProto model;
  AddWeight(&model, "w", {8, 3, 3, 3});
  const absl::StatusOr<std::string> bytes = MaterializeWeights(model.SerializeAsString(), 1);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  onnx::ModelProto filled;
  ASSERT_TRUE(filled.ParseFromString(*bytes));
  const std::vector<float> values = Floats(filled.graph().initializer(0));
  ASSERT_EQ(values.size(), 8u * 27u);
  const float range = std::sqrt(3.0F / 27.0F);
  double square_sum = 0;
  for (float value : values) {
    EXPECT_LE(std::abs(value), range);
    EXPECT_TRUE(value == 0.0F || std::isnormal(value));
    square_sum += static_cast<double>(value) * value;
  }
  // Variance of a uniform value is range^2 / 3, so that a sum over the fan-in has variance 1.
  EXPECT_NEAR(square_sum / static_cast<double>(values.size()), 1.0 / 27.0, 0.01);
}

TEST(MaterializeWeightsTest, SameSeedSameBytesOtherSeedOtherBytes) {
  onnx::ModelProto model;
  AddWeight(&model, "w", {64, 64});
  const std::string stripped = model.SerializeAsString();
  EXPECT_EQ(*MaterializeWeights(stripped, 7), *MaterializeWeights(stripped, 7));
  EXPECT_NE(*MaterializeWeights(stripped, 7), *MaterializeWeights(stripped, 8));
}

TEST(MaterializeWeightsTest, VariancesArePositive) {
  onnx::ModelProto model;
  onnx::NodeProto* node = model.mutable_graph()->add_node();
  node->set_op_type("BatchNormalization");
  for (const char* name : {"x", "scale", "bias", "mean", "var"}) node->add_input(name);
  AddWeight(&model, "scale", {100});
  AddWeight(&model, "var", {100});
  onnx::ModelProto filled;
  ASSERT_TRUE(filled.ParseFromString(*MaterializeWeights(model.SerializeAsString(), 3)));
  for (const onnx::TensorProto& tensor : filled.graph().initializer()) {
    for (float value : Floats(tensor)) EXPECT_GE(value, 0.5F) << tensor.name();
  }
}

TEST(MaterializeWeightsTest, KeepsDataThatIsThere) {
  onnx::ModelProto model;
  AddWeight(&model, "shape", {2}, onnx::TensorProto::INT64)->add_int64_data(5);
  onnx::ModelProto filled;
  ASSERT_TRUE(filled.ParseFromString(*MaterializeWeights(model.SerializeAsString(), 3)));
  EXPECT_EQ(filled.graph().initializer(0).int64_data(0), 5);
  EXPECT_FALSE(filled.graph().initializer(0).has_raw_data());
}

TEST(MaterializeWeightsTest, RefusesMoreThanTheLimitAndNamesTheTensor) {
  onnx::ModelProto model;
  AddWeight(&model, "small", {10});
  AddWeight(&model, "huge", {int64_t{1} << 40, int64_t{1} << 40});
  const absl::Status status = MaterializeWeights(model.SerializeAsString(), 1).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(GetErrorDetails(status)->metadata.at("tensor"), "huge");

  model.mutable_graph()->mutable_initializer(1)->set_dims(1, 1);
  EXPECT_EQ(MaterializeWeights(model.SerializeAsString(), 1).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(MaterializeWeightsTest, RefusesOtherBytes) {
  EXPECT_EQ(MaterializeWeights("PK\x03\x04 not a model", 1).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace latimer
