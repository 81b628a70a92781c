#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "cli/format/numbers.h"
#include "cli/report/mapping_report.h"
#include "cli/terminal/text_width.h"

namespace latimer::cli {
namespace {

// A quoted string of the dot language. In labels a backslash begins an escape sequence, so that one in a name is
// doubled; "\n" comes from here alone.
std::string Quoted(const std::vector<std::string>& lines) {
  std::string text = "\"";
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) text += "\\n";
    for (const char c : Printable(lines[i])) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
  }
  return text + "\"";
}

// White to orange as the share of the latency grows; hue, saturation, value.
std::string Fill(double share) {
  return absl::StrFormat("\"0.08 %.3f 1.000\"", 0.9 * std::min(1.0, std::max(0.0, share) * 4));
}

}  // namespace

std::string MappingDot(const v1::NetworkEstimate& estimate) {
  const std::string platform(absl::StripPrefix(estimate.platform(), "platforms/"));
  std::string text = absl::StrCat("digraph ", Quoted({absl::StrCat(estimate.network(), " on ", platform)}), " {\n");
  absl::StrAppend(
      &text, "  graph [rankdir=TB, labelloc=t, fontname=\"Helvetica\", label=",
      Quoted({absl::StrCat(estimate.network(), " on ", platform, estimate.simulated() ? " (simulated board)" : ""),
              absl::StrCat(FormatMs(estimate.latency().estimate_ms()), ", ", estimate.units_size(), " units, model ",
                           estimate.model_version())}),
      "];\n");
  text += "  node [shape=box, style=\"filled,rounded\", fillcolor=white, fontname=\"Helvetica\", fontsize=10];\n";
  text += "  edge [fontname=\"Helvetica\", fontsize=8, color=\"#666666\"];\n";
  std::map<std::string, int> inputs;
  std::map<std::string, int> outputs;
  for (const v1::UnitEstimate& unit : estimate.units()) {
    for (const std::string& name : unit.network_inputs()) inputs.emplace(name, static_cast<int>(inputs.size()));
    for (const std::string& name : unit.network_outputs()) outputs.emplace(name, static_cast<int>(outputs.size()));
  }
  for (const auto& [name, index] : inputs) {
    absl::StrAppend(&text, "  input", index, " [shape=ellipse, style=solid, label=", Quoted({name}), "];\n");
  }
  for (int i = 0; i < estimate.units_size(); ++i) {
    const v1::UnitEstimate& unit = estimate.units(i);
    std::vector<std::string> lines = {unit.name()};
    for (const std::string& fused : FusedNodes(unit)) lines.push_back("+ " + fused);
    lines.push_back(absl::StrCat(unit.unit_type(), "  ", FormatMs(unit.latency().estimate_ms()), " (",
                                 FormatPercent(unit.share()), ")"));
    absl::StrAppend(&text, "  unit", i, " [label=", Quoted(lines), ", fillcolor=", Fill(unit.share()), "];\n");
  }
  for (const auto& [name, index] : outputs) {
    absl::StrAppend(&text, "  output", index, " [shape=ellipse, style=solid, label=", Quoted({name}), "];\n");
  }
  for (int i = 0; i < estimate.units_size(); ++i) {
    const v1::UnitEstimate& unit = estimate.units(i);
    for (const std::string& name : unit.network_inputs()) {
      absl::StrAppend(&text, "  input", inputs[name], " -> unit", i, ";\n");
    }
    for (const int from : unit.input_units()) {
      if (from < 0 || from >= estimate.units_size()) continue;
      const v1::UnitEstimate& producer = estimate.units(from);
      absl::StrAppend(&text, "  unit", from, " -> unit", i);
      if (producer.output_shapes_size() == 1) {
        absl::StrAppend(&text, " [label=", Quoted({FormatShape(producer.output_shapes(0))}), "]");
      }
      text += ";\n";
    }
    for (const std::string& name : unit.network_outputs()) {
      absl::StrAppend(&text, "  unit", i, " -> output", outputs[name], ";\n");
    }
  }
  return text + "}\n";
}

}  // namespace latimer::cli
