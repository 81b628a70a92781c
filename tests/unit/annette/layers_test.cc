// How single layers of the format are read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/network/annette/annette_import.h"
#include "small_graph.h"

namespace latimer {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Network Import(const json& graph) {
  absl::StatusOr<Network> network = ImportAnnetteJson(graph.dump());
  EXPECT_TRUE(network.ok()) << network.status();
  return *std::move(network);
}

const Layer& Get(const Network& network, absl::string_view name) {
  const auto found =
      std::find_if(network.layers.begin(), network.layers.end(), [&](const Layer& l) { return l.name == name; });
  EXPECT_NE(found, network.layers.end()) << name;
  return *found;
}

TEST(AnnetteLayers, TheSmallGraph) {
  const Network network = Import(SmallGraph());
  EXPECT_EQ(network.name, "small");
  EXPECT_EQ(network.source_node_count, 8);
  // conv 8*8*4 outputs of 3*3*3 products, depthwise of 3*3, dense 64 x 10.
  EXPECT_EQ(Macs(network), 256 * 27 + 256 * 9 + 640);
  EXPECT_EQ(Get(network, "conv").type, LayerType::kConv);
  EXPECT_EQ(Get(network, "depthwise").type, LayerType::kDepthwiseConv);
  EXPECT_EQ(Get(network, "pool").type, LayerType::kAveragePool);
  EXPECT_EQ(network.OutputShape(Get(network, "pool")), (Shape{1, 4, 4, 4}));
  EXPECT_EQ(network.InputShape(Get(network, "dense"), 0), (Shape{1, 64}));
  EXPECT_EQ(std::get<AxisAttributes>(Get(network, "softmax").attributes).axis, 1);
  EXPECT_TRUE(network.warnings.empty());
}

TEST(AnnetteLayers, TheOrderInTheFileDoesNotMatter) {
  json graph = SmallGraph();
  graph["layers"]["a_last"] = {{"type", "Relu"}, {"parents", {"softmax"}}, {"output_shape", {-1, 10}}};
  const Network network = Import(graph);
  EXPECT_EQ(network.layers.back().name, "a_last");
}

TEST(AnnetteLayers, KernelsOfFewerChannelsAreGroups) {
  json graph = SmallGraph();
  graph["layers"]["conv"]["kernel_shape"] = {3, 3, 1, 6};
  graph["layers"]["conv"]["output_shape"] = {-1, 8, 8, 6};
  for (const char* layer : {"bn", "relu", "sum"}) graph["layers"][layer]["output_shape"] = {-1, 8, 8, 6};
  graph["layers"]["depthwise"]["kernel_shape"] = {3, 3, 6, 1};
  graph["layers"]["depthwise"]["output_shape"] = {-1, 8, 8, 6};
  graph["layers"]["pool"]["output_shape"] = {-1, 4, 4, 6};
  const Network network = Import(graph);
  const Layer& conv = Get(network, "conv");
  EXPECT_EQ(conv.type, LayerType::kDepthwiseConv);
  EXPECT_EQ(std::get<ConvAttributes>(conv.attributes).groups, 3);
  EXPECT_EQ(Macs(network, conv), 64 * 6 * 9);
}

TEST(AnnetteLayers, DeclaredShapesWinOverPads) {
  json graph = SmallGraph();
  graph["layers"]["conv"]["pads"] = {0, 0, 0, 0, 0, 0, 0, 0};
  const Network network = Import(graph);
  EXPECT_EQ(network.OutputShape(Get(network, "conv")), (Shape{1, 4, 8, 8}));
  ASSERT_EQ(network.warnings.size(), 1u);
  EXPECT_EQ(network.warnings[0].code, ImportWarning::Code::kInconsistentSource);
  EXPECT_THAT(network.warnings[0].nodes, ElementsAre("conv"));
}

TEST(AnnetteLayers, UnknownTypesAreKeptWithTheirShapeAndAWarning) {
  json graph = SmallGraph();
  graph["layers"]["bn"]["type"] = "Warp";
  graph["layers"]["relu"]["type"] = "Warp";
  graph["layers"]["sum"]["type"] = "DataInput";
  const Network network = Import(graph);
  EXPECT_EQ(Get(network, "bn").type, LayerType::kUnknown);
  EXPECT_EQ(Get(network, "bn").source_operator, "Warp");
  EXPECT_EQ(network.OutputShape(Get(network, "bn")), (Shape{1, 4, 8, 8}));
  ASSERT_EQ(network.warnings.size(), 2u);
  EXPECT_EQ(network.warnings[0].code, ImportWarning::Code::kUnknownOperator);
  EXPECT_THAT(network.warnings[0].message, HasSubstr("Warp"));
  EXPECT_THAT(network.warnings[0].nodes, ElementsAre("bn", "relu"));
  EXPECT_EQ(network.warnings[0].count, 2);
  EXPECT_THAT(network.warnings[1].message, HasSubstr("DataInput with parents"));
}

TEST(AnnetteLayers, DropoutIdentityAndShapeCostNothing) {
  for (const char* type : {"Dropout", "Identity"}) {
    json graph = SmallGraph();
    graph["layers"]["relu"]["type"] = type;
    graph["layers"]["size"] = {{"type", "Shape"}, {"parents", {"conv"}}, {"output_shape", {4}}};
    const Network network = Import(graph);
    EXPECT_EQ(network.source_node_count, 9);
    EXPECT_THAT(network.free_nodes, testing::UnorderedElementsAre("relu", "size"));
    EXPECT_EQ(Get(network, "depthwise").inputs[0], Get(network, "bn").outputs[0]);
  }
}

TEST(AnnetteLayers, PaddingTurnsFromNhwc) {
  json graph = SmallGraph();
  graph["layers"]["bn"] = {
      {"type", "Pad"}, {"parents", {"conv"}}, {"output_shape", {-1, 11, 12, 4}}, {"pads", {0, 1, 2, 0, 0, 2, 2, 0}}};
  for (const char* layer : {"relu", "depthwise", "sum"}) graph["layers"][layer]["output_shape"] = {-1, 11, 12, 4};
  graph["layers"]["pool"]["output_shape"] = {-1, 5, 6, 4};
  const Network network = Import(graph);
  const auto& pad = std::get<PadAttributes>(Get(network, "bn").attributes);
  EXPECT_THAT(pad.begin, ElementsAre(0, 0, 1, 2));
  EXPECT_THAT(pad.end, ElementsAre(0, 0, 2, 2));
  EXPECT_EQ(network.OutputShape(Get(network, "bn")), (Shape{1, 4, 11, 12}));
}

}  // namespace
}  // namespace latimer
