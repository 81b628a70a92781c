#include "server/campaign/report_import.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "backends/reports/read_reports.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/benchmark/plan.h"
#include "core/mapping/graph_matcher.h"
#include "core/network/read_network.h"
#include "core/network/structural_hash.h"
#include "server/fleet/enrollment.h"
#include "server/fleet/secrets.h"
#include "server/status_mapping.h"

namespace latimer::server {
namespace {

constexpr int kMostFiles = 1000;
constexpr size_t kLongestText = 128;
constexpr double kFittedShare = 0.9;  // as ReadExcerpts() of core/fitting has it
constexpr double kLeastShare = 0.5;   // below, the report is about something else
constexpr int kMostNamed = 50;

std::string PlatformId(const v1::ImportReportsRequest& request) {
  return std::string(absl::StripPrefix(request.platform(), "platforms/"));
}

std::string Precision(const v1::ImportReportsRequest& request) {
  if (!request.precision().empty()) return absl::AsciiStrToUpper(request.precision());
  const bool integers = request.toolchain() == "dnndk" || request.toolchain() == "vitis-ai";
  return integers ? "INT8" : "";
}

// "latimer-vitisai", "vitis-ai" and "dnndk" are the same hardware's.
std::string Family(absl::string_view toolchain) {
  std::string text = absl::AsciiStrToLower(absl::StrReplaceAll(toolchain, {{"-", ""}, {"_", ""}, {" ", ""}}));
  if (absl::StrContains(text, "dnndk")) return "vitisai";
  for (const char* family : {"vitisai", "tensorrt", "openvino", "tflite"}) {
    if (absl::StrContains(text, family)) return family;
  }
  return text;
}

absl::Status CheckRequest(const v1::ImportReportsRequest& request) {
  if (!IsPlatformId(PlatformId(request))) {
    return InvalidArgument("BAD_PLATFORM",
                           absl::StrCat("'", request.platform().substr(0, kLongestText),
                                        "' is no platform id; use lower-case letters, digits and dashes, for example "
                                        "'ncs2-openvino-lab'"))
        .Field("platform");
  }
  if (request.files().empty() || request.files_size() > kMostFiles) {
    return InvalidArgument("BAD_FILES", absl::StrCat("give 1 to ", kMostFiles, " files")).Field("files");
  }
  if (request.precision().size() > kLongestText || request.hardware().size() > kLongestText) {
    return InvalidArgument("BAD_FACTS",
                           absl::StrCat("precision and hardware are at most ", kLongestText, " bytes long"))
        .Field(request.precision().size() > kLongestText ? "precision" : "hardware");
  }
  return absl::OkStatus();
}

v1::Measurement MeasurementOf(const Report& report) {
  v1::Measurement measurement;
  v1::Timing& timing = *measurement.mutable_timing();
  const double seconds = report.latency.typical().value_or(report.ExecutedSeconds());
  timing.set_median_ms(1e3 * seconds);
  timing.set_min_ms(1e3 * report.latency.min.value_or(seconds));
  timing.set_runs(static_cast<int32_t>(
      std::min<int64_t>(1 << 30, std::max({int64_t{1}, report.latency.count, report.profiled_inferences}))));
  std::vector<double> samples = report.latency.samples;
  if (samples.size() >= 4) {
    std::sort(samples.begin(), samples.end());
    timing.set_lower_quartile_ms(1e3 * samples[samples.size() / 4]);
    timing.set_upper_quartile_ms(1e3 * samples[samples.size() * 3 / 4]);
  }
  for (const ReportRow& row : report.rows) {
    v1::LayerTiming& layer = *measurement.add_layers();
    layer.set_name(row.name);
    layer.set_operation(row.kind);
    layer.set_median_ms(1e3 * row.seconds);
    for (const std::string& name : row.original_names) layer.add_originals(name);
    layer.set_meaning(static_cast<v1::RowMeaning>(static_cast<int>(row.meaning) + 1));
    layer.set_status(static_cast<v1::RowStatus>(static_cast<int>(row.status) + 1));
  }
  measurement.set_compiler_estimate_ms(1e3 * report.compiler_estimate.value_or(0));
  measurement.set_fingerprint_digest(kImported);
  return measurement;
}

v1::ReportImport Describe(const Network& network, const Report& report, const std::string& file) {
  const ReportMatch match = MatchReport(network, report.rows);
  v1::ReportImport answer;
  answer.set_file_name(file);
  answer.set_subject(report.subject);
  answer.set_has_latency(report.latency.typical().has_value());
  answer.set_latency_ms(1e3 * report.latency.typical().value_or(report.ExecutedSeconds()));
  answer.set_executed_rows(static_cast<int32_t>(report.ExecutedRows()));
  answer.set_matched_rows(
      static_cast<int32_t>(report.ExecutedRows() - static_cast<int64_t>(match.unmatched_rows.size())));
  answer.set_units(static_cast<int32_t>(match.units.size()));
  answer.set_executed_ms(1e3 * match.executed_seconds);
  answer.set_matched_ms(1e3 * match.matched_seconds);
  answer.set_matched_share(match.units.empty() ? 0 : match.MatchedShare());
  std::vector<int32_t> rows = match.unmatched_rows;
  std::stable_sort(rows.begin(), rows.end(),
                   [&](int32_t a, int32_t b) { return report.rows[a].seconds > report.rows[b].seconds; });
  for (size_t i = 0; i < rows.size() && i < kMostNamed; ++i) {
    v1::UnmatchedRow& row = *answer.add_unmatched_rows();
    row.set_name(report.rows[rows[i]].name);
    row.set_time_ms(1e3 * report.rows[rows[i]].seconds);
  }
  for (LayerId layer : match.unmatched_layers) {
    if (answer.unmatched_layers_size() < kMostNamed)
      answer.add_unmatched_layers(std::string(network.layers[layer].name));
  }
  answer.set_fitted(answer.matched_share() >= kFittedShare);
  return answer;
}

}  // namespace

absl::Status CheckSameKind(const v1::ImportReportsRequest& request, const BoardRecord& board) {
  const auto fact = [&](const char* name) {
    const auto found = board.fingerprint.facts().find(name);
    return found == board.fingerprint.facts().end() ? std::string() : found->second;
  };
  const std::string tool = board.backend == kImported ? fact("toolchain") : board.backend;
  std::string difference;
  if (Family(tool) != Family(request.toolchain())) {
    difference = absl::StrCat("it was measured with ", tool, ", the reports are of ", request.toolchain());
  } else if (!Precision(request).empty() && !fact("precision").empty() &&
             !absl::EqualsIgnoreCase(Precision(request), fact("precision"))) {
    difference = absl::StrCat("it computes in ", fact("precision"), ", the reports in ", Precision(request));
  }
  if (difference.empty()) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "OTHER_PLATFORM",
               absl::StrCat("these reports are not platform '", board.platform, "': ", difference,
                            "; import them under another id"))
      .Field("platform");
}

absl::StatusOr<PreparedImport> PrepareImport(const v1::ImportReportsRequest& request, const ImportLimits& limits,
                                             int64_t now_ms) {
  LATIMER_RETURN_IF_ERROR(CheckRequest(request));
  std::vector<ReportBytes> files;
  for (const v1::ReportFile& file : request.files()) files.push_back({file.name(), file.content()});
  LATIMER_ASSIGN_OR_RETURN(std::vector<ReportedRun> runs,
                           ReadReportFiles(request.toolchain(), files, request.subject()));
  absl::StatusOr<Network> network = ReadNetwork(request.network(), limits);
  if (!network.ok()) return PrefixField(network.status(), "network");

  PreparedImport prepared;
  prepared.network_name = network->name.empty() ? StructuralHashText(*network) : network->name;
  prepared.network_hash = StructuralHash(*network);
  const std::string hash = StructuralHashText(*network);
  prepared.response.set_network_hash(hash);
  prepared.response.set_platform(absl::StrCat("platforms/", PlatformId(request)));
  prepared.board.platform = PlatformId(request);
  prepared.board.backend = kImported;
  auto& facts = *prepared.board.fingerprint.mutable_facts();
  facts["toolchain"] = request.toolchain();
  if (!Precision(request).empty()) facts["precision"] = Precision(request);
  if (!request.hardware().empty()) facts["hardware"] = request.hardware();
  prepared.board.fingerprint.set_digest(kImported);
  for (ReportedRun& run : runs) {
    const std::string& file = files[run.file].name;
    v1::ReportImport& answer = *prepared.response.add_reports();
    answer = Describe(*network, run.report, file);
    if (answer.matched_share() < kLeastShare && !request.dry_run()) {
      return InvalidArgument(
                 "REPORT_OF_OTHER_NETWORK",
                 absl::StrCat("file '", file, "': only ", static_cast<int>(100 * answer.matched_share()),
                              " % of its time is of layers of '", prepared.network_name,
                              "'; is it a report about another network? A dry run shows what does not match"))
          .Field("files")
          .With("file", file);
    }
    Store::Import& import = prepared.imports.emplace_back();
    import.network_hash = hash;
    import.measurement = MeasurementOf(run.report);
    v1::ImportedReport& source = *import.measurement.mutable_imported_report();
    source.set_file_name(file);
    source.set_sha256(HashSecret(files[run.file].bytes));
    source.set_toolchain(request.toolchain());
    source.set_index(run.index);
    source.set_import_time_unix_ms(now_ms);
    for (const auto& [name, value] : run.report.facts) (*source.mutable_facts())[name] = value;
    import.measurement.set_measure_time_unix_ms(now_ms);
    const std::string id =
        absl::StrCat("r", HashSecret(absl::StrCat(PlatformId(request), " ", hash, " ", request.toolchain(), " ",
                                                  source.sha256(), " ", run.index, " ", run.report.subject))
                              .substr(0, 24));
    import.measurement.set_measurement_id(id);
    import.task.measurement_id = id;
    import.task.platform = PlatformId(request);
    import.task.kind = static_cast<int>(request.validation() ? benchmark::MeasurementKind::kValidation
                                                             : benchmark::MeasurementKind::kExcerpt);
    import.task.name = prepared.network_name;
    import.task.network = request.network().SerializeAsString();
    import.task.layer_report = true;
    if (!request.dry_run()) answer.set_measurement_id(id);
  }
  return prepared;
}

}  // namespace latimer::server
