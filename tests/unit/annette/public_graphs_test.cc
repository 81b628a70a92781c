// The public graphs, with numbers that were counted without Latimer (tests/data/annette/README.md).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "core/network/annette/annette_import.h"
#include "core/network/simplify.h"

namespace latimer {
namespace {

std::string Read(const std::string& file) {
  std::ifstream in(std::string(LATIMER_SOURCE_DIR) + "/tests/data/annette/" + file, std::ios::binary);
  EXPECT_TRUE(in.good()) << file;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

int64_t Count(const Network& network, LayerType type) {
  return std::count_if(network.layers.begin(), network.layers.end(), [&](const Layer& l) { return l.type == type; });
}

const Layer* Find(const Network& network, absl::string_view name) {
  const auto found =
      std::find_if(network.layers.begin(), network.layers.end(), [&](const Layer& l) { return l.name == name; });
  return found == network.layers.end() ? nullptr : &*found;
}

TEST(AnnetteGraphs, InceptionV1) {
  const absl::StatusOr<Network> network = ImportAnnetteJson(Read("tf_inceptionv1.annette.json"));
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_EQ(Macs(*network), 1'498'377'216);
  EXPECT_EQ(network->source_node_count, 200);  // all but the input
  EXPECT_EQ(Count(*network, LayerType::kConv), 58);
  EXPECT_EQ(Count(*network, LayerType::kBatchNorm), 57);
  EXPECT_EQ(Count(*network, LayerType::kRelu), 57);
  EXPECT_EQ(Count(*network, LayerType::kConcat), 9);
  EXPECT_EQ(Count(*network, LayerType::kMaxPool) + Count(*network, LayerType::kAveragePool), 14);
  EXPECT_EQ(Count(*network, LayerType::kUnknown), 0);
  EXPECT_TRUE(network->warnings.empty()) << network->warnings[0].message;
  ASSERT_EQ(network->inputs.size(), 1u);
  EXPECT_EQ(network->tensors[network->inputs[0]].shape, (Shape{1, 3, 224, 224}));
  const Layer* first = Find(*network, "InceptionV1/InceptionV1/Conv2d_1a_7x7/Conv2D");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(network->OutputShape(*first), (Shape{1, 64, 112, 112}));
}

TEST(AnnetteGraphs, ResNet50) {
  const absl::StatusOr<Network> network = ImportAnnetteJson(Read("tf_resnet50.annette.json"));
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_EQ(Macs(*network), 3'482'255'360);
  EXPECT_EQ(network->source_node_count, 186);
  EXPECT_EQ(Count(*network, LayerType::kConv), 54);
  EXPECT_EQ(Count(*network, LayerType::kAdd), 16);
  EXPECT_EQ(Count(*network, LayerType::kPad), 4);
  EXPECT_EQ(Count(*network, LayerType::kReduce), 1);
  ASSERT_EQ(network->outputs.size(), 1u);
  EXPECT_EQ(network->tensors[network->outputs[0]].shape, (Shape{1, 1000}));
  // Every normalisation is behind a convolution.
  Network simple = Simplify(*ImportAnnetteJson(Read("tf_resnet50.annette.json")));
  EXPECT_EQ(Count(simple, LayerType::kBatchNorm), 0);
  EXPECT_EQ(Macs(simple), 3'482'255'360);
}

TEST(AnnetteGraphs, ABatchSizeMultipliesTheWork) {
  ImportOptions options;
  options.batch_size = 3;
  options.display_name = "shown";
  const absl::StatusOr<Network> network = ImportAnnetteJson(Read("tf_resnet50.annette.json"), options);
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_EQ(Macs(*network), 3 * 3'482'255'360);
  EXPECT_EQ(network->name, "shown");
}

TEST(AnnetteGraphs, AnotherInputSizeIsFollowed) {
  ImportOptions options;
  options.input_shapes.push_back({"Placeholder", {1, 3, 448, 448}});
  const absl::StatusOr<Network> network = ImportAnnetteJson(Read("tf_inceptionv1.annette.json"), options);
  ASSERT_TRUE(network.ok()) << network.status();
  const Layer* first = Find(*network, "InceptionV1/InceptionV1/Conv2d_1a_7x7/Conv2D");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(network->OutputShape(*first), (Shape{1, 64, 224, 224}));
}

// Cut anywhere, a graph is refused, and nothing else happens.
TEST(AnnetteGraphs, TruncatedFilesAreRefused) {
  const std::string text = Read("tf_resnet50.annette.json");
  const size_t end = text.find_last_of('}');
  for (size_t length = 0; length <= end; length += 1 + end / 97) {
    const absl::StatusOr<Network> network = ImportAnnetteJson(text.substr(0, length));
    EXPECT_EQ(network.status().code(), absl::StatusCode::kInvalidArgument) << length;
  }
  EXPECT_FALSE(ImportAnnetteJson(text.substr(0, end)).ok());
  EXPECT_TRUE(ImportAnnetteJson(text.substr(0, end + 1)).ok());
}

}  // namespace
}  // namespace latimer
