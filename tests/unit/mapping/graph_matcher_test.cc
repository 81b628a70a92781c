// Rows of made-up reports against small networks: groups, flags, shares.
#include "core/mapping/graph_matcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_join.h"

#include "tests/unit/mapping/mapping_helpers.h"

namespace latimer {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ReportRow Row(const std::string& name, double seconds = 1, const std::string& kind = "") {
  ReportRow row;
  row.name = name;
  row.seconds = seconds;
  row.kind = kind;
  return row;
}

ReportRow Names(std::vector<std::string> names, NameMeaning meaning = NameMeaning::kNodes) {
  ReportRow row = Row("row of the engine");
  row.original_names = std::move(names);
  row.meaning = meaning;
  return row;
}

ReportRow WithStatus(const std::string& name, RowStatus status) {
  ReportRow row = Row(name, 0);
  row.status = status;
  return row;
}

// Every layer and every executed row in exactly one place.
void CheckComplete(const Network& network, const std::vector<ReportRow>& rows, const ReportMatch& match) {
  std::multiset<LayerId> layers(match.free_layers.begin(), match.free_layers.end());
  layers.insert(match.unmatched_layers.begin(), match.unmatched_layers.end());
  std::multiset<int32_t> used(match.unmatched_rows.begin(), match.unmatched_rows.end());
  for (const MatchedUnit& unit : match.units) {
    EXPECT_FALSE(unit.layers.empty());
    EXPECT_FALSE(unit.rows.empty());
    layers.insert(unit.layers.begin(), unit.layers.end());
    used.insert(unit.rows.begin(), unit.rows.end());
  }
  EXPECT_EQ(layers.size(), network.layers.size());
  EXPECT_EQ(std::set<LayerId>(layers.begin(), layers.end()).size(), network.layers.size());
  std::multiset<int32_t> executed;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].status == RowStatus::kExecuted) executed.insert(static_cast<int32_t>(i));
  }
  EXPECT_EQ(used, executed);
}

// "conv relu @0 | pool @1,2": layers and rows of each unit, then "free: …", "layers: …", "rows: …" where there are any.
std::string Match(const std::string& layers, const std::vector<ReportRow>& rows) {
  const Network network = MakeNetwork(layers);
  const ReportMatch match = MatchReport(network, rows);
  CheckComplete(network, rows, match);
  std::vector<std::string> parts;
  for (const MatchedUnit& unit : match.units) {
    std::string text;
    for (LayerId layer : unit.layers) absl::StrAppend(&text, network.layers[layer].name, " ");
    for (size_t i = 0; i < unit.rows.size(); ++i) absl::StrAppend(&text, i == 0 ? "@" : ",", unit.rows[i]);
    parts.push_back(text);
  }
  auto add = [&](const char* title, const std::vector<int32_t>& ids, bool are_layers) {
    if (ids.empty()) return;
    std::string text = title;
    for (int32_t id : ids) absl::StrAppend(&text, " ", are_layers ? network.layers[id].name : absl::StrCat(id));
    parts.push_back(text);
  };
  add("free:", match.free_layers, true);
  add("layers:", match.unmatched_layers, true);
  add("rows:", match.unmatched_rows, false);
  return absl::StrJoin(parts, " | ");
}

// "a>b fused" for every edge, in order.
std::vector<std::string> Edges(const std::string& layers, const std::vector<ReportRow>& rows) {
  const Network network = MakeNetwork(layers);
  std::vector<std::string> edges;
  for (const EdgeFusion& edge : MatchReport(network, rows).edges) {
    const char* flag = edge.flag == FusionFlag::kFused      ? "fused"
                       : edge.flag == FusionFlag::kNotFused ? "not"
                                                            : "possibly";
    edges.push_back(
        absl::StrCat(network.layers[edge.producer].name, ">", network.layers[edge.consumer].name, " ", flag));
  }
  return edges;
}

std::string Relu(const std::string& name, const std::string& input) { return L(name, "RELU", {input}); }

std::string Add(const std::string& name, const std::string& a, const std::string& b) { return L(name, "ADD", {a, b}); }

TEST(GraphMatcher, ALayerWithoutARowRanWithItsProducer) {
  const std::string layers = Conv("conv", "x") + Relu("relu", "conv") + MaxPool("pool", "relu");
  EXPECT_EQ(Match(layers, {Row("conv"), Row("pool")}), "conv relu @0 | pool @1");
  EXPECT_THAT(Edges(layers, {Row("conv"), Row("pool")}), ElementsAre("conv>relu fused", "relu>pool not"));
  EXPECT_THAT(Edges(layers, {Row("conv"), Row("relu"), Row("pool")}), ElementsAre("conv>relu not", "relu>pool not"));
}

TEST(GraphMatcher, OptimizedOutRowsAreNoUnits) {
  const std::string layers = Conv("conv", "x") + Relu("relu", "conv");
  EXPECT_EQ(Match(layers, {WithStatus("relu", RowStatus::kOptimizedOut), Row("conv")}), "conv relu @1");
}

TEST(GraphMatcher, AFusedLayerOfSeveralInputsIsPossiblyFusedWithEach) {
  const std::string layers = Conv("a", "x") + Conv("b", "a") + Add("add", "a", "b") + Relu("relu", "add");
  const std::vector<ReportRow> rows = {Row("a"), Row("b")};
  EXPECT_EQ(Match(layers, rows), "a @0 | b add relu @1");
  EXPECT_THAT(Edges(layers, rows), ElementsAre("a>b not", "a>add possibly", "b>add possibly", "add>relu fused"));
}

TEST(GraphMatcher, AGroupThatTheReportNamesIsCertain) {
  const std::string layers = Conv("a", "x") + Conv("b", "a") + Add("add", "a", "b") + Relu("relu", "add");
  const std::vector<ReportRow> rows = {Row("a"), Names({"b", "add", "relu"})};
  EXPECT_EQ(Match(layers, rows), "a @0 | b add relu @1");
  EXPECT_THAT(Edges(layers, rows), ElementsAre("a>b not", "a>add not", "b>add fused", "add>relu fused"));
}

TEST(GraphMatcher, OutputsAreWalkedBack) {
  const std::string layers = Conv("a", "x") + Relu("ra", "a") + Conv("b", "ra") + L("sig", "SIGMOID", {"b"}) +
                             L("max", "MAX", {"b", "sig"}) + MaxPool("pool", "max");
  const std::vector<ReportRow> rows = {Names({"ra"}, NameMeaning::kOutputs), Names({"b"}, NameMeaning::kOutputs),
                                       Names({"max"}, NameMeaning::kOutputs), Names({"pool"}, NameMeaning::kOutputs)};
  EXPECT_EQ(Match(layers, rows), "a ra @0 | b @1 | sig max @2 | pool @3");
  EXPECT_THAT(Edges(layers, rows),
              ElementsAre("a>ra fused", "ra>b not", "b>sig not", "b>max not", "sig>max fused", "max>pool not"));
}

TEST(GraphMatcher, APartitionOfSeveralOutputsHasAllThatLeadsToThem) {
  const std::string layers = Conv("a", "x") + Relu("ra", "a") + Conv("b", "ra") + Conv("c", "ra") + Relu("rc", "c");
  EXPECT_EQ(Match(layers, {Names({"b", "rc"}, NameMeaning::kOutputs)}), "a ra b c rc @0");
}

TEST(GraphMatcher, GroupsEndAtTheirProduct) {
  // The first row has the product's name, the second that of its group's end; "ra" is the first one's.
  const std::string layers = Conv("a", "x") + Relu("ra", "a") + Conv("b", "ra") + Relu("rb", "b");
  const std::vector<ReportRow> rows = {Names({"a"}, NameMeaning::kNodes), Names({"rb"}, NameMeaning::kGroupEnd)};
  EXPECT_EQ(Match(layers, rows), "a ra @0 | b rb @1");
}

TEST(GraphMatcher, ALayerRunAsAProductTakesNothingThatIsNone) {
  // The engine runs the normalisation "bn" as a convolution of its own; the sum before it belongs to "b".
  const std::string layers =
      Conv("a", "x") + Conv("b", "x") + Add("add", "a", "b") + L("bn", "BATCH_NORM", {"add"}) + Relu("relu", "bn");
  const std::vector<ReportRow> rows = {Names({"a"}, NameMeaning::kNodes), Names({"b"}, NameMeaning::kNodes),
                                       Names({"bn"}, NameMeaning::kGroupEnd)};
  EXPECT_EQ(Match(layers, rows), "a @0 | b add @1 | bn relu @2");
}

TEST(GraphMatcher, RegionsAreWhatLiesBetween) {
  const std::string layers = Conv("a", "x") + Conv("b", "a") + Conv("c", "a") + Add("add", "b", "c") +
                             MaxPool("side", "a") + Relu("relu", "add");
  EXPECT_EQ(Match(layers, {Row("a"), Names({"b", "add"}, NameMeaning::kRegion), Row("c"), Row("side")}),
            "a @0 | b add relu @1 | c @2 | side @3");
  EXPECT_EQ(Match(layers, {Names({"a", "add"}, NameMeaning::kRegion), Row("side")}), "a b c add relu @0 | side @1");
}

TEST(GraphMatcher, NamesThatContinueANodesAreFurtherRowsOfItsUnit) {
  const std::string layers = Conv("net/conv", "x") + MaxPool("net/pool", "net/conv");
  const std::vector<ReportRow> rows = {Row("net/conv/Transpose", 0.25), Row("net/conv"), Row("net/pool/Pool", 2)};
  EXPECT_EQ(Match(layers, rows), "net/conv @1,0 | net/pool @2");
  const Network network = MakeNetwork(layers);
  const ReportMatch match = MatchReport(network, rows);
  EXPECT_EQ(match.units[0].seconds, 1.25);
  EXPECT_EQ(match.units[0].overhead_seconds, 0.25);
  EXPECT_EQ(match.units[1].basis, MatchBasis::kSimilar);
  EXPECT_EQ(match.units[1].overhead_seconds, 0);
}

TEST(GraphMatcher, EnginesDecorateNames) {
  const std::string layers = Conv("conv", "x") + L("fc", "SOFTMAX", {"conv"});
  EXPECT_EQ(Match(layers, {Row("fused conv"), Row("onnx_node!fc")}), "conv @0 | fc @1");
  EXPECT_EQ(Match(layers, {Row("conv_nchwc"), Row("fc:0")}), "conv @0 | fc @1");
}

TEST(GraphMatcher, PunctuationMayBeLost) {
  const std::string layers = Conv("block/conv:1", "x") + MaxPool("block/pool", "block/conv:1");
  EXPECT_EQ(Match(layers, {Row("block_conv_1"), Row("block_pool")}), "block/conv:1 @0 | block/pool @1");
}

TEST(GraphMatcher, CutNamesMeanTheHeaviestLayer) {
  const std::string layers = Conv("up_2/pad_conv", "x") + Relu("up_2/act", "up_2/pad_conv");
  EXPECT_EQ(Match(layers, {Row("up_2_*")}), "up_2/pad_conv up_2/act @0");
  EXPECT_EQ(Match(layers, {Row("...pad_conv")}), "up_2/pad_conv up_2/act @0");
}

TEST(GraphMatcher, OverheadBelongsToTheLayerItIsFor) {
  const std::string layers = Conv("conv", "x") + Relu("relu", "conv");
  EXPECT_EQ(Match(layers, {Names({"conv"}, NameMeaning::kOverhead), Row("conv")}), "conv relu @1,0");
  EXPECT_EQ(Match(layers, {Names({"relu"}, NameMeaning::kOverhead), Row("conv")}), "conv relu @1,0");
  EXPECT_EQ(Match(layers, {Names({"other"}, NameMeaning::kOverhead), Row("conv")}), "conv relu @1 | rows: 0");
}

TEST(GraphMatcher, ViewsAreFree) {
  const std::string layers = Conv("a", "x") + Conv("b", "x") + L("concat", "CONCAT", {"a", "b"}, "axis { axis: 1 }") +
                             L("flat", "RESHAPE", {"concat"}, "output_shape { shape { dims: [1, 32, 1024] } }") +
                             L("act", "SIGMOID", {"flat"});
  EXPECT_EQ(Match(layers, {Row("a"), Row("b"), Row("act")}), "a @0 | b @1 | act @2 | free: concat flat");
  EXPECT_THAT(Edges(layers, {Row("a"), Row("b"), Row("act")}), IsEmpty());
  // What reads a view without a row of its own ran where the view's data comes from.
  EXPECT_EQ(Match(layers, {Row("a"), Row("b")}), "a @0 | b act @1 | free: concat flat");
  // Copies have rows.
  EXPECT_EQ(Match(layers, {Row("a"), Row("b"), Row("concat"), Row("act")}),
            "a @0 | b @1 | concat @2 | act @3 | free: flat");
}

TEST(GraphMatcher, LayersThatWereNotRunAreFree) {
  const std::string layers = Conv("a", "x") + L("act", "SIGMOID", {"a"}) + Conv("b", "act");
  EXPECT_EQ(Match(layers, {WithStatus("act", RowStatus::kNotRun), Row("a"), Row("b")}), "a @1 | b @2 | free: act");
}

TEST(GraphMatcher, PaddingGoesForwards) {
  const std::string layers = Conv("a", "x") + L("pad", "PAD", {"a"}, "pad { begin: [0, 0, 1, 1] end: [0, 0, 1, 1] }") +
                             MaxPool("pool", "pad", 3, 2);
  EXPECT_EQ(Match(layers, {Row("a"), Row("pool")}), "a @0 | pad pool @1");
}

TEST(GraphMatcher, AConvolutionWithoutARowIsNotHidden) {
  const std::string layers = Conv("a", "x") + Conv("b", "a") + Relu("relu", "b");
  EXPECT_EQ(Match(layers, {Row("a")}), "a @0 | layers: b relu");
  // A row named by the activation is the convolution's.
  EXPECT_EQ(Match(layers, {Row("a"), Row("relu")}), "a @0 | b relu @1");
}

TEST(GraphMatcher, KindsInOrderBetweenMatchedRows) {
  const std::string layers = Conv("a", "x") + MaxPool("p", "a") + Conv("b", "p") + Relu("r", "b") + Conv("c", "r");
  EXPECT_EQ(Match(layers, {Row("?1", 1, "CONV_2D"), Row("?2", 1, "MAX_POOL_2D"), Row("?3", 1, "CONV_2D"),
                           Row("?4", 1, "CONV_2D")}),
            "a @0 | p @1 | b r @2 | c @3");
  EXPECT_EQ(Match(layers, {Row("a"), Row("p"), Row("?", 1, "Convolution"), Row("c")}), "a @0 | p @1 | b r @2 | c @3");
  // Two rows cannot stand for three layers, and then nothing is guessed.
  EXPECT_EQ(Match(layers, {Row("?1", 1, "CONV_2D"), Row("p"), Row("?3", 1, "CONV_2D")}),
            "a @0 | p @1 | layers: b r c | rows: 2");
}

TEST(GraphMatcher, ALayerIsNotFusedAwayWhileARowOfItsKindIsLeft) {
  const std::string layers = Conv("a", "x") + MaxPool("p", "a") + MaxPool("q", "p");
  EXPECT_EQ(Match(layers, {Row("a"), Row("?", 1, "Pooling")}), "a @0 | layers: p q | rows: 1");
  EXPECT_EQ(Match(layers, {Row("a")}), "a p q @0");
}

TEST(GraphMatcher, RowsThatNameOneLayerAddUp) {
  const std::string layers = Conv("a", "x");
  EXPECT_EQ(Match(layers, {Row("a", 1), Row("a", 2)}), "a @0,1");
  const Network network = MakeNetwork(layers);
  const ReportMatch match = MatchReport(network, std::vector<ReportRow>{Row("a", 1), Row("a", 2)});
  EXPECT_EQ(match.units[0].seconds, 3);
  EXPECT_EQ(match.units[0].overhead_seconds, 0);
}

TEST(GraphMatcher, TheShareIsOfExecutedTime) {
  const Network network = MakeNetwork(Conv("a", "x"));
  const ReportMatch match = MatchReport(network, std::vector<ReportRow>{Row("a", 3), Row("<Extra>", 1, "Convert")});
  EXPECT_EQ(match.executed_seconds, 4);
  EXPECT_EQ(match.MatchedShare(), 0.75);
  EXPECT_EQ(MatchReport(network, {}).MatchedShare(), 1);
  EXPECT_THAT(MatchReport(network, {}).unmatched_layers, ElementsAre(0));
}

TEST(GraphMatcher, NodesOfSimplifiedLayersAreKnown) {
  const std::string layers =
      Conv("conv", "x") + L("bn", "BATCH_NORM", {"conv"}, "constant_elements: 64") + Relu("relu", "bn");
  EXPECT_EQ(Match(layers, {Row("bn"), Row("relu")}), "conv @0 | relu @1");
}

TEST(GraphMatcher, LongAndStrangeNamesAreOnlyNotFound) {
  const std::string layers = Conv("a", "x");
  std::vector<ReportRow> rows = {Row(std::string(100'000, '/')),          Row("*"), Row("..."), Row(""), Row("_*"),
                                 Names({"", "///", std::string(1, '\0')})};
  EXPECT_EQ(Match(layers, rows), "layers: a | rows: 0 1 2 3 4 5");
}

}  // namespace
}  // namespace latimer
