#include "backends/node_names.h"

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

namespace latimer {
namespace {

std::string Model() {
  onnx::ModelProto model;
  for (const char* name : {"conv1", "conv1_relu", "block/conv2", "fc", "", "norm/7"}) {
    model.mutable_graph()->add_node()->set_name(name);
  }
  model.mutable_graph()->mutable_node(3)->add_output("logits");
  model.mutable_graph()->mutable_node(4)->add_output("nobody");
  return model.SerializeAsString();
}

TEST(NodeNames, FindsNodesBehindTheEnginesDecorations) {
  const NodeNames nodes(Model());
  EXPECT_EQ(nodes.Find("conv1"), "conv1");
  EXPECT_EQ(nodes.Find("conv1_nchwc"), "conv1");
  EXPECT_EQ(nodes.Find("conv1_relu_nchwc"), "conv1_relu");
  EXPECT_EQ(nodes.Find("fused fc"), "fc");
  EXPECT_EQ(nodes.Find("fc/MatMulAddFusion"), "fc");
  EXPECT_EQ(nodes.Find("nobody_nchwc"), "nobody") << "a node without a name";
  EXPECT_EQ(nodes.Find("logits_nchwc"), "fc") << "called by the tensor it writes";
  EXPECT_EQ(nodes.Find("block/conv2_token_5"), "block/conv2");
  EXPECT_EQ(nodes.Find("norm/7/LayerNormFusion/"), "norm/7");
}

TEST(NodeNames, LeavesTheEnginesOwnWorkAlone) {
  const NodeNames nodes(Model());
  EXPECT_EQ(nodes.Find("ReorderOutput_token_5"), "");
  EXPECT_EQ(nodes.Find("gemm_input_reshape"), "");
  EXPECT_EQ(nodes.Find("conv12"), "");
  EXPECT_EQ(nodes.Find(""), "");
  EXPECT_EQ(NodeNames("this is no model").Find("conv1"), "");
}

}  // namespace
}  // namespace latimer
