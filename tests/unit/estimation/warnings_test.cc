// What an answer warns of: unknown operators, models that stand in for others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/estimation/estimation_helpers.h"

namespace latimer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<v1::Warning> Of(const v1::NetworkEstimate& result, v1::WarningCode code) {
  std::vector<v1::Warning> warnings;
  for (const v1::Warning& warning : result.warnings()) {
    if (warning.code() == code) warnings.push_back(warning);
  }
  return warnings;
}

TEST(Warnings, NoneWhereEveryModelIsThere) {
  const auto platform = LoadShippedPlatform("zcu102-dnndk");
  for (ModelKind kind : {ModelKind::kAuto, ModelKind::kRoofline, ModelKind::kRefinedRoofline}) {
    EXPECT_EQ(Estimate(SmallNetwork(), *platform, kind).warnings_size(), 0) << ModelKindName(kind);
  }
}

TEST(Warnings, AnUnknownOperatorIsEstimatedFromItsBytes) {
  const Network network =
      MakeNetwork(L("odd", "UNKNOWN", {"x"}, "output_shape { shape { dims: [1, 4000] } } constant_elements: 7000"));
  const v1::NetworkEstimate result = Estimate(network, *MakeTestPlatform(), ModelKind::kAuto);
  ASSERT_EQ(result.units_size(), 1);
  const double bytes = 16 * 1024 + 4000 + 7000;
  EXPECT_NEAR(result.units(0).latency().estimate_ms(), bytes / 1e8 * 1e3, 1e-12);
  EXPECT_EQ(result.units(0).operations(), 0);
  EXPECT_EQ(result.units(0).utilization(), 0);
  EXPECT_EQ(result.units(0).bound(), v1::BOUND_MEMORY);
  const std::vector<v1::Warning> unknown = Of(result, v1::WARNING_CODE_UNKNOWN_OPERATOR);
  ASSERT_EQ(unknown.size(), 1u);
  EXPECT_THAT(unknown[0].nodes(), ElementsAre("odd"));
  EXPECT_EQ(unknown[0].count(), 1);
}

TEST(Warnings, ATypeWithoutAModelIsAnsweredByBase) {
  const Network network =
      MakeNetwork(L("a", "SOFTMAX", {"x"}) + L("b", "SIGMOID", {"a"}) + L("c", "SOFTMAX", {"b"}) + Conv("d", "c"));
  const v1::NetworkEstimate result = Estimate(network, *MakeTestPlatform(), ModelKind::kRoofline);
  const std::vector<v1::Warning> types = Of(result, v1::WARNING_CODE_LAYER_TYPE_FALLBACK);
  ASSERT_EQ(types.size(), 2u);  // one per type
  EXPECT_THAT(types[0].message(), HasSubstr("Softmax"));
  EXPECT_THAT(types[0].message(), HasSubstr("Base"));
  EXPECT_THAT(types[0].nodes(), ElementsAre("a", "c"));
  EXPECT_EQ(types[0].count(), 2);
  EXPECT_THAT(types[1].nodes(), ElementsAre("b"));
  EXPECT_EQ(result.warnings_size(), 2);
  EXPECT_EQ(result.units(0).unit_type(), "Softmax");
  EXPECT_EQ(result.units(0).model_type(), "Base");
  EXPECT_EQ(result.units(3).model_type(), "Conv");
}

TEST(Warnings, AKindWithoutAModelIsAnsweredByAnother) {
  const Network network = SmallNetwork();
  const auto platform = LoadShippedPlatform("zcu102-dnndk");
  const v1::NetworkEstimate wanted = Estimate(network, *platform, ModelKind::kMixed);
  const std::vector<v1::Warning> kinds = Of(wanted, v1::WARNING_CODE_MODEL_KIND_FALLBACK);
  ASSERT_EQ(kinds.size(), 2u);
  EXPECT_THAT(kinds[0].message(), HasSubstr("mixed"));
  EXPECT_THAT(kinds[0].message(), HasSubstr("refined_roofline"));
  EXPECT_THAT(kinds[0].message(), HasSubstr("ConvPool"));
  EXPECT_THAT(kinds[0].nodes(), ElementsAre("conv"));
  EXPECT_THAT(kinds[1].nodes(), ElementsAre("dense"));
  EXPECT_EQ(wanted.model_kind(), v1::MODEL_KIND_MIXED);  // what was asked for; units say what answered
  EXPECT_EQ(wanted.units(0).model_kind(), v1::MODEL_KIND_REFINED_ROOFLINE);
  EXPECT_EQ(wanted.latency().estimate_ms(), Estimate(network, *platform, ModelKind::kAuto).latency().estimate_ms());
}

TEST(Warnings, ListAtMost20LayersAndCountAll) {
  std::string layers;
  std::string before = "x";
  for (int i = 0; i < 30; ++i) {
    layers += L(absl::StrCat("s", i), "SIGMOID", {before});
    before = absl::StrCat("s", i);
  }
  const v1::NetworkEstimate result = Estimate(MakeNetwork(layers), *MakeTestPlatform(), ModelKind::kRoofline);
  ASSERT_EQ(result.warnings_size(), 1);
  EXPECT_EQ(result.warnings(0).nodes_size(), 20);
  EXPECT_EQ(result.warnings(0).count(), 30);
}

TEST(Warnings, AreInTheSummaryToo) {
  const Network network = MakeNetwork(L("a", "UNKNOWN", {"x"}));
  const v1::NetworkEstimate result =
      Estimate(network, *MakeTestPlatform(), ModelKind::kMixed, 0.9, nullptr, /*with_units=*/false);
  EXPECT_EQ(Of(result, v1::WARNING_CODE_UNKNOWN_OPERATOR).size(), 1u);
  EXPECT_EQ(Of(result, v1::WARNING_CODE_LAYER_TYPE_FALLBACK).size(), 1u);
  EXPECT_EQ(Of(result, v1::WARNING_CODE_MODEL_KIND_FALLBACK).size(), 1u);
}

}  // namespace
}  // namespace latimer
