#include "server/campaign/fit_input.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/status_macros.h"
#include "core/benchmark/excerpt_cuts.h"
#include "core/benchmark/plan.h"
#include "core/benchmark/smart_padding.h"
#include "core/evaluation/measured_pace.h"
#include "core/fitting/cut_collector.h"
#include "core/fitting/measured_excerpt.h"
#include "core/network/network_proto.h"
#include "core/network/onnx/onnx_import.h"
#include "core/network/read_network.h"

namespace latimer::server {
namespace {

using benchmark::MeasurementKind;

std::string Fact(const v1::Fingerprint& fingerprint, const std::string& name) {
  const auto found = fingerprint.facts().find(name);
  return found == fingerprint.facts().end() ? std::string() : found->second;
}

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

absl::StatusOr<Network> NetworkOf(const TaskRecord& task) {
  v1::NetworkSource source;
  if (!source.ParseFromString(task.network)) return absl::DataLossError("a stored network cannot be read");
  // Subjects as they were planned: Simplify() would change some. Networks as estimates read them.
  if (task.kind != static_cast<int>(MeasurementKind::kSubject) &&
      task.kind != static_cast<int>(MeasurementKind::kPaddingOnly)) {
    return ReadNetwork(source);
  }
  if (source.has_onnx_model()) return ImportOnnx(source.onnx_model(), {});
  return NetworkFromProto(source.network());
}

absl::StatusOr<Network> SubjectOf(const TaskRecord& task) {
  if (task.subject.empty()) return NetworkOf(task);
  v1::Network message;
  if (!message.ParseFromString(task.subject)) return absl::DataLossError("a stored subject cannot be read");
  return NetworkFromProto(message);
}

// Time of the subject by the engine's own report; 0: the report has no row of it. Nodes of a subject are named after it
// (benchmark::LayerNetwork), those of its padding are not.
double ReportedSeconds(const v1::Measurement& measurement) {
  double ms = 0;
  for (const v1::LayerTiming& layer : measurement.layers()) {
    if (absl::StartsWith(layer.node(), "subject")) ms += layer.median_ms();
  }
  return ms / 1000;
}

// Campaigns use the same names again; boards of a platform are not equal enough to subtract one's time from another's;
// and a board that was changed is another one.
std::string CutExcerptOf(const MeasuredTask& cut) {
  return absl::StrCat(cut.task.campaign, "/", cut.agent, "/", cut.measurement.fingerprint_digest(), "/",
                      benchmark::ExcerptOfCut(cut.task.name));
}

double Seconds(const v1::Measurement& measurement) { return measurement.timing().median_ms() / 1000; }

// At the pace the results have in common, where the fit cannot tell what the time owes to it.
double SecondsAtPace(const v1::Measurement& measurement, double pass_ns) {
  return Seconds(measurement) * PaceFactor(measurement.timing().pass_ns(), pass_ns, kUsualPaceExponent);
}

double PaceOf(const std::vector<MeasuredTask>& results, const std::set<std::string>& fingerprints) {
  std::vector<double> pass_ns;
  for (const MeasuredTask& result : results) {
    if (fingerprints.count(result.measurement.fingerprint_digest()) == 0) continue;
    pass_ns.push_back(result.measurement.timing().pass_ns());
  }
  return CommonPassNs(std::move(pass_ns));
}

}  // namespace

absl::StatusOr<std::set<std::string>> CountedFingerprints(Store& store, const std::string& platform) {
  LATIMER_ASSIGN_OR_RETURN(const std::vector<v1::Agent> agents, store.ListAgents(platform, "", 1 << 20));
  std::set<std::string> fingerprints = {kImported};
  for (const v1::Agent& agent : agents) fingerprints.insert(agent.fingerprint().digest());
  return fingerprints;
}

model::v1::PlatformModel PlatformOfBoard(const BoardRecord& board) {
  model::v1::PlatformModel model;
  model.set_format_version(1);
  model.set_id(board.platform);
  model.set_version("candidate");  // the store names it when it is added
  model.set_display_name(board.platform);
  const std::string hardware = Fact(board.fingerprint, "hardware");
  model.set_hardware(hardware.empty() ? Fact(board.fingerprint, "cpu") : hardware);
  if (model.hardware().empty()) model.set_hardware("not told");
  model.set_toolchain(Fact(board.fingerprint, "toolchain"));
  const std::string precision = Fact(board.fingerprint, "precision");
  model.set_precision(precision);
  // "8 bits", "INT8": the number in it; what computes as the network says is float.
  int bits = 0;
  for (char c : precision) {
    if (c >= '0' && c <= '9' && bits < 100) bits = 10 * bits + (c - '0');
  }
  if (bits != 8 && bits != 16) bits = 32;
  model.set_activation_bits(bits);
  model.set_weight_bits(bits);
  for (const auto& [name, value] : board.fingerprint.facts()) (*model.mutable_settings())[name] = value;
  model.set_description(
      board.backend == kImported
          ? "Fitted to reports imported here."
          : absl::StrCat("Fitted to measurements of boards enrolled here (back end ", board.backend, ")."));
  model.set_simulated(board.fingerprint.simulated());
  model.set_create_date(absl::FormatTime("%Y-%m-%d", absl::Now(), absl::UTCTimeZone()));
  return model;
}

CollectedResults CollectResults(const std::vector<MeasuredTask>& results, const std::set<std::string>& fingerprints) {
  CollectedResults collected;
  collected.pass_ns = PaceOf(results, fingerprints);
  // Two agents, or two campaigns, measure the same padding-only model: their median.
  struct Padding {
    std::vector<double> seconds;
    const TaskRecord* task = nullptr;
  };
  std::map<std::string, Padding> paddings;
  std::map<std::string, fitting::ValidationSample> validation;
  for (const MeasuredTask& result : results) {
    if (fingerprints.count(result.measurement.fingerprint_digest()) == 0) continue;
    if (result.task.kind == static_cast<int>(MeasurementKind::kPaddingOnly)) {
      Padding& padding = paddings[result.task.name];
      padding.seconds.push_back(SecondsAtPace(result.measurement, collected.pass_ns));
      padding.task = &result.task;
    }
  }
  benchmark::PaddingTable table;
  for (auto& [key, padding] : paddings) {
    const double seconds = Median(std::move(padding.seconds));
    table.AddKey(key, seconds);
    absl::StatusOr<Network> network = NetworkOf(*padding.task);
    if (network.ok()) collected.paddings.push_back({*std::move(network), seconds});
  }

  fitting::CutCollector cuts;
  for (const MeasuredTask& result : results) {
    if (fingerprints.count(result.measurement.fingerprint_digest()) == 0) {
      ++collected.left_out;
      continue;
    }
    ++collected.results;
    const double seconds = SecondsAtPace(result.measurement, collected.pass_ns);
    if (result.task.kind == static_cast<int>(MeasurementKind::kValidation)) {
      absl::StatusOr<Network> network = NetworkOf(result.task);
      if (network.ok()) {
        // The newest measurement of a network counts.
        validation[result.task.name] = {result.task.name, *std::move(network), Seconds(result.measurement),
                                        result.measurement.timing().pass_ns()};
      } else {
        ++collected.left_out;
      }
    } else if (result.task.kind == static_cast<int>(MeasurementKind::kExcerpt)) {
      absl::StatusOr<Network> network = NetworkOf(result.task);
      absl::StatusOr<fitting::ExcerptSample> excerpt =
          network.ok() ? fitting::MakeExcerpt(*std::move(network), result.measurement,
                                              static_cast<double>(result.task.flush_bytes))
                       : network.status();
      if (excerpt.ok()) {
        collected.excerpts.push_back(*std::move(excerpt));
      } else {
        ++collected.left_out;
      }
    } else if (result.task.kind == static_cast<int>(MeasurementKind::kExcerptCut)) {
      absl::StatusOr<Network> network = NetworkOf(result.task);
      if (network.ok()) {
        cuts.Add(CutExcerptOf(result), {*std::move(network), seconds, result.measurement.timing().median_spread()},
                 static_cast<double>(result.task.flush_bytes));
      } else {
        ++collected.left_out;
      }
    } else if (result.task.kind == static_cast<int>(MeasurementKind::kSubject)) {
      absl::StatusOr<Network> subject = SubjectOf(result.task);
      absl::StatusOr<benchmark::TimeInterval> interval = benchmark::TimeInterval{seconds, seconds};
      if (subject.ok() && result.task.layer_report) {
        const double reported = ReportedSeconds(result.measurement) *
                                PaceFactor(result.measurement.layers_pass_ns(), collected.pass_ns, kUsualPaceExponent);
        if (reported > 0) {
          interval = benchmark::TimeInterval{reported, reported};
        } else {
          interval = absl::NotFoundError("the engine's report has no row of the subject");
        }
      } else if (subject.ok() && !result.task.subject.empty()) {
        interval = table.SubjectTime(*subject, seconds);
      }
      if (!subject.ok() || !interval.ok()) {
        ++collected.left_out;
        continue;
      }
      fitting::Sample& sample = collected.samples.emplace_back();
      sample.subject = *std::move(subject);
      sample.seconds = *interval;
      sample.relative_spread = result.measurement.timing().median_spread();
      sample.stage = absl::StrCat(result.task.stage);
    }
  }
  collected.cut_excerpts = cuts.Take();
  for (auto& [name, sample] : validation) collected.validation.push_back(std::move(sample));
  return collected;
}

}  // namespace latimer::server
