// The predicted execution graph as text and for Graphviz.
#include "cli/report/mapping_report.h"

#include <cctype>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cli/report/graph_lanes.h"
#include "cli/terminal/text_width.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace latimer::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string Lanes(const std::vector<GraphNode>& nodes, bool ascii = false, int most_lanes = 14) {
  std::string text;
  for (const std::string& row : DrawLanes(nodes, ascii, most_lanes)) absl::StrAppend(&text, row, "\n");
  return text;
}

TEST(GraphLanesTest, AChainIsOneLane) { EXPECT_EQ(Lanes({{{}, true}, {{0}}, {{1}}}), "○\n●\n●\n"); }

TEST(GraphLanesTest, AResultThatIsStillNeededKeepsItsLane) {
  EXPECT_EQ(Lanes({{}, {{0}}, {{1}}, {{0, 2}}, {{3}}}), "●\n├─●\n│ ●\n●─╯\n●\n");
  EXPECT_EQ(Lanes({{}, {{0}}, {{1}}, {{0, 2}}, {{3}}}, true), "*\n|-*\n| *\n*-'\n*\n");
}

TEST(GraphLanesTest, BranchesMeetInOneRow) {
  EXPECT_EQ(Lanes({{}, {{0}}, {{0}}, {{0}}, {{1, 2, 3}}}),
            "●\n├─●\n├─│─●\n● │ │\n"
            "●─┴─╯\n");
}

TEST(GraphLanesTest, ResultsNobodyReadsFreeTheirLaneAtOnce) { EXPECT_EQ(Lanes({{}, {}, {}}), "●\n●\n●\n"); }

TEST(GraphLanesTest, TooManyLanesAreNotDrawn) {
  std::vector<GraphNode> nodes(5);
  nodes.push_back({{0, 1, 2, 3, 4}});
  EXPECT_EQ(DrawLanes(nodes, false, 5).size(), 6u);
  EXPECT_THAT(DrawLanes(nodes, false, 4), IsEmpty());
}

TEST(GraphLanesTest, EdgesThatMakeNoSenseAreLeftOut) { EXPECT_EQ(Lanes({{{0, 1, -3}}, {{7}}}), "●\n●\n"); }

v1::UnitEstimate* AddUnit(v1::NetworkEstimate* estimate, const std::string& name, const std::vector<int>& inputs,
                          const std::vector<std::string>& nodes = {}) {
  v1::UnitEstimate* unit = estimate->add_units();
  unit->set_name(name);
  unit->set_unit_type("Conv");
  unit->add_nodes(name);
  for (const std::string& node : nodes) unit->add_nodes(node);
  unit->mutable_input_units()->Add(inputs.begin(), inputs.end());
  for (const int64_t dim : {1, 64, 56, 56}) {
    if (unit->output_shapes().empty()) unit->add_output_shapes();
    unit->mutable_output_shapes(0)->add_dims(dim);
  }
  unit->mutable_latency()->set_estimate_ms(1.5);
  unit->set_share(0.25);
  return unit;
}

// A residual block with a hostile name in it.
v1::NetworkEstimate Block() {
  v1::NetworkEstimate estimate;
  estimate.set_platform("platforms/toy-board");
  estimate.set_network("block");
  estimate.mutable_latency()->set_estimate_ms(6);
  AddUnit(&estimate, "/stem/conv/Conv", {}, {"/stem/relu/Relu"})->add_network_inputs("image");
  AddUnit(&estimate, "/block/a/Conv", {0});
  AddUnit(&estimate, "evil\"];\n} digraph \\n\x1b[2J", {1});
  AddUnit(&estimate, "/block/b/Conv", {0, 2}, {"/block/Add", "/block/Relu"})->add_network_outputs("scores");
  estimate.add_free_nodes("/head/Flatten");
  return estimate;
}

TEST(FusedNodesTest, SharedFoldersAreLeftOut) {
  const v1::NetworkEstimate block = Block();
  EXPECT_THAT(FusedNodes(block.units(0)), ElementsAre("relu/Relu"));
  EXPECT_THAT(FusedNodes(block.units(1)), IsEmpty());
  EXPECT_THAT(FusedNodes(block.units(3)), ElementsAre("Add", "Relu"));
}

TEST(MappingTextTest, ShowsUnitsFusionsAndEdgesWithinTheWidth) {
  for (const int width : {80, 100, 140}) {
    for (const bool ascii : {false, true}) {
      const std::string text = MappingText(Block(), {.width = width, .ascii = ascii});
      for (const absl::string_view line : absl::StrSplit(text, '\n')) EXPECT_LE(DisplayWidth(line), width) << line;
      EXPECT_THAT(text, Not(HasSubstr("\x1b")));
      EXPECT_THAT(text, HasSubstr("image"));
      EXPECT_THAT(text, HasSubstr("/block/b/Conv"));
      EXPECT_THAT(text, HasSubstr("/head/Flatten"));
      EXPECT_THAT(text, HasSubstr("3 nodes run together with another, 1 costs"));
    }
  }
  const std::string text = MappingText(Block(), {.width = 100});
  EXPECT_THAT(text, HasSubstr("+ Add + Relu"));
  EXPECT_THAT(text, HasSubstr("├─●"));
  EXPECT_THAT(text, HasSubstr("●─╯"));
  EXPECT_THAT(text, HasSubstr("1, 3"));
}

TEST(MappingTextTest, EmptyEstimatesAreShown) { EXPECT_THAT(MappingText({}, {.width = 80}), HasSubstr("0 units")); }

// A reader for the part of the dot language that is written here: statements of identifiers, quoted strings and
// attribute lists. Fails the test on anything else.
class DotReader {
 public:
  explicit DotReader(const std::string& text) : text_(text) { Read(); }

  std::map<std::string, std::map<std::string, std::string>> nodes;
  std::multimap<std::string, std::string> edges;
  bool good = true;

 private:
  void Fail(const std::string& why) {
    if (good) ADD_FAILURE() << why << " at " << at_ << ": " << text_.substr(at_, 60);
    good = false;
  }
  std::string Token() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    if (at_ == text_.size()) return "";
    const size_t start = at_;
    if (text_[at_] == '"') {
      for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
        if (text_[at_] == '\n') Fail("a line break in a string");
        if (text_[at_] == '\\') ++at_;
      }
      if (at_ >= text_.size()) Fail("a string without end");
      ++at_;
    } else if (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0) {
      while (at_ < text_.size() && std::isalnum(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    } else if (text_.compare(at_, 2, "->") == 0) {
      at_ += 2;
    } else {
      ++at_;
    }
    return text_.substr(start, at_ - start);
  }
  void Expect(const std::string& token, const std::string& wanted) {
    if (token != wanted) Fail(absl::StrCat("'", token, "' instead of '", wanted, "'"));
  }
  void Read() {
    Expect(Token(), "digraph");
    EXPECT_EQ(Token().front(), '"');
    Expect(Token(), "{");
    for (std::string id = Token(); good && id != "}"; id = Token()) {
      std::string next = Token();
      std::string to;
      if (next == "->") {
        to = Token();
        next = Token();
        edges.emplace(id, to);
      }
      std::map<std::string, std::string> attributes;
      if (next == "[") {
        for (next = ","; good && next == ","; next = Token()) {
          const std::string key = Token();
          Expect(Token(), "=");
          attributes[key] = Token();
        }
        Expect(next, "]");
        next = Token();
      }
      Expect(next, ";");
      if (to.empty()) nodes[id] = attributes;
    }
    Expect(Token(), "");
  }

  const std::string text_;
  size_t at_ = 0;
};

TEST(MappingDotTest, IsAGraphOfUnitsInputsAndOutputs) {
  const DotReader dot(MappingDot(Block()));
  ASSERT_TRUE(dot.good);
  std::set<std::string> ids;
  for (const auto& [id, attributes] : dot.nodes) ids.insert(id);
  EXPECT_THAT(ids, ElementsAre("edge", "graph", "input0", "node", "output0", "unit0", "unit1", "unit2", "unit3"));
  std::set<std::string> edges;
  for (const auto& [from, to] : dot.edges) {
    edges.insert(absl::StrCat(from, ">", to));
    EXPECT_TRUE(ids.count(from) == 1 && ids.count(to) == 1) << from << " " << to;
  }
  EXPECT_THAT(edges,
              ElementsAre("input0>unit0", "unit0>unit1", "unit0>unit3", "unit1>unit2", "unit2>unit3", "unit3>output0"));
  EXPECT_THAT(dot.nodes.at("unit3").at("label"), HasSubstr("+ Add\\n+ Relu"));
  EXPECT_THAT(dot.nodes.at("unit3").at("label"), HasSubstr("1.5"));
}

TEST(MappingDotTest, HostileNamesStayInTheirStrings) {
  v1::NetworkEstimate estimate = Block();
  estimate.set_network("\"] } graph \\");
  const DotReader dot(MappingDot(estimate));
  ASSERT_TRUE(dot.good);
  const std::string label = dot.nodes.at("unit2").at("label");
  EXPECT_THAT(label, HasSubstr("evil\\\"];"));
  EXPECT_THAT(label, HasSubstr("digraph \\\\n"));
  EXPECT_EQ(label.find('\x1b'), std::string::npos);
}

TEST(MappingDotTest, NothingIsAGraphToo) { EXPECT_TRUE(DotReader(MappingDot({})).good); }

}  // namespace
}  // namespace latimer::cli
