// Edges between execution units: through what costs nothing, around what is fused, along what is split.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/unit/estimation/estimation_helpers.h"

namespace latimer {
namespace {

// "0 conv(x) 1 dense(0)>dense": index, name, what is read, network outputs that are written.
std::string Edges(const std::string& layers) {
  const v1::NetworkEstimate estimate = Estimate(MakeNetwork(layers), *MakeTestPlatform(), ModelKind::kRoofline);
  std::vector<std::string> units;
  for (int i = 0; i < estimate.units_size(); ++i) {
    const v1::UnitEstimate& unit = estimate.units(i);
    std::vector<std::string> reads(unit.network_inputs().begin(), unit.network_inputs().end());
    for (const int input : unit.input_units()) reads.push_back(absl::StrCat(input));
    units.push_back(absl::StrCat(i, " ", unit.name(), "(", absl::StrJoin(reads, ","), ")",
                                 unit.network_outputs().empty() ? "" : ">",
                                 absl::StrJoin(unit.network_outputs(), ",")));
  }
  return absl::StrJoin(units, " ");
}

TEST(UnitEdgesTest, AChainReadsTheUnitBeforeAlsoThroughWhatIsFree) {
  EXPECT_EQ(Edges(Conv("a", "x") + L("relu", "RELU", {"a"}) + MaxPool("pool", "relu") +
                  L("flat", "RESHAPE", {"pool"}, "output_shape { shape { dims: [1, 4096] } }") +
                  L("dense", "FULLY_CONNECTED", {"flat"}, "fully_connected { output_features: 10 }")),
            "0 a(x) 1 dense(0)>dense");
}

TEST(UnitEdgesTest, BranchesMeetWhereTheyAreRead) {
  // The sum is fused into b; its other operand stays an edge.
  EXPECT_EQ(
      Edges(Conv("stem", "x") + Conv("a", "stem") + Conv("b", "a") + L("sum", "ADD", {"b", "stem"}) + Conv("c", "sum")),
      "0 stem(x) 1 a(0) 2 b(0,1) 3 c(2)>c");
}

TEST(UnitEdgesTest, AFreeConcatenationPassesAllItsOperandsOn) {
  EXPECT_EQ(Edges(Conv("a", "x") + Conv("b", "x") + L("cat", "CONCAT", {"a", "b", "x"}, "axis { axis: 1 }") +
                  Conv("c", "cat") + Conv("d", "cat")),
            "0 a(x) 1 b(x) 2 c(x,0,1)>c 3 d(x,0,1)>d");
}

TEST(UnitEdgesTest, ASplitLayerIsAChainOfWhichTheLastIsRead) {
  EXPECT_EQ(Edges(Conv("a", "x") + L("soft", "SOFTPLUS", {"a"}) + Conv("b", "soft")),
            "0 a(x) 1 soft(0) 2 soft(1) 3 b(2)>b");
}

TEST(UnitEdgesTest, AnEdgeIsNamedOnceAndTheSummaryHasNone) {
  EXPECT_EQ(Edges(Conv("a", "x") + L("square", "MUL", {"a", "a"})), "0 a(x) 1 square(0)>square");
  EXPECT_EQ(Estimate(MakeNetwork(Conv("a", "x")), *MakeTestPlatform(), ModelKind::kRoofline, 0.9, nullptr, false)
                .units_size(),
            0);
}

}  // namespace
}  // namespace latimer
