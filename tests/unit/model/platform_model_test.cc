#include "core/model/platform_model.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "test_platform.h"

namespace latimer {
namespace {

using ::testing::ElementsAre;

TEST(PlatformModelTest, FindsUnitTypesAndAnswersBaseForOthers) {
  const auto platform = MakeTestPlatform();
  ASSERT_NE(platform, nullptr);
  EXPECT_EQ(platform->unit_type_models(platform->FindUnitType("ConvPool")).unit_type, "ConvPool");
  EXPECT_EQ(platform->unit_type_models(platform->FindUnitType("Softmax")).unit_type, "Base");
  EXPECT_TRUE(platform->HasUnitType("Conv"));
  EXPECT_FALSE(platform->HasUnitType("Softmax"));
}

TEST(PlatformModelTest, AutoIsTheRefinedRooflineWhereThereIsOne) {
  const auto platform = MakeTestPlatform();
  ASSERT_NE(platform, nullptr);
  EXPECT_EQ(platform->unit_type_models(platform->FindUnitType("Conv")).auto_kind, ModelKind::kRefinedRoofline);
  EXPECT_EQ(platform->unit_type_models(platform->FindUnitType("Base")).auto_kind, ModelKind::kRoofline);
}

TEST(PlatformModelTest, AutoCanBeSetToThePlainRoofline) {
  const auto platform =
      MakePlatform(ChangedTestPlatform("unit_type: \"Conv\"", "unit_type: \"Conv\" auto_kind: MODEL_KIND_ROOFLINE"));
  ASSERT_NE(platform, nullptr);
  EXPECT_EQ(platform->unit_type_models(platform->FindUnitType("Conv")).auto_kind, ModelKind::kRoofline);
}

TEST(PlatformModelTest, ReshapeIsAlwaysFree) {
  const auto platform = MakeTestPlatform();
  ASSERT_NE(platform, nullptr);
  EXPECT_TRUE(platform->mapping().free[static_cast<size_t>(LayerType::kReshape)]);
  EXPECT_TRUE(platform->mapping().free[static_cast<size_t>(LayerType::kConcat)]);
  EXPECT_FALSE(platform->mapping().free[static_cast<size_t>(LayerType::kTranspose)]);
}

TEST(PlatformModelTest, EveryLoadedModelHasItsOwnInstance) {
  const auto first = MakeTestPlatform();
  const auto second = MakeTestPlatform();
  ASSERT_TRUE(first != nullptr && second != nullptr);
  EXPECT_NE(first->instance(), second->instance());
}

TEST(PlatformModelTest, RefinedErrorDefaultsToThatOfTheRoofline) {
  const auto platform = MakePlatform(
      ChangedTestPlatform("refined_roofline_error { mean_absolute_relative_error: 0.25 source: \"made up\" }", ""));
  ASSERT_NE(platform, nullptr);
  const UnitTypeModels& conv = platform->unit_type_models(platform->FindUnitType("Conv"));
  EXPECT_EQ(conv.error[static_cast<size_t>(ModelKind::kRefinedRoofline)].Factor(0.9),
            conv.error[static_cast<size_t>(ModelKind::kRoofline)].Factor(0.9));
}

TEST(PlatformModelTest, DescriptionInFullHasModelsAndRules) {
  const auto platform = MakeTestPlatform();
  ASSERT_NE(platform, nullptr);
  const v1::Platform full = platform->Describe(true);
  EXPECT_EQ(full.name(), "platforms/made-up");
  EXPECT_EQ(full.active_version(), "test-1");
  ASSERT_EQ(full.versions_size(), 1);
  EXPECT_EQ(full.versions(0).create_date(), "2024-02-03");
  EXPECT_EQ(full.activation_bits(), 8);
  EXPECT_FALSE(full.simulated());
  ASSERT_EQ(full.network_accuracy_size(), 1);
  EXPECT_EQ(full.network_accuracy(0).mape(), 0.4);
  ASSERT_EQ(full.layer_models_size(), 4);  // sorted by unit type
  EXPECT_EQ(full.layer_models(0).unit_type(), "Base");
  EXPECT_EQ(full.layer_models(3).unit_type(), "Exp");
  const v1::LayerModelDescription& conv = full.layer_models(1);
  EXPECT_EQ(conv.unit_type(), "Conv");
  EXPECT_EQ(conv.auto_kind(), v1::MODEL_KIND_REFINED_ROOFLINE);
  EXPECT_THAT(conv.kinds(), ElementsAre(v1::MODEL_KIND_ROOFLINE, v1::MODEL_KIND_REFINED_ROOFLINE));
  ASSERT_EQ(conv.analytical_size(), 2);
  EXPECT_EQ(conv.analytical(0).unrolling_size(), 0);
  ASSERT_EQ(conv.analytical(1).unrolling_size(), 2);
  EXPECT_EQ(conv.analytical(1).unrolling(0).dimension(), "c_in");
  EXPECT_EQ(conv.analytical(1).unrolling(1).dimension(), "h");
  EXPECT_EQ(conv.analytical(1).unrolling(1).size(), 4);
  ASSERT_EQ(full.fusion_rules_size(), 2);  // in the order they are tried
  EXPECT_THAT(full.fusion_rules(0).secondary(), ElementsAre("Relu", "Add"));
  EXPECT_EQ(full.fusion_rules(1).unit_type(), "ConvPool");
  EXPECT_EQ(full.fusion_rules(1).condition(), "window 2x2, stride 2x2");
}

TEST(PlatformModelTest, DescriptionInShortLeavesModelsAndRulesOut) {
  const auto platform = MakeTestPlatform();
  ASSERT_NE(platform, nullptr);
  v1::Platform expected = platform->Describe(true);
  expected.clear_layer_models();
  expected.clear_fusion_rules();
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(platform->Describe(false), expected));
}

TEST(PlatformModelTest, UnitTypeNamesJoinAllPooling) {
  EXPECT_EQ(UnitTypeName(LayerType::kConv), "Conv");
  EXPECT_EQ(UnitTypeName(LayerType::kMaxPool), "Pool");
  EXPECT_EQ(UnitTypeName(LayerType::kGlobalAveragePool), "Pool");
  EXPECT_EQ(UnitTypeName(LayerType::kLpPool), "Pool");
}

}  // namespace
}  // namespace latimer
