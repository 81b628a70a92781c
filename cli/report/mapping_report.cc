#include "cli/report/mapping_report.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "cli/format/numbers.h"
#include "cli/report/graph_lanes.h"
#include "cli/terminal/style.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text_width.h"
#include "cli/terminal/wrap.h"

namespace latimer::cli {
namespace {

constexpr int kMostFreeNodes = 8;
constexpr int kLabelWidth = 10;
constexpr double kHotShare = 0.1;

// What follows the folders `name` shares with `primary`.
std::string BelowSharedFolders(const std::string& name, const std::string& primary) {
  size_t keep = 0;
  for (size_t i = 0; i < std::min(name.size(), primary.size()) && name[i] == primary[i]; ++i) {
    if (name[i] == '/') keep = i + 1;
  }
  return name.substr(keep);
}

// "relu" of "block/0/relu": the whole path is in JSON.
std::string LastPart(const std::string& name) {
  const size_t slash = name.find_last_of('/');
  return slash == std::string::npos || slash + 1 == name.size() ? name : name.substr(slash + 1);
}

std::string Reads(const v1::UnitEstimate& unit, int index, bool drawn) {
  // A chain says itself what it reads.
  const bool chain =
      index == 0 ? unit.network_inputs_size() == 1
                 : unit.network_inputs().empty() && unit.input_units_size() == 1 && unit.input_units(0) == index - 1;
  if (drawn && chain) return "";
  std::vector<std::string> words(unit.network_inputs().begin(), unit.network_inputs().end());
  for (const int input : unit.input_units()) words.push_back(absl::StrCat(input + 1));
  return absl::StrJoin(words, ", ");
}

}  // namespace

std::vector<std::string> FusedNodes(const v1::UnitEstimate& unit) {
  std::vector<std::string> fused;
  bool primary = false;
  for (const std::string& node : unit.nodes()) {
    if (!primary && node == unit.name()) {
      primary = true;
      continue;
    }
    const std::string below = BelowSharedFolders(node, unit.name());
    fused.push_back(below.empty() ? node : below);
  }
  return fused;
}

std::string MappingText(const v1::NetworkEstimate& estimate, const Terminal& terminal) {
  std::vector<GraphNode> nodes;
  std::map<std::string, int> sources;  // network inputs, in order of their first reader
  std::vector<std::string> source_names;
  for (const v1::UnitEstimate& unit : estimate.units()) {
    for (const std::string& input : unit.network_inputs()) {
      if (!sources.emplace(input, static_cast<int>(nodes.size())).second) continue;
      nodes.push_back({{}, true});
      source_names.push_back(input);
    }
  }
  const int first_unit = static_cast<int>(nodes.size());
  for (const v1::UnitEstimate& unit : estimate.units()) {
    GraphNode& node = nodes.emplace_back();
    for (const int input : unit.input_units()) node.inputs.push_back(first_unit + input);
    for (const std::string& input : unit.network_inputs()) node.inputs.push_back(sources[input]);
  }
  const std::vector<std::string> lanes = DrawLanes(nodes, terminal.ascii);
  const auto lane = [&](int node) { return lanes.empty() ? std::string() : lanes[static_cast<size_t>(node)]; };

  double longest = 0;
  for (const v1::UnitEstimate& unit : estimate.units()) longest = std::max(longest, unit.latency().estimate_ms());
  const int decimals = DecimalsFor(longest, 4);
  Table table({{.title = "#", .align = Align::kRight},
               {.title = lanes.empty() ? "" : "graph", .gap = lanes.empty() ? 0 : 2},
               {.title = "unit", .shorten = Shorten::kMiddle, .min_width = 18},
               {.title = "type"},
               {.title = "runs with it", .shorten = Shorten::kEnd, .min_width = 12, .drop = 2},
               {.title = "output", .align = Align::kRight, .drop = 3},
               {.title = "ms", .align = Align::kRight},
               {.title = "share", .align = Align::kRight, .drop = 4},
               {.title = "reads", .shorten = Shorten::kEnd, .min_width = 6, .drop = 1}});
  for (size_t i = 0; i < source_names.size(); ++i) {
    table.AddRow({{""}, {lane(static_cast<int>(i))}, {source_names[i]}, {"input"}}, Style::kDim);
  }
  for (int i = 0; i < estimate.units_size(); ++i) {
    const v1::UnitEstimate& unit = estimate.units(i);
    std::vector<std::string> fused = FusedNodes(unit);
    std::transform(fused.begin(), fused.end(), fused.begin(), LastPart);
    Cell name{unit.name()};
    if (unit.network_outputs_size() > 0) name.suffix = terminal.ascii ? " -> output" : " → output";
    table.AddRow({{absl::StrCat(i + 1)},
                  {lane(first_unit + i)},
                  name,
                  {unit.unit_type()},
                  {fused.empty() ? "" : absl::StrCat("+ ", absl::StrJoin(fused, " + "))},
                  {unit.output_shapes_size() > 0 ? FormatShape(unit.output_shapes(0)) : ""},
                  {FormatFixed(unit.latency().estimate_ms(), decimals)},
                  {FormatPercent(unit.share())},
                  {Reads(unit, i, !lanes.empty()), Style::kDim}},
                 unit.share() >= kHotShare ? Style::kWarm : Style::kPlain);
  }
  std::string text =
      absl::StrCat(Paint(absl::StrCat(Printable(estimate.network(), terminal.ascii), " as ",
                                      Printable(absl::StripPrefix(estimate.platform(), "platforms/"), terminal.ascii),
                                      " is predicted to run it"),
                         Style::kTitle, terminal.color),
                   estimate.simulated() ? Paint("   SIMULATED board", Style::kWarning, terminal.color) : "", "\n\n",
                   table.Render(terminal), "\n");
  int64_t fused = 0;
  for (const v1::UnitEstimate& unit : estimate.units()) fused += static_cast<int64_t>(FusedNodes(unit).size());
  const auto labelled = [&](absl::string_view label, absl::string_view line) {
    text += WrapHanging(Printable(line, terminal.ascii), PadRight(label, kLabelWidth), terminal.width);
  };
  labelled("total",
           absl::StrCat(FormatMs(estimate.latency().estimate_ms()), " in ", estimate.units_size(),
                        estimate.units_size() == 1 ? " unit" : " units", "; ", fused,
                        fused == 1 ? " node runs" : " nodes run", " together with another, ",
                        estimate.free_nodes_size(), estimate.free_nodes_size() == 1 ? " costs" : " cost", " nothing"));
  if (estimate.free_nodes_size() > 0) {
    const int shown = std::min(kMostFreeNodes, estimate.free_nodes_size());
    std::string names = absl::StrJoin(estimate.free_nodes().begin(), estimate.free_nodes().begin() + shown, ", ");
    if (shown < estimate.free_nodes_size()) {
      absl::StrAppend(&names, " and ", estimate.free_nodes_size() - shown, " more");
    }
    labelled("free", names);
  }
  if (lanes.empty() && estimate.units_size() > 0) labelled("graph", "too wide to be drawn; the dot form shows it");
  return text;
}

}  // namespace latimer::cli
