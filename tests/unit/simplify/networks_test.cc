// Simplify() over real networks. The set in tests/data/networks always runs; a larger one runs where
// LATIMER_SHARED_NETWORKS names its folder.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/network/onnx/onnx_import.h"
#include "simplify_graph.h"

namespace latimer {
namespace {

std::vector<std::filesystem::path> Files() {
  std::vector<std::filesystem::path> files;
  std::vector<std::filesystem::path> folders{std::filesystem::path(LATIMER_SOURCE_DIR) / "tests/data/networks"};
  if (const char* shared = std::getenv("LATIMER_SHARED_NETWORKS"); shared != nullptr) folders.emplace_back(shared);
  for (const auto& folder : folders) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.path().extension() == ".onnx") files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

Network Import(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  absl::StatusOr<Network> network = ImportOnnx(bytes.str());
  EXPECT_TRUE(network.ok()) << path << ": " << network.status();
  return *std::move(network);
}

int64_t Count(const Network& network, LayerType type) {
  return std::count_if(network.layers.begin(), network.layers.end(), [&](const Layer& l) { return l.type == type; });
}

TEST(SimplifyNetworks, KeepsMacsNodesAndOrder) {
  const std::vector<std::filesystem::path> files = Files();
  EXPECT_GE(files.size(), 30u);
  for (const std::filesystem::path& file : files) {
    SCOPED_TRACE(file.string());
    Network network = Import(file);
    const int64_t macs = Macs(network);
    const int64_t source_nodes = network.source_node_count;
    const size_t layers = network.layers.size();
    const std::vector<std::string> nodes = AllNodes(network);
    EXPECT_EQ(static_cast<int64_t>(nodes.size()), source_nodes);
    EXPECT_EQ(std::adjacent_find(nodes.begin(), nodes.end()), nodes.end());
    const Network simple = SimplifyChecked(std::move(network));
    EXPECT_EQ(Macs(simple), macs);
    EXPECT_EQ(simple.source_node_count, source_nodes);
    EXPECT_LE(simple.layers.size(), layers);
  }
}

// The architectures say how many of each there are, whatever the exporter wrote.
TEST(SimplifyNetworks, FindsTheLayersTheArchitecturesHave) {
  struct Expected {
    const char* file;
    LayerType type;
    int64_t count;
  };
  const Expected expected[] = {
      {"vit_tiny_16", LayerType::kGelu, 12},  // 12 blocks
      {"vit_tiny_16", LayerType::kLayerNorm, 25},
      {"vit_tiny_16", LayerType::kErf, 0},
      {"bert_mini_ids", LayerType::kGelu, 4},  // 4 blocks, and a normalisation of the embeddings
      {"bert_mini_ids", LayerType::kLayerNorm, 9},
      {"bert_mini_ids", LayerType::kReduce, 0},
      {"tv_convnext_tiny", LayerType::kGelu, 18},
      {"tv_convnext_tiny", LayerType::kLayerNorm, 23},
      {"tv_efficientnet_b0", LayerType::kSilu, 49},
      {"tv_efficientnet_b0", LayerType::kSigmoid, 16},  // the gates, whose products are over other tensors
      {"tv_mobilenet_v3_small", LayerType::kHardSwish, 19},
      {"tv_mobilenet_v3_small", LayerType::kHardSigmoid, 9},
      {"tv_ssdlite320_mobilenet_v3_large_op10", LayerType::kHardSwish, 20},  // written out in elementary operators
      {"tv_ssdlite320_mobilenet_v3_large_op10", LayerType::kHardSigmoid, 8},
      {"tv_ssdlite320_mobilenet_v3_large_op10", LayerType::kDiv, 0},
      {"yolov8n", LayerType::kSilu, 57},
      {"tv_resnext50_32x4d_bn", LayerType::kBatchNorm, 0},  // each is behind a convolution
      {"tv_densenet121", LayerType::kBatchNorm, 62},        // those behind a concatenation
  };
  const std::filesystem::path folder = std::filesystem::path(LATIMER_SOURCE_DIR) / "tests/data/networks/named";
  for (const Expected& e : expected) {
    SCOPED_TRACE(absl::StrCat(e.file, " ", LayerTypeName(e.type)));
    EXPECT_EQ(Count(Simplify(Import(folder / absl::StrCat(e.file, ".onnx"))), e.type), e.count);
  }
}

}  // namespace
}  // namespace latimer
