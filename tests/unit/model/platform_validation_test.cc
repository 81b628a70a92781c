// Every field of a platform file that can be wrong, and what the error says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "test_platform.h"

namespace latimer {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct BadFile {
  std::string from;
  std::string to;
  std::string field;
};

void PrintTo(const BadFile& bad, std::ostream* out) { *out << bad.field << " from '" << bad.to << "'"; }

class PlatformValidationTest : public ::testing::TestWithParam<BadFile> {};

TEST_P(PlatformValidationTest, NamesTheField) {
  const BadFile& bad = GetParam();
  const auto platform = ParsePlatformModel(ChangedTestPlatform(bad.from, bad.to), "bad.textproto");
  ASSERT_FALSE(platform.ok());
  EXPECT_EQ(platform.status().code(), absl::StatusCode::kInvalidArgument);
  const auto details = GetErrorDetails(platform.status());
  ASSERT_TRUE(details.has_value()) << platform.status();
  EXPECT_EQ(details->reason, "BAD_PLATFORM_MODEL") << platform.status();
  EXPECT_EQ(details->field, bad.field) << platform.status();
  EXPECT_THAT(std::string(platform.status().message()), HasSubstr(bad.field + ": "));
  EXPECT_THAT(std::string(platform.status().message()), StartsWith("bad.textproto:"));
}

INSTANTIATE_TEST_SUITE_P(
    Header, PlatformValidationTest,
    ::testing::Values(
        BadFile{"format_version: 1", "", "format_version"},
        BadFile{"format_version: 1", "format_version: 2", "format_version"},
        BadFile{"format_version: 1", "format_version: -1", "format_version"}, BadFile{"id: \"made-up\"", "", "id"},
        BadFile{"made-up", "Made Up", "id"}, BadFile{"made-up", "../etc", "id"},
        BadFile{"made-up", std::string(64, 'a'), "id"}, BadFile{"version: \"test-1\"", "", "version"},
        BadFile{"test-1", "a/b", "version"}, BadFile{"display_name: \"Made up\"", "", "display_name"},
        BadFile{"hardware: \"none\"", "", "hardware"}, BadFile{"toolchain: \"none\"", "", "toolchain"},
        BadFile{"precision: \"INT8\"", "", "precision"}, BadFile{"description: \"For tests.\"", "", "description"},
        BadFile{"2024-02-03", "", "create_date"}, BadFile{"2024-02-03", "3.2.2024", "create_date"},
        BadFile{"activation_bits: 8", "", "activation_bits"},
        BadFile{"activation_bits: 8", "activation_bits: 65", "activation_bits"},
        BadFile{"weight_bits: 8", "weight_bits: -8", "weight_bits"},
        BadFile{"weight_bits: 8", "weight_bits: 8 fixed_seconds_per_network: -1", "fixed_seconds_per_network"},
        BadFile{"weight_bits: 8", "weight_bits: 8 fixed_seconds_per_network: nan", "fixed_seconds_per_network"},
        BadFile{"weight_bits: 8", "weight_bits: 8 pass_ns: -1", "pass_ns"},
        BadFile{"weight_bits: 8", "weight_bits: 8 pass_ns: nan", "pass_ns"}));

INSTANTIATE_TEST_SUITE_P(
    LayerModels, PlatformValidationTest,
    ::testing::Values(
        BadFile{"unit_type: \"Conv\"", "", "layer_models[0].unit_type"},
        BadFile{"unit_type: \"Conv\"", "unit_type: \"Conv\" pace_exponent: 1.5", "layer_models[0].pace_exponent"},
        BadFile{"unit_type: \"Conv\"", "unit_type: \"Conv\" pace_exponent: nan", "layer_models[0].pace_exponent"},
        BadFile{"unit_type: \"Conv\"", "unit_type: \"Convv\"", "layer_models[0].unit_type"},
        BadFile{"unit_type: \"Conv\"", "unit_type: \"MaxPool\"", "layer_models[0].unit_type"},
        BadFile{"unit_type: \"ConvPool\"", "unit_type: \"Conv\"", "layer_models[1].unit_type"},
        BadFile{"unit_type: \"Base\"", "unit_type: \"Add\"", "layer_models"},
        BadFile{"roofline { peak_ops_per_second: 1e9 bandwidth_bytes_per_second: 1e8 }", "",
                "layer_models[0].roofline"},
        BadFile{"peak_ops_per_second: 1e9", "", "layer_models[0].roofline.peak_ops_per_second"},
        BadFile{"peak_ops_per_second: 1e9", "peak_ops_per_second: -1", "layer_models[0].roofline.peak_ops_per_second"},
        BadFile{"peak_ops_per_second: 1e9", "peak_ops_per_second: inf", "layer_models[0].roofline.peak_ops_per_second"},
        BadFile{"bandwidth_bytes_per_second: 1e8", "bandwidth_bytes_per_second: nan",
                "layer_models[0].roofline.bandwidth_bytes_per_second"},
        BadFile{"bandwidth_bytes_per_second: 1e8 }",
                "bandwidth_bytes_per_second: 1e8 unrolling { dimension: DIMENSION_H size: 2 } }",
                "layer_models[0].roofline.unrolling[0]"},
        BadFile{"dimension: DIMENSION_C_IN", "", "layer_models[0].refined_roofline.unrolling[0].dimension"},
        BadFile{"DIMENSION_H", "DIMENSION_C_IN", "layer_models[0].refined_roofline.unrolling[1].dimension"},
        BadFile{"size: 8", "", "layer_models[0].refined_roofline.unrolling[0].size"},
        BadFile{"size: 8", "size: 9000000000", "layer_models[0].refined_roofline.unrolling[0].size"},
        BadFile{"alpha: 0.5", "alpha: 1.5", "layer_models[0].refined_roofline.unrolling[1].alpha"},
        BadFile{"alpha: 0.5", "alpha: nan", "layer_models[0].refined_roofline.unrolling[1].alpha"},
        BadFile{"SMALL_DIMENSION_REPLICATE", "7", "layer_models[0].refined_roofline.unrolling[1].small_dimension"},
        BadFile{"roofline_error { mean_absolute_relative_error: 0.5 source: \"made up\" }", "",
                "layer_models[0].roofline_error"},
        BadFile{"mean_absolute_relative_error: 0.5", "mean_absolute_relative_error: 0",
                "layer_models[0].roofline_error.mean_absolute_relative_error"},
        BadFile{"mean_absolute_relative_error: 0.5 source: \"made up\"", "mean_absolute_relative_error: 0.5",
                "layer_models[0].roofline_error.source"},
        BadFile{"mean_absolute_relative_error: 0.25", "mean_absolute_relative_error: 101",
                "layer_models[0].refined_roofline_error.mean_absolute_relative_error"},
        BadFile{"unit_type: \"ConvPool\"",
                "unit_type: \"ConvPool\" refined_roofline_error { mean_absolute_relative_error: 1 source: \"x\" }",
                "layer_models[1].refined_roofline_error"},
        BadFile{"unit_type: \"ConvPool\"", "unit_type: \"ConvPool\" auto_kind: MODEL_KIND_REFINED_ROOFLINE",
                "layer_models[1].auto_kind"},
        BadFile{"unit_type: \"ConvPool\"", "unit_type: \"ConvPool\" auto_kind: 99", "layer_models[1].auto_kind"},
        BadFile{"rmspe: 0.6", "rmspe: 0.4", "layer_models[0].accuracy[0].rmspe"}));

// The second unrolling replaced by prices.
BadFile BadPrices(const std::string& prices, const std::string& field) {
  return {"unrolling { dimension: DIMENSION_H size: 4 alpha: 0.5 small_dimension: SMALL_DIMENSION_REPLICATE }",
          "additive { " + prices + " }", "layer_models[0].refined_roofline.additive[0]." + field};
}

constexpr char kTwelve[] = "price: [ 1e-6, 1e-9, 1e-9, 0, 0, 0, 0, 0, 0, 0, 0, 0 ]";

INSTANTIATE_TEST_SUITE_P(
    Prices, PlatformValidationTest,
    ::testing::Values(BadPrices(absl::StrCat("path: -2 ", kTwelve), "path"),
                      BadPrices(absl::StrCat("path: 99 ", kTwelve), "path"),
                      BadPrices("path: -1 price: [ 1e-6, 1e-9 ]", "price"),
                      BadPrices(absl::StrCat("path: -1 ", kTwelve, " price: [ 0, 0, 0, 0, 0, 0, 0 ]"), "price"),
                      BadPrices(absl::StrCat("path: -1 ", kTwelve, " price: -1"), "price[12]"),
                      BadPrices(absl::StrCat("path: -1 ", kTwelve, " price: [ 0, 0, 0, inf ]"), "price[15]")));

// Files of before there were more.
TEST(PlatformPricesTest, TwelveAreEnough) {
  const BadFile twelve = BadPrices(absl::StrCat("path: -1 ", kTwelve), "");
  const auto platform = ParsePlatformModel(ChangedTestPlatform(twelve.from, twelve.to), "old.textproto");
  ASSERT_TRUE(platform.ok()) << platform.status();
  UnitFeatures features;
  features.type = LayerType::kRelu;
  features.operations = 1000;
  features.residency = 60;
  const UnitTypeModels& conv = (*platform)->unit_type_models((*platform)->FindUnitType("Conv"));
  EXPECT_NEAR(conv.by_kind[static_cast<size_t>(ModelKind::kRefinedRoofline)]->Estimate(features).seconds, 3e-6, 1e-12);
}

INSTANTIATE_TEST_SUITE_P(
    Mapping, PlatformValidationTest,
    ::testing::Values(
        BadFile{"primary: LAYER_TYPE_CONV", "", "mapping.fusions[0].primary"},
        BadFile{"primary: LAYER_TYPE_CONV", "primary: LAYER_TYPE_UNSPECIFIED", "mapping.fusions[0].primary[0]"},
        BadFile{"[ LAYER_TYPE_RELU, LAYER_TYPE_ADD ]", "[]", "mapping.fusions[0].secondary"},
        BadFile{"[ LAYER_TYPE_RELU, LAYER_TYPE_ADD ]", "[ LAYER_TYPE_RELU, 999 ]", "mapping.fusions[0].secondary[1]"},
        BadFile{"[ LAYER_TYPE_RELU, LAYER_TYPE_ADD ]", "[ LAYER_TYPE_RELU, LAYER_TYPE_RELU ]",
                "mapping.fusions[0].secondary[1]"},
        BadFile{"secondary: LAYER_TYPE_MAX_POOL\n      unit_type: \"ConvPool\"",
                "secondary: LAYER_TYPE_MAX_POOL unit_type: \"ConvPol\"", "layer_models[1].unit_type"},
        BadFile{"secondary: [ LAYER_TYPE_RELU", "unit_type: \"ConvRelu\" secondary: [ LAYER_TYPE_RELU",
                "mapping.fusions[0].unit_type"},
        BadFile{"pool_kernel: [ 2, 2 ]", "pool_kernel: [ 2, 0 ]", "mapping.fusions[1].pool_kernel[1]"},
        BadFile{"pool_stride: [ 2, 2 ]", "pool_stride: [ 2, 2, 2, 2 ]", "mapping.fusions[1].pool_stride"},
        BadFile{"secondary: LAYER_TYPE_MAX_POOL", "secondary: LAYER_TYPE_RELU", "mapping.fusions[1].pool_kernel"},
        BadFile{"layer_type: LAYER_TYPE_SOFTPLUS", "", "mapping.splits[0].layer_type"},
        BadFile{"layer_type: LAYER_TYPE_SOFTPLUS", "layer_type: LAYER_TYPE_CONV", "mapping.splits[0].layer_type"},
        BadFile{"[ \"Exp\", \"Base\" ]", "[ \"Exp\" ]", "mapping.splits[0].unit_types"},
        BadFile{"[ \"Exp\", \"Base\" ]", "[ \"Exp\", \"Log\" ]", "mapping.splits[0].unit_types[1]"},
        BadFile{"free: LAYER_TYPE_CONCAT", "free: 999", "mapping.free[0]"},
        BadFile{"free: LAYER_TYPE_CONCAT", "free: LAYER_TYPE_CONV", "mapping.free"}));

// Instead of the free types: a tree of one split, with one thing changed.
BadFile BadTree(const std::string& from, const std::string& to, const std::string& field) {
  std::string tree =
      "fusion_trees { primary: LAYER_TYPE_CONV secondary: LAYER_TYPE_ADD after: LAYER_TYPE_CONV feature_version: 1 "
      "feature: [ 3, -1, -1 ] value: [ 0.5, 1, -1 ] left: [ 1, 0, 0 ] }";
  const size_t at = tree.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  tree.replace(at, from.size(), to);
  return {"free: LAYER_TYPE_CONCAT", tree, "mapping." + field};
}

INSTANTIATE_TEST_SUITE_P(
    Trees, PlatformValidationTest,
    ::testing::Values(BadTree("primary: LAYER_TYPE_CONV", "", "fusion_trees[0].primary"),
                      BadTree("secondary: LAYER_TYPE_ADD", "secondary: 999", "fusion_trees[0].secondary"),
                      BadTree("after: LAYER_TYPE_CONV", "", "fusion_trees[0].after"),
                      BadTree("feature_version: 1", "feature_version: 2", "fusion_trees[0].feature_version"),
                      BadTree("[ 0.5, 1, -1 ]", "[ 0.5, 1 ]", "fusion_trees[0].feature"),
                      BadTree("[ 0.5, 1, -1 ]", "[ 0.5, nan, -1 ]", "fusion_trees[0].value[1]"),
                      BadTree("[ 3, -1, -1 ]", "[ 26, -1, -1 ]", "fusion_trees[0].feature[0]"),
                      BadTree("left: [ 1, 0, 0 ]", "left: [ 0, 0, 0 ]", "fusion_trees[0].left[0]"),
                      BadTree("left: [ 1, 0, 0 ]", "left: [ 2, 0, 0 ]", "fusion_trees[0].left[0]"),
                      BadTree("left: [ 1, 0, 0 ] }", "left: [ 1, 0, 0 ] } layout_block: 12", "layout_block")));

INSTANTIATE_TEST_SUITE_P(
    Accuracy, PlatformValidationTest,
    ::testing::Values(BadFile{"key: \"refined_roofline\"", "key: \"statistical\"", "network_error['refined_roofline']"},
                      BadFile{"mean_absolute_relative_error: 0.2 ", "mean_absolute_relative_error: -0.2 ",
                              "network_error['refined_roofline'].mean_absolute_relative_error"},
                      BadFile{
                          "network_error {",
                          "network_error { key: \"guess\" value { mean_absolute_relative_error: 1 source: \"x\" } } "
                          "network_error {",
                          "network_error"},
                      BadFile{"network_accuracy { model_kind: MODEL_KIND_ROOFLINE",
                              "network_accuracy { model_kind: MODEL_KIND_AUTO", "network_accuracy[0].model_kind"},
                      BadFile{"subject: \"network\"", "", "network_accuracy[0].subject"},
                      BadFile{"mape: 0.4 ", "mape: -1 ", "network_accuracy[0].mape"},
                      BadFile{"samples: 3", "samples: -3", "network_accuracy[0].samples"},
                      BadFile{"samples: 3", "mae_ms: -3", "network_accuracy[0].mae_ms"},
                      BadFile{"samples: 3 source: \"made up\"", "samples: 3", "network_accuracy[0].source"}));

// The place of the field, or of the message where it is missing.
TEST(PlatformFileTest, SaysLineAndColumnOfABadValue) {
  const auto value = ParsePlatformModel(ChangedTestPlatform("alpha: 0.5", "alpha: 1.5"), "p.textproto");
  EXPECT_THAT(std::string(value.status().message()),
              StartsWith("p.textproto:20:50: unit type 'Conv': layer_models[0].refined_roofline.unrolling[1].alpha: it "
                         "is 1.5; it lies in 0 to 1"));
  const auto missing = ParsePlatformModel(ChangedTestPlatform("unit_type: \"Conv\"", ""), "p.textproto");
  EXPECT_THAT(std::string(missing.status().message()), StartsWith("p.textproto:13:3: "));
}

TEST(PlatformFileTest, RefusesUnknownKeysAndBrokenTextWithLineAndColumn) {
  const auto unknown = ParsePlatformModel("format_version: 1\nid: \"a\"\n  colour: 3\n", "p.textproto");
  EXPECT_THAT(std::string(unknown.status().message()), StartsWith("p.textproto:3:"));
  EXPECT_THAT(std::string(unknown.status().message()), HasSubstr("colour"));
  EXPECT_EQ(GetErrorDetails(unknown.status())->reason, "BAD_PLATFORM_FILE");
  EXPECT_EQ(GetErrorDetails(unknown.status())->metadata.at("file"), "p.textproto");
  const auto broken = ParsePlatformModel("format_version: 1\nid: \"a\n", "p.textproto");
  EXPECT_THAT(std::string(broken.status().message()), StartsWith("p.textproto:2:"));
  const auto type = ParsePlatformModel("format_version: \"one\"\n", "p.textproto");
  EXPECT_THAT(std::string(type.status().message()), StartsWith("p.textproto:1:"));
  const auto twice = ParsePlatformModel("format_version: 1\nformat_version: 1\n", "p.textproto");
  EXPECT_THAT(std::string(twice.status().message()), StartsWith("p.textproto:2:"));
}

TEST(PlatformFileTest, AnEmptyOrHugeFileIsAnError) {
  EXPECT_THAT(std::string(ParsePlatformModel("", "p").status().message()), StartsWith("p: format_version: "));
  EXPECT_THAT(std::string(ParsePlatformModel(std::string(5 << 20, ' '), "p").status().message()), HasSubstr("at most"));
}

TEST(PlatformFileTest, DeepNestingIsAnErrorNotACrash) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "mapping {";
  EXPECT_FALSE(ParsePlatformModel(text, "p").ok());
}

}  // namespace
}  // namespace latimer
