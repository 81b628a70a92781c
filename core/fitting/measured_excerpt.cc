#include "core/fitting/measured_excerpt.h"

#include <cmath>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"

namespace latimer::fitting {
namespace {

bool IsProduct(LayerType type) {
  return IsConvolution(type) || type == LayerType::kFullyConnected || type == LayerType::kMatMul;
}

// In the words of engines: "Conv", "FusedConv", "Convolution", "Deconvolution", "Gemm", "FusedMatMul", "InnerProduct".
bool IsProductKind(absl::string_view kind) {
  for (absl::string_view word : {"Conv", "conv", "Gemm", "MatMul", "InnerProduct"}) {
    if (absl::StrContains(kind, word)) return true;
  }
  return false;
}

// Work of the engine's own is charged to the layer it is done for: the one after it, or, where it brings a result back
// into the usual layout, the one before.
void AttachOverhead(std::vector<ReportRow>& rows) {
  const auto named = [&](size_t i) { return i < rows.size() && rows[i].meaning != NameMeaning::kOverhead; };
  for (size_t i = 0; i < rows.size(); ++i) {
    if (named(i)) continue;
    size_t before = i;
    while (before < rows.size() && !named(before)) --before;  // wraps around at the first row
    size_t after = i;
    while (after < rows.size() && !named(after)) ++after;
    const bool brings_back = absl::StrContains(rows[i].kind, "Output");
    const size_t to = (brings_back || !named(after)) && named(before) ? before : after;
    if (named(to)) rows[i].original_names = rows[to].original_names;
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
        row.meaning = NameMeaning::kOutputs;
      }
    }
    sample.rows.push_back(std::move(row));
  }
  AttachOverhead(sample.rows);
  sample.network = std::move(network);
  return sample;
}

}  // namespace latimer::fitting
