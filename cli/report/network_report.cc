#include "cli/report/network_report.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "cli/format/csv.h"
#include "cli/format/numbers.h"
#include "cli/report/estimate_report.h"
#include "cli/terminal/style.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text_width.h"

namespace latimer::cli {
namespace {

std::string TypeWord(v1::LayerType type) {
  absl::string_view name = v1::LayerType_Name(type);
  absl::ConsumePrefix(&name, "LAYER_TYPE_");
  return absl::AsciiStrToLower(name);
}

template <typename Dims>
std::string Sizes(const Dims& dims) {
  return absl::StrJoin(dims, "x");
}

// "3x3 /2 g32": window, stride and groups where they matter.
std::string WindowText(const v1::LayerDescription& layer) {
  std::string text;
  auto stride = [](const auto& dims) {
    return std::all_of(dims.begin(), dims.end(), [](int64_t d) { return d == 1; })
               ? std::string()
               : absl::StrCat(" /", std::all_of(dims.begin(), dims.end(), [&](int64_t d) { return d == dims[0]; })
                                        ? absl::StrCat(dims[0])
                                        : Sizes(dims));
  };
  if (layer.has_conv()) {
    text = Sizes(layer.conv().kernel()) + stride(layer.conv().stride());
    if (layer.conv().groups() > 1) absl::StrAppend(&text, " g", layer.conv().groups());
  } else if (layer.has_pool()) {
    text = Sizes(layer.pool().kernel()) + stride(layer.pool().stride());
  }
  return text;
}

std::string Tensors(const google::protobuf::RepeatedPtrField<v1::NetworkInput>& tensors, const Terminal& terminal) {
  return absl::StrJoin(tensors, ", ", [&](std::string* out, const v1::NetworkInput& tensor) {
    absl::StrAppend(out, Printable(tensor.name(), terminal.ascii), " ", FormatShape(tensor.shape()));
  });
}

}  // namespace

std::string NetworkReport(const v1::DescribeNetworkResponse& network, const Terminal& terminal) {
  std::string text =
      absl::StrCat(Paint(Printable(network.name(), terminal.ascii), Style::kTitle, terminal.color), "\n\n");
  Table table({{.title = "#", .align = Align::kRight},
               {.title = "layer", .shorten = Shorten::kMiddle, .min_width = 16},
               {.title = "type"},
               {.title = "window", .drop = 5},
               {.title = "input", .drop = 3},
               {.title = "output", .drop = 1},
               {.title = "MAC", .align = Align::kRight},
               {.title = "params", .align = Align::kRight, .drop = 2},
               {.title = "", .shorten = Shorten::kBar, .min_width = 4, .max_width = 12, .drop = 6}});
  int64_t most = 1;
  for (const v1::LayerDescription& layer : network.layers()) most = std::max(most, layer.macs());
  for (int i = 0; i < network.layers_size(); ++i) {
    const v1::LayerDescription& layer = network.layers(i);
    Cell name{layer.name()};
    if (layer.nodes_size() > 1) name.suffix = absl::StrCat(" +", layer.nodes_size() - 1);
    Cell bar;
    bar.bar = static_cast<double>(layer.macs()) / static_cast<double>(most);
    table.AddRow({{absl::StrCat(i + 1)},
                  name,
                  {TypeWord(layer.type())},
                  {WindowText(layer)},
                  {layer.input_shapes_size() > 0 ? FormatShape(layer.input_shapes(0)) : ""},
                  {layer.output_shapes_size() > 0 ? FormatShape(layer.output_shapes(0)) : ""},
                  {layer.macs() > 0 ? FormatSi(static_cast<double>(layer.macs()), "") : ""},
                  {layer.params() > 0 ? FormatSi(static_cast<double>(layer.params()), "") : ""},
                  bar});
  }
  text += table.Render(terminal);
  absl::StrAppend(&text, "\ninputs    ", Tensors(network.inputs(), terminal), "\noutputs   ",
                  Tensors(network.outputs(), terminal), "\nwork      ",
                  FormatSi(static_cast<double>(network.macs()), "MAC"), " (", network.macs(), ") in ",
                  network.layers_size(), " layers from ", network.source_node_count(), " nodes\nparams    ",
                  FormatSi(static_cast<double>(network.params()), ""), " (", network.params(), ")\nmemory    ",
                  FormatBytes(static_cast<double>(network.memory().weight_bytes())), " of weights, ",
                  FormatBytes(static_cast<double>(network.memory().peak_activation_bytes())),
                  " of activations at most\n", WarningLines(network.warnings(), terminal));
  return text;
}

std::string NetworkSummary(const std::vector<std::pair<std::string, v1::DescribeNetworkResponse>>& networks,
                           const Terminal& terminal) {
  Table table({{.title = "network", .shorten = Shorten::kMiddle, .min_width = 16},
               {.title = "input", .drop = 3},
               {.title = "layers", .align = Align::kRight},
               {.title = "MAC", .align = Align::kRight},
               {.title = "params", .align = Align::kRight},
               {.title = "weights", .align = Align::kRight, .drop = 4},
               {.title = "activations", .align = Align::kRight, .drop = 5},
               {.title = "warnings", .align = Align::kRight, .drop = 2}});
  for (const auto& [file, network] : networks) {
    table.AddRow({{network.name().empty() ? file : network.name()},
                  {network.inputs_size() > 0 ? FormatShape(network.inputs(0).shape()) : ""},
                  {absl::StrCat(network.layers_size())},
                  {FormatSi(static_cast<double>(network.macs()), "")},
                  {FormatSi(static_cast<double>(network.params()), "")},
                  {FormatBytes(static_cast<double>(network.memory().weight_bytes()))},
                  {FormatBytes(static_cast<double>(network.memory().peak_activation_bytes()))},
                  {network.warnings_size() == 0 ? "" : absl::StrCat(network.warnings_size()), Style::kWarning}});
  }
  return table.Render(terminal);
}

std::string NetworkCsvHeader() {
  return CsvRow({"file", "network", "layer", "name", "type", "nodes", "input_shape", "output_shape", "kernel", "stride",
                 "groups", "macs", "params"});
}

std::string NetworkCsvRows(const std::string& file, const v1::DescribeNetworkResponse& network) {
  std::string text;
  for (int i = 0; i < network.layers_size(); ++i) {
    const v1::LayerDescription& layer = network.layers(i);
    const auto& kernel = layer.has_conv() ? layer.conv().kernel() : layer.pool().kernel();
    const auto& stride = layer.has_conv() ? layer.conv().stride() : layer.pool().stride();
    text += CsvRow({file, network.name(), absl::StrCat(i + 1), layer.name(), TypeWord(layer.type()),
                    absl::StrJoin(layer.nodes(), " "),
                    layer.input_shapes_size() > 0 ? FormatShape(layer.input_shapes(0)) : "",
                    layer.output_shapes_size() > 0 ? FormatShape(layer.output_shapes(0)) : "", Sizes(kernel),
                    Sizes(stride), layer.has_conv() ? absl::StrCat(layer.conv().groups()) : "",
                    absl::StrCat(layer.macs()), absl::StrCat(layer.params())});
  }
  return text;
}

}  // namespace latimer::cli
