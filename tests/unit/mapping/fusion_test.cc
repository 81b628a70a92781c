// Which layers run as one unit, on the platforms that ship and on one made up for what those lack.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/mapping/mapping_helpers.h"
#include "tests/unit/model/test_platform.h"

namespace latimer {
namespace {

constexpr char kZcu102[] = "zcu102-dnndk";
constexpr char kNcs2[] = "ncs2-openvino";
constexpr char kMadeUp[] = "";  // kTestPlatform

std::string Map(const std::string& platform_id, const std::string& layers) {
  const auto platform = platform_id.empty() ? MakeTestPlatform() : LoadShippedPlatform(platform_id);
  const Network network = MakeNetwork(layers);
  const MappedNetwork mapped = MapNetwork(network, *platform);
  for (const ExecutionUnit& unit : mapped.units) EXPECT_EQ(unit.primary, unit.layers[0]);
  return Units(network, mapped);
}

TEST(Fusion, ConvolutionNormalisationAndRectifierAreOneUnit) {
  const std::string layers =
      Conv("conv", "x") + L("bn", "BATCH_NORM", {"conv"}, "constant_elements: 64") + L("relu", "RELU", {"bn"});
  for (const char* platform : {kZcu102, kNcs2, kMadeUp}) EXPECT_EQ(Map(platform, layers), "Conv[conv relu]");
}

TEST(Fusion, RectifiersByPlatform) {
  auto with = [](const char* type) { return Conv("conv", "x") + L("act", type, {"conv"}); };
  EXPECT_EQ(Map(kZcu102, with("RELU6")), "Conv[conv act]");
  EXPECT_EQ(Map(kNcs2, with("RELU6")), "Conv[conv act]");
  EXPECT_EQ(Map(kMadeUp, with("RELU6")), "Conv[conv] Relu6[act]");
  EXPECT_EQ(Map(kZcu102, with("LEAKY_RELU")), "Conv[conv] LeakyRelu[act]");
  EXPECT_EQ(Map(kNcs2, with("LEAKY_RELU")), "Conv[conv act]");
  for (const char* platform : {kZcu102, kNcs2, kMadeUp}) {
    EXPECT_EQ(Map(platform, with("SIGMOID")), "Conv[conv] Sigmoid[act]");
  }
}

TEST(Fusion, DepthwiseConvolutionsTakeRectifiersOnly) {
  const std::string depthwise = L("dw", "DEPTHWISE_CONV", {"x"}, "conv { kernel: [3, 3] pad_begin: [1, 1] }");
  for (const char* platform : {kZcu102, kNcs2}) {
    EXPECT_EQ(Map(platform, depthwise + L("relu", "RELU", {"dw"})), "DepthwiseConv[dw relu]");
    EXPECT_EQ(Map(platform, depthwise + L("relu", "LEAKY_RELU", {"dw"})), "DepthwiseConv[dw] LeakyRelu[relu]");
    EXPECT_EQ(Map(platform, depthwise + MaxPool("pool", "dw")), "DepthwiseConv[dw] Pool[pool]");
  }
}

TEST(Fusion, PoolingMakesAnotherTypeOfUnit) {
  const std::string conv = Conv("conv", "x") + L("relu", "RELU", {"conv"});
  for (const char* platform : {kZcu102, kNcs2, kMadeUp}) {
    EXPECT_EQ(Map(platform, conv + MaxPool("pool", "relu")), "ConvPool[conv relu pool]");
    EXPECT_EQ(Map(platform, Conv("conv", "x") + MaxPool("pool", "conv")), "ConvPool[conv pool]");
    EXPECT_EQ(Map(platform, conv + L("pool", "GLOBAL_MAX_POOL", {"relu"})), "Conv[conv relu] Pool[pool]");
    EXPECT_EQ(Map(platform, conv + L("pool", "AVERAGE_POOL", {"relu"}, "pool { kernel: [2, 2] stride: [2, 2] }")),
              "Conv[conv relu] Pool[pool]");
  }
}

TEST(Fusion, OfWindowsOnlyThoseTheRuleNames) {
  const std::string conv = Conv("conv", "x");
  EXPECT_EQ(Map(kZcu102, conv + MaxPool("pool", "conv", 3, 2)), "ConvPool[conv pool]");  // any window
  for (const char* platform : {kNcs2, kMadeUp}) {
    EXPECT_EQ(Map(platform, conv + MaxPool("pool", "conv", 3, 2)), "Conv[conv] Pool[pool]");
    EXPECT_EQ(Map(platform, conv + MaxPool("pool", "conv", 2, 1)), "Conv[conv] Pool[pool]");
  }
}

TEST(Fusion, ASecondPoolingRunsAlone) {
  const std::string layers = Conv("conv", "x") + MaxPool("one", "conv") + MaxPool("two", "one");
  for (const char* platform : {kZcu102, kNcs2, kMadeUp}) {
    EXPECT_EQ(Map(platform, layers), "ConvPool[conv one] Pool[two]");
  }
}

TEST(Fusion, ARectifierAfterPoolingStillJoins) {
  EXPECT_EQ(Map(kMadeUp, Conv("conv", "x") + MaxPool("pool", "conv") + L("relu", "RELU", {"pool"})),
            "ConvPool[conv pool relu]");
}

TEST(Fusion, NotWhereTheIntermediateHasTwoReaders) {
  const std::string layers = Conv("conv", "x") + L("relu", "RELU", {"conv"}) + L("gate", "SIGMOID", {"conv"});
  for (const char* platform : {kZcu102, kNcs2, kMadeUp}) {
    EXPECT_EQ(Map(platform, layers), "Conv[conv] Relu[relu] Sigmoid[gate]");
  }
}

TEST(Fusion, NotWhereTheIntermediateIsAnOutput) {
  const std::string layers = Conv("conv", "x") + L("relu", "RELU", {"conv"}) + "outputs: 'conv' outputs: 'relu'";
  for (const char* platform : {kZcu102, kNcs2, kMadeUp}) EXPECT_EQ(Map(platform, layers), "Conv[conv] Relu[relu]");
}

TEST(Fusion, NotBehindAnotherPrimary) {
  const std::string dense = L("flat", "RESHAPE", {"x"}, "output_shape { shape { dims: [1, -1] } }") +
                            L("dense", "FULLY_CONNECTED", {"flat"}, "fully_connected { output_features: 10 }") +
                            L("relu", "RELU", {"dense"});
  for (const char* platform : {kZcu102, kNcs2, kMadeUp}) {
    EXPECT_EQ(Map(platform, dense), "FullyConnected[dense] Relu[relu] free[flat]");
  }
}

TEST(Fusion, AdditionsJoinWhereThePlatformFusesThem) {
  const std::string layers = Conv("conv", "x") + L("sum", "ADD", {"x", "conv"}) + L("relu", "RELU", {"sum"});
  EXPECT_EQ(Map(kMadeUp, layers), "Conv[conv sum relu]");
  for (const char* platform : {kZcu102, kNcs2}) EXPECT_EQ(Map(platform, layers), "Conv[conv] Add[sum] Relu[relu]");
}

// Of two convolutions that are added, the sum can only run with the later one.
TEST(Fusion, AdditionsJoinWhenTheirOtherOperandIsReady) {
  const std::string pair = Conv("a", "x") + Conv("b", "x");
  EXPECT_EQ(Map(kMadeUp, pair + L("sum", "ADD", {"a", "b"})), "Conv[a] Conv[b sum]");
  EXPECT_EQ(Map(kMadeUp, pair + L("sum", "ADD", {"b", "a"})), "Conv[a] Conv[b sum]");
  // The other operand is made from a layer after the convolution.
  EXPECT_EQ(Map(kMadeUp, Conv("a", "x") + L("late", "RELU", {"x"}) + L("sum", "ADD", {"a", "late"})),
            "Conv[a] Relu[late] Add[sum]");
  // Both operands are the convolution.
  EXPECT_EQ(Map(kMadeUp, Conv("a", "x") + L("sum", "ADD", {"a", "a"})), "Conv[a sum]");
}

TEST(Splits, OneLayerRunsAsSeveralUnits) {
  const std::string layers = L("soft", "SOFTPLUS", {"x"});
  EXPECT_EQ(Map(kMadeUp, layers), "Exp[soft] Base[soft]");
  EXPECT_EQ(Map(kNcs2, layers), "Exp[soft] Base[soft] Log[soft]");
  EXPECT_EQ(Map(kZcu102, layers), "Softplus[soft]");
}

TEST(FreeLayers, CostNothing) {
  const std::string layers =
      L("join", "CONCAT", {"x", "x"}) + L("flat", "RESHAPE", {"join"}, "output_shape { shape { dims: [1, -1] } }");
  EXPECT_EQ(Map(kNcs2, layers), "free[join] free[flat]");
  EXPECT_EQ(Map(kMadeUp, layers), "free[join] free[flat]");
  EXPECT_EQ(Map(kZcu102, layers), "Concat[join] free[flat]");
}

// Base answers where there is no model, and the unit says so.
TEST(UnitTypes, BaseAnswersForTypesWithoutAModel) {
  const auto platform = LoadShippedPlatform(kZcu102);
  const Network network = MakeNetwork(L("soft", "SOFTMAX", {"x"}) + MaxPool("pool", "soft"));
  const MappedNetwork mapped = MapNetwork(network, *platform);
  ASSERT_EQ(mapped.units.size(), 2u);
  EXPECT_EQ(mapped.units[0].unit_type, "Softmax");
  EXPECT_EQ(platform->unit_type_models(mapped.units[0].features.unit_type).unit_type, "Base");
  EXPECT_EQ(platform->unit_type_models(mapped.units[1].features.unit_type).unit_type, "Pool");
}

}  // namespace
}  // namespace latimer
