#include "core/benchmark/excerpt_cuts.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "core/benchmark/network_excerpts.h"
#include "core/benchmark/network_prefix.h"
#include "core/benchmark/network_stack.h"
#include "core/network/simplify.h"

namespace latimer::benchmark {
namespace {

using ::testing::ElementsAre;

TEST(CutsOf, LeavesOutWhatIsFoldedIntoTheLayerBefore) {
  NetworkStack stack({1, 16, 28, 28});
  stack.Conv({.kernel = 3, .channels = 32, .activation = LayerType::kUnspecified});
  stack.BatchNorm();
  stack.Activate(LayerType::kRelu);
  stack.Conv({.kernel = 1, .channels = 8, .activation = LayerType::kUnspecified});
  const Network network = *std::move(stack).Finish("folded");
  ASSERT_EQ(network.layers.size(), 4u);
  EXPECT_THAT(CutsOf(network), ElementsAre(1, 3, 4));
}

TEST(CutsOf, EveryCutHasMoreLayersThanTheOneBefore) {
  Random random(3);
  for (int i = 0; i < 20; ++i) {
    const Network excerpt = *SampleExcerpt(random);
    const std::vector<size_t> cuts = CutsOf(excerpt);
    ASSERT_FALSE(cuts.empty());
    EXPECT_EQ(cuts.back(), excerpt.layers.size());
    size_t before = 0;
    for (size_t k = 0; k + 1 < cuts.size(); ++k) {
      const size_t layers = Simplify(NetworkPrefix(excerpt, cuts[k])).layers.size();
      EXPECT_GT(layers, before);
      before = layers;
    }
  }
}

TEST(DrawCuts, ArePairsOfNeighboursAndTheWhole) {
  Random random(3);
  size_t pairs = 0, drawn = 0, possible = 0;
  for (int i = 0; i < 40; ++i) {
    const Network excerpt = *SampleExcerpt(random);
    const std::vector<size_t> all = CutsOf(excerpt);
    const std::vector<size_t> cuts = DrawCuts(excerpt, 8, random);
    ASSERT_FALSE(cuts.empty());
    EXPECT_EQ(cuts.back(), excerpt.layers.size());
    EXPECT_TRUE(std::is_sorted(cuts.begin(), cuts.end()));
    EXPECT_TRUE(std::includes(all.begin(), all.end(), cuts.begin(), cuts.end()));
    for (size_t k = 0; k + 1 < cuts.size(); ++k) {
      const auto at = std::find(all.begin(), all.end(), cuts[k]);
      pairs += *(at + 1) == cuts[k + 1] ? 1 : 0;
    }
    drawn += cuts.size();
    possible += all.size();
  }
  EXPECT_LT(2 * drawn, possible) << "a fraction of all";
  EXPECT_GT(3 * pairs, drawn) << "most have a neighbour";
}

TEST(CutKey, NamesExcerptAndLayers) {
  EXPECT_EQ(CutKey("excerpt 12", 7), "excerpt 12, layers 7");
  EXPECT_EQ(ExcerptOfCut(CutKey("excerpt 12", 7)), "excerpt 12");
  EXPECT_NE(ExcerptOfCut(CutKey("excerpt 1", 27)), ExcerptOfCut(CutKey("excerpt 12", 7)));
  EXPECT_EQ(ExcerptOfCut("resnet18-160"), "resnet18-160");
}

TEST(NetworkPrefix, OutlivesTheNetwork) {
  Network prefix;
  {
    NetworkStack stack({1, 16, 28, 28});
    stack.Conv({.kernel = 3, .channels = 32});
    const Network network = *std::move(stack).Finish("short-lived");
    prefix = NetworkPrefix(network, 1);
    for (const Layer& layer : prefix.layers) EXPECT_NE(layer.name.data(), network.layers[0].name.data());
  }
  ASSERT_EQ(prefix.layers.size(), 1u);
  EXPECT_FALSE(prefix.layers[0].name.empty());
  EXPECT_EQ(prefix.name, "short-lived");
}

}  // namespace
}  // namespace latimer::benchmark
