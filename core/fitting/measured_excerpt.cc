#include "core/fitting/measured_excerpt.h"

#include <cmath>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"

namespace latimer::fitting {
namespace {

// In the words of engines: "Conv", "FusedConv", "Convolution", "Deconvolution", "Gemm", "FusedMatMul", "InnerProduct".
bool IsProductKind(absl::string_view kind) {
  for (absl::string_view word : {"Conv", "conv", "Gemm", "MatMul", "InnerProduct"}) {
    if (absl::StrContains(kind, word)) return true;
  }
  return false;
}

// A report that was imported, as its parser had it.
void AddImportedRows(const v1::Measurement& measurement, std::vector<ReportRow>& rows) {
  for (const v1::LayerTiming& layer : measurement.layers()) {
    if (!(layer.median_ms() >= 0) || !std::isfinite(layer.median_ms())) continue;
    ReportRow& row = rows.emplace_back();
    row.name = layer.name();
    row.kind = layer.operation();
    row.seconds = layer.median_ms() / 1e3;
    row.original_names.assign(layer.originals().begin(), layer.originals().end());
    if (layer.meaning() > v1::ROW_MEANING_NODES) {
      row.meaning = static_cast<NameMeaning>(static_cast<int>(layer.meaning()) - 1);
    }
    if (layer.status() > v1::ROW_STATUS_EXECUTED) {
      row.status = static_cast<RowStatus>(static_cast<int>(layer.status()) - 1);
    }
  }
}

}  // namespace

absl::StatusOr<ExcerptSample> MakeExcerpt(Network network, const v1::Measurement& measurement, double flushed_bytes) {
  if (!measurement.has_timing() || measurement.layers().empty()) {
    return absl::FailedPreconditionError("the measurement has no times per layer");
  }
  absl::flat_hash_map<absl::string_view, LayerType> types;
  for (const Layer& layer : network.layers) {
    for (absl::string_view node : layer.nodes) types.emplace(node, layer.type);
  }
  ExcerptSample sample;
  sample.seconds = measurement.timing().median_ms() / 1e3;
  sample.flushed_bytes = flushed_bytes;
  sample.pass_ns = measurement.timing().pass_ns();
  sample.rows_pass_ns = measurement.layers_pass_ns();
  if (measurement.has_imported_report()) {
    AddImportedRows(measurement, sample.rows);
    sample.network = std::move(network);
    return sample;
  }
  for (const v1::LayerTiming& layer : measurement.layers()) {
    const double ms = layer.middle_ms() > 0 ? layer.middle_ms() : layer.median_ms();
    if (!(ms > 0) || !std::isfinite(ms)) continue;  // engines list fused layers without time
    ReportRow row;
    row.name = layer.name();
    row.kind = layer.operation();
    row.seconds = ms / 1e3;
    if (layer.node().empty()) {
      row.meaning = NameMeaning::kOverhead;
    } else {
      row.original_names = {layer.node()};
      // A product under the name of what follows it: the row is called by the last layer of the fused group.
      const auto named = types.find(layer.node());
      if (named != types.end() && !IsProduct(named->second) && IsProductKind(layer.operation())) {
        row.meaning = NameMeaning::kGroupEnd;
      }
    }
    sample.rows.push_back(std::move(row));
  }
  sample.network = std::move(network);
  return sample;
}

}  // namespace latimer::fitting
