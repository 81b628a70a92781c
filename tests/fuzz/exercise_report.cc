// Reports of toolchains: every parser on the same bytes, and the graph matcher on what they read.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "absl/strings/str_cat.h"
#include "backends/reports/openvino.h"
#include "backends/reports/tensorrt.h"
#include "backends/reports/tflite.h"
#include "backends/reports/vela.h"
#include "backends/reports/vitis_ai.h"
#include "core/base/status_macros.h"
#include "core/base/utf8.h"
#include "core/mapping/graph_matcher.h"
#include "core/network/annette/annette_import.h"
#include "tests/fuzz/exercise.h"

namespace latimer::fuzz {
namespace {

absl::Status Broken(absl::string_view promise, absl::string_view detail) {
  return absl::InternalError(absl::StrCat(promise, ": ", detail));
}

// x -> conv -> relu -> pool -> fc, with a branch: names that the seeds use.
const Network& SmallNetwork() {
  static const Network* const kNetwork = [] {
    absl::StatusOr<Network> network = ImportAnnetteJson(R"({"name": "small", "layers": {
        "x": {"type": "DataInput", "parents": [], "children": ["conv"], "output_shape": [1, 8, 8, 4]},
        "conv": {"type": "Conv", "parents": ["x"], "children": ["relu", "add"], "kernel_shape": [3, 3, 4, 4],
                 "strides": [1, 1, 1, 1], "pads": [0, 1, 1, 0, 0, 1, 1, 0], "input_shape": [1, 8, 8, 4],
                 "output_shape": [1, 8, 8, 4]},
        "relu": {"type": "Relu", "parents": ["conv"], "children": ["add"], "output_shape": [1, 8, 8, 4]},
        "add": {"type": "Add", "parents": ["conv", "relu"], "children": ["fc"], "output_shape": [1, 8, 8, 4]},
        "fc": {"type": "Softmax", "parents": ["add"], "children": [], "output_shape": [1, 8, 8, 4]}}})");
    if (!network.ok()) {
      std::fprintf(stderr, "%s\n", network.status().ToString().c_str());
      std::abort();
    }
    return new Network(*std::move(network));
  }();
  return *kNetwork;
}

bool IsTime(double seconds) { return std::isfinite(seconds) && seconds >= 0; }

absl::Status CheckRow(const ReportRow& row) {
  if (!IsTime(row.seconds) || (row.start_seconds.has_value() && !std::isfinite(*row.start_seconds))) {
    return Broken("times of rows are finite and not negative", absl::StrCat(row.seconds));
  }
  for (const std::string* text : {&row.name, &row.kind, &row.kernel}) {
    if (!IsValidUtf8(*text)) return Broken("text of rows is UTF-8", *text);
  }
  for (const auto& [key, value] : row.facts) {
    if (!std::isfinite(value)) return Broken("facts of rows are finite", key);
  }
  return absl::OkStatus();
}

absl::Status CheckMatch(const std::vector<ReportRow>& rows) {
  const Network& network = SmallNetwork();
  const ReportMatch match = MatchReport(network, rows);
  std::vector<int> layers(network.layers.size(), 0);
  std::vector<int> used(rows.size(), 0);
  for (const MatchedUnit& unit : match.units) {
    if (unit.layers.empty() || unit.rows.empty()) return Broken("units have layers and rows", "");
    for (LayerId layer : unit.layers) ++layers[layer];
    for (int32_t row : unit.rows) ++used[row];
    if (!IsTime(unit.seconds) || unit.overhead_seconds > unit.seconds * (1 + 1e-9)) {
      return Broken("units' times make sense", absl::StrCat(unit.seconds));
    }
  }
  for (LayerId layer : match.free_layers) ++layers[layer];
  for (LayerId layer : match.unmatched_layers) ++layers[layer];
  for (int32_t row : match.unmatched_rows) ++used[row];
  for (int times : layers) {
    if (times != 1) return Broken("every layer is in one place", absl::StrCat(times));
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    if (used[i] != (rows[i].status == RowStatus::kExecuted ? 1 : 0)) {
      return Broken("every executed row is in one place", absl::StrCat("row ", i));
    }
  }
  if (match.MatchedShare() < 0 || match.MatchedShare() > 1 + 1e-9) {
    return Broken("shares are shares", absl::StrCat(match.MatchedShare()));
  }
  return absl::OkStatus();
}

absl::Status Check(const Report& report) {
  for (const ReportRow& row : report.rows) LATIMER_RETURN_IF_ERROR(CheckRow(row));
  const Latency& latency = report.latency;
  for (const std::optional<double>& value :
       {report.stated, latency.min, latency.max, latency.mean, latency.median, latency.first}) {
    if (value.has_value() && !IsTime(*value)) return Broken("a report's times are finite", absl::StrCat(*value));
  }
  for (const auto& [key, value] : report.facts) {
    if (!IsValidUtf8(key) || !IsValidUtf8(value)) return Broken("facts are UTF-8", key);
  }
  return CheckMatch(report.rows);
}

absl::Status Check(const absl::StatusOr<Report>& report) {
  return report.ok() ? Check(*report) : CheckRefusal(report.status());
}

absl::Status Check(const absl::StatusOr<std::vector<Report>>& reports) {
  if (!reports.ok()) return CheckRefusal(reports.status());
  if (reports->empty()) return Broken("a report that was read is there", "");
  for (const Report& report : *reports) LATIMER_RETURN_IF_ERROR(Check(report));
  return absl::OkStatus();
}

absl::Status CheckLayers(absl::string_view bytes) {
  const absl::StatusOr<std::vector<TensorRtLayer>> layers = ParseTensorRtLayers(bytes);
  if (!layers.ok()) return CheckRefusal(layers.status());
  Report report;
  for (const char* name : {"conv", "pool", "__myl_x"}) {
    report.rows.emplace_back();
    report.rows.back().name = name;
  }
  if (const absl::Status added = AddTensorRtLayers(*layers, &report); !added.ok()) {
    LATIMER_RETURN_IF_ERROR(CheckRefusal(added));
  }
  return Check(report);
}

}  // namespace

absl::Status ExerciseReport(absl::string_view bytes) {
  LATIMER_RETURN_IF_ERROR(Check(ParseOpenVinoCounters(bytes)));
  LATIMER_RETURN_IF_ERROR(Check(ParseOpenVinoSummary(bytes)));
  LATIMER_RETURN_IF_ERROR(Check(ParseOpenVinoConsole(bytes)));
  LATIMER_RETURN_IF_ERROR(Check(ParseTensorRtProfile(bytes)));
  LATIMER_RETURN_IF_ERROR(Check(ParseTensorRtTimes(bytes)));
  LATIMER_RETURN_IF_ERROR(CheckLayers(bytes));
  LATIMER_RETURN_IF_ERROR(Check(ParseTrtexecLog(bytes)));
  LATIMER_RETURN_IF_ERROR(Check(ParseBenchmarkModelLog(bytes)));
  LATIMER_RETURN_IF_ERROR(Check(ParseBenchmarkModelCsv(bytes)));
  LATIMER_RETURN_IF_ERROR(Check(ParseVelaSummary(bytes)));
  LATIMER_RETURN_IF_ERROR(Check(ParseVelaPerLayer(bytes, 1e9)));
  LATIMER_RETURN_IF_ERROR(Check(ParseDnndkProfile(bytes)));
  LATIMER_RETURN_IF_ERROR(Check(ParseDeephiProfiling(bytes)));
  LATIMER_RETURN_IF_ERROR(Check(ParseVaitraceSummary(bytes)));
  return Check(ParseVitisThroughput(bytes));
}

}  // namespace latimer::fuzz
