// trtexec's JSON exports.
#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "backends/reports/report_json.h"
#include "backends/reports/report_text.h"
#include "backends/reports/tensorrt.h"
#include "backends/reports/tensorrt_names.h"
#include "core/base/status_macros.h"

namespace latimer {
namespace {

using nlohmann::json;

constexpr size_t kMostNamesOfLayer = 4096;

Error BadElement(size_t index, absl::string_view field, absl::string_view message) {
  Error error = BadReport(0, field, absl::StrCat("element ", index, ": ", message));
  error.With("element", absl::StrCat(index));
  return error;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

// "[ONNX Layer: Conv_0]\x1E[ONNX Layer: Relu_1]"; the separators are control characters, taken as they are.
std::vector<std::string> NodesOfMetadata(const json& layer) {
  std::vector<std::string> nodes;
  const auto it = layer.find("Metadata");
  if (it == layer.end() || !it->is_string()) return nodes;
  constexpr absl::string_view kBegin = "[ONNX Layer: ";
  const absl::string_view text = it->get_ref<const std::string&>();
  for (absl::string_view entry : absl::StrSplit(text, absl::ByAnyChar("\x1E\x1F"))) {
    if (!absl::ConsumePrefix(&entry, kBegin) || !absl::ConsumeSuffix(&entry, "]")) continue;
    if (nodes.size() < kMostNamesOfLayer) nodes.push_back(CleanText(entry));
  }
  return nodes;
}

}  // namespace

absl::StatusOr<Report> ParseTensorRtProfile(absl::string_view bytes) {
  LATIMER_ASSIGN_OR_RETURN(const json document, ReadReportJson(bytes));
  if (!document.is_array() || document.empty()) {
    return BadReport(0, "", "a profile is an array: first the count of inferences, then the layers");
  }
  Report report;
  const std::optional<double> count = JsonAmount(document[0], "count");
  if (!count.has_value() || *count < 1) return BadElement(0, "count", "it is missing, or no count of inferences");
  report.profiled_inferences = static_cast<int64_t>(*count);
  for (size_t i = 1; i < document.size(); ++i) {
    const json& layer = document[i];
    ReportRow row;
    row.name = JsonText(layer, "name");
    if (row.name.empty()) return BadElement(i, "name", "it is missing or empty");
    const std::optional<double> average = JsonAmount(layer, "averageMs");
    const std::optional<double> total = JsonAmount(layer, "timeMs");
    if (!average.has_value() && !total.has_value()) {
      return BadElement(i, "averageMs", "neither this nor timeMs is a time");
    }
    row.seconds = average.has_value() ? *average * kMilli : *total * kMilli / *count;
    if (const std::optional<double> median = JsonAmount(layer, "medianMs")) {
      row.facts.emplace_back("median_seconds", *median * kMilli);
    }
    ReadTensorRtName(&row);
    LATIMER_RETURN_IF_ERROR(AppendRow(std::move(row), &report));
  }
  if (report.rows.empty()) return BadReport(0, "name", "the profile has no layers");
  JoinDlaRows(&report.rows);
  return report;
}

absl::StatusOr<Report> ParseTensorRtTimes(absl::string_view bytes) {
  LATIMER_ASSIGN_OR_RETURN(const json document, ReadReportJson(bytes));
  if (!document.is_array() || document.empty()) return BadReport(0, "", "times are an array with one object each");
  Report report;
  std::vector<double>& samples = report.latency.samples;
  samples.reserve(document.size());
  double sum = 0;
  double with_transfers = 0;
  for (size_t i = 0; i < document.size(); ++i) {
    const std::optional<double> compute = JsonAmount(document[i], "computeMs");
    if (!compute.has_value()) return BadElement(i, "computeMs", "it is missing or no time");
    const std::optional<double> latency = JsonAmount(document[i], "latencyMs");
    if (!latency.has_value()) return BadElement(i, "latencyMs", "it is missing or no time");
    samples.push_back(*compute * kMilli);
    sum += samples.back();
    with_transfers += *latency * kMilli;
  }
  const double count = static_cast<double>(samples.size());
  report.latency.count = static_cast<int64_t>(samples.size());
  report.latency.mean = sum / count;
  report.latency.min = *std::min_element(samples.begin(), samples.end());
  report.latency.max = *std::max_element(samples.begin(), samples.end());
  report.latency.median = Median(samples);
  report.facts["mean_seconds_with_transfers"] = absl::StrCat(with_transfers / count);
  return report;
}

absl::StatusOr<std::vector<TensorRtLayer>> ParseTensorRtLayers(absl::string_view bytes) {
  LATIMER_ASSIGN_OR_RETURN(const json document, ReadReportJson(bytes));
  const auto layers = document.is_object() ? document.find("Layers") : document.end();
  if (layers == document.end() || !layers->is_array()) return BadReport(0, "Layers", "it is missing or no array");
  if (layers->size() > kMaxReportRows) {
    return ResourceExhausted("REPORT_TOO_LARGE", absl::StrCat("there are more than ", kMaxReportRows, " layers"));
  }
  std::vector<TensorRtLayer> result;
  for (size_t i = 0; i < layers->size(); ++i) {
    const json& source = (*layers)[i];
    TensorRtLayer layer;
    if (source.is_string()) {
      layer.name = CleanText(source.get_ref<const std::string&>(), 65536);
    } else if (source.is_object()) {
      layer.name = JsonText(source, "Name");
      layer.type = JsonText(source, "LayerType");
      layer.tactic = JsonText(source, "TacticName");
      layer.nodes = NodesOfMetadata(source);
      const auto outputs = source.find("Outputs");
      if (outputs != source.end() && outputs->is_array()) {
        for (const json& output : *outputs) {
          std::string name = JsonText(output, "Name");
          if (!name.empty() && layer.outputs.size() < kMostNamesOfLayer) layer.outputs.push_back(std::move(name));
        }
      }
    } else {
      return BadElement(i, "Layers", "it is neither a name nor an object");
    }
    if (layer.name.empty()) return BadElement(i, "Name", "it is missing or empty");
    result.push_back(std::move(layer));
  }
  return result;
}

absl::Status AddTensorRtLayers(const std::vector<TensorRtLayer>& layers, Report* profile) {
  absl::flat_hash_map<absl::string_view, const TensorRtLayer*> by_name;
  for (const TensorRtLayer& layer : layers) by_name.emplace(layer.name, &layer);
  size_t found = 0;
  for (size_t i = 0; i < profile->rows.size(); ++i) {
    ReportRow& row = profile->rows[i];
    const TensorRtLayer* layer = nullptr;
    if (i < layers.size() && layers[i].name == row.name) {
      layer = &layers[i];
    } else if (const auto it = by_name.find(row.name); it != by_name.end()) {
      layer = it->second;
    }
    if (layer == nullptr) continue;
    ++found;
    row.kind = layer->type;
    row.kernel = layer->tactic;
    if (row.meaning == NameMeaning::kOverhead || row.meaning == NameMeaning::kRegion) continue;
    if (!layer->nodes.empty()) {
      row.original_names = layer->nodes;
    } else if (absl::StartsWith(row.name, "__myl") && !layer->outputs.empty()) {
      row.original_names = layer->outputs;
      row.meaning = NameMeaning::kOutputs;
    }
  }
  if (found > 0 || profile->rows.empty()) return absl::OkStatus();
  return BadReport(0, "Name", "no layer of the engine has a row in the profile: they belong to different engines");
}

}  // namespace latimer
