#include "core/fitting/fusion_fit.h"

#include <gtest/gtest.h>

#include "core/base/status_macros.h"
#include "core/benchmark/random.h"
#include "core/model/platform_model.h"
#include "synthetic.h"

namespace latimer::fitting {
namespace {

// What the made-up toolchain does with a pair, by the first feature and noise in the others.
std::vector<FusionSample> Samples(LayerType secondary, int count, bool (*fused)(const PairFeatures&)) {
  benchmark::Random random(5);
  std::vector<FusionSample> samples;
  for (int i = 0; i < count; ++i) {
    FusionSample& sample = samples.emplace_back();
    sample.primary = LayerType::kConv;
    sample.secondary = secondary;
    sample.after = LayerType::kConv;
    for (float& feature : sample.features) feature = static_cast<float>(random.Uniform() * 8);
    sample.fused = fused(sample.features);
    sample.group = i / 3;
  }
  return samples;
}

TEST(FitFusions, FindsWhatDecides) {
  auto rule = [](const PairFeatures& f) { return f[3] < 2 && f[13] > 4; };
  const std::vector<FusionSample> samples = Samples(LayerType::kAdd, 1200, rule);
  model::v1::Mapping mapping;
  ASSERT_TRUE(FitFusions(samples, {}, 1, &mapping).ok());
  EXPECT_EQ(mapping.fusions_size(), 0);
  ASSERT_EQ(mapping.fusion_trees_size(), 1);
  ASSERT_EQ(mapping.fusion_scores_size(), 1);
  EXPECT_EQ(mapping.fusion_scores(0).samples(), 1200);
  EXPECT_GT(mapping.fusion_scores(0).f1(), 0.9);
  EXPECT_GT(mapping.fusion_scores(0).mcc(), 0.85);
  // As the platform file has it, the tree says the same of samples it has not seen.
  model::v1::PlatformModel model = TestBase();
  *model.mutable_mapping() = mapping;
  model::v1::LayerModel* base = model.add_layer_models();
  base->set_unit_type("Base");
  base->mutable_roofline()->set_peak_ops_per_second(1e9);
  base->mutable_roofline()->set_bandwidth_bytes_per_second(1e9);
  base->set_auto_kind(v1::MODEL_KIND_ROOFLINE);
  for (model::v1::ErrorSpread* spread :
       {base->mutable_roofline_error(), &(*model.mutable_network_error())["roofline"]}) {
    spread->set_mean_absolute_relative_error(0.1);
    spread->set_source("made up");
  }
  const auto platform = PlatformModel::Create(model);
  ASSERT_TRUE(platform.ok()) << platform.status();
  const FusionTree& tree =
      (*platform)->mapping().fusion_trees.at({LayerType::kConv, LayerType::kAdd}).at(LayerType::kConv);
  int right = 0;
  const std::vector<FusionSample> others = Samples(LayerType::kAdd, 1000, rule);
  for (const FusionSample& other : others) right += tree.IsFused(other.features) == other.fused ? 1 : 0;
  EXPECT_GT(right, 960);
}

TEST(FitFusions, TheUnitsLastLayerDecidesFirst) {
  // Sums join convolutions, and never behind an activation, whatever the features say.
  std::vector<FusionSample> samples = Samples(LayerType::kAdd, 100, [](const PairFeatures&) { return true; });
  for (FusionSample& behind : Samples(LayerType::kAdd, 40, [](const PairFeatures&) { return false; })) {
    behind.after = LayerType::kRelu;
    samples.push_back(behind);
  }
  model::v1::Mapping mapping;
  ASSERT_TRUE(FitFusions(samples, {}, 1, &mapping).ok());
  ASSERT_EQ(mapping.fusion_trees_size(), 1) << "none for what never is";
  EXPECT_EQ(mapping.fusion_trees(0).after(), v1::LAYER_TYPE_CONV);
  EXPECT_EQ(mapping.fusion_scores(0).mcc(), 1);
}

TEST(FitFusions, PairsThatAlwaysFuseNeedNoTree) {
  const std::vector<FusionSample> samples = Samples(LayerType::kRelu, 60, [](const PairFeatures&) { return true; });
  model::v1::Mapping mapping;
  ASSERT_TRUE(FitFusions(samples, {}, 1, &mapping).ok());
  EXPECT_EQ(mapping.fusion_trees_size(), 0);
  ASSERT_EQ(mapping.fusions_size(), 1);
  EXPECT_EQ(mapping.fusions(0).primary(0), v1::LAYER_TYPE_CONV);
  EXPECT_EQ(mapping.fusions(0).secondary(0), v1::LAYER_TYPE_RELU);
  EXPECT_EQ(mapping.fusion_scores(0).f1(), 1);
  EXPECT_EQ(mapping.fusion_scores(0).mcc(), 1);
}

TEST(FitFusions, NoiseScoresAsNoise) {
  benchmark::Random random(9);
  std::vector<FusionSample> samples = Samples(LayerType::kAdd, 400, [](const PairFeatures&) { return false; });
  for (FusionSample& sample : samples) sample.fused = random.Uniform() < 0.5;
  model::v1::Mapping mapping;
  ASSERT_TRUE(FitFusions(samples, {}, 1, &mapping).ok());
  ASSERT_EQ(mapping.fusion_scores_size(), 1);
  EXPECT_LT(std::abs(mapping.fusion_scores(0).mcc()), 0.35);
}

TEST(FitFusions, FreeLayersTakeNothingIn) {
  const std::vector<FusionSample> samples = Samples(LayerType::kRelu, 60, [](const PairFeatures&) { return true; });
  LayerTypeSet free;
  free.set(static_cast<size_t>(LayerType::kConv));
  model::v1::Mapping mapping;
  ASSERT_TRUE(FitFusions(samples, free, 1, &mapping).ok());
  EXPECT_EQ(mapping.fusions_size(), 0);
  EXPECT_EQ(mapping.fusion_scores_size(), 0);
}

}  // namespace
}  // namespace latimer::fitting
