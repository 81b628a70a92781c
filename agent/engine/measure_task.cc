#include "agent/engine/measure_task.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/engine/conditions.h"
#include "agent/engine/engine_model.h"
#include "agent/runner/failure.h"
#include "backends/conditions/power.h"
#include "backends/host.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace latimer::agent {
namespace {

// Beyond, a task costs more in writing memory than in measuring.
constexpr int64_t kMostFlushBytes = 256 << 20;
constexpr size_t kMostIncidentBytes = 400;
constexpr double kLeastPowerSeconds = 0.15;  // some samples
constexpr double kMostPowerSeconds = 1;

void ToProto(const TimingResult& result, v1::Timing* timing) {
  timing->set_median_ms(result.median_seconds * 1e3);
  timing->set_min_ms(result.min_seconds * 1e3);
  timing->set_lower_quartile_ms(result.lower_quartile_seconds * 1e3);
  timing->set_upper_quartile_ms(result.upper_quartile_seconds * 1e3);
  timing->set_median_spread(result.median_spread);
  timing->set_runs(result.runs);
  timing->set_warmup_runs(result.warmup_runs);
  timing->set_disturbed_share(result.disturbed_share);
  timing->set_pass_ns(result.pass_seconds * 1e9);
}

// Reading sensors takes processor time, so power has runs of its own. A board without sensors spends nothing on it.
void AddPower(PreparedNetwork& network, const TimingOptions& options, v1::Measurement* measurement) {
  static const PowerMeter* const kMeter = new PowerMeter(PowerMeter::Find(BoardRoot()));
  if (kMeter->rails().empty()) return;
  const double seconds = std::clamp(options.budget_seconds / 2, kLeastPowerSeconds, kMostPowerSeconds);
  const absl::StatusOr<PowerResult> power =
      MeasurePower(*kMeter, seconds, [&] { return network.RunSeconds().status(); });
  // The times are good without it.
  if (!power.ok()) return;
  v1::Power& message = *measurement->mutable_power();
  message.set_mean_watts(power->mean_watts);
  message.set_max_watts(power->max_watts);
  message.set_idle_watts(power->idle_watts);
  message.set_samples(power->samples);
  for (const auto& [rail, watts] : power->rail_watts) (*message.mutable_rail_watts())[CleanUtf8(rail)] = watts;
}

absl::Status Measure(Backend& backend, const v1::BenchmarkTask& task, const TimingOptions& options,
                     v1::Measurement* measurement) {
  LATIMER_ASSIGN_OR_RETURN(std::string model, EngineModel(task.network()));
  LATIMER_ASSIGN_OR_RETURN(const std::unique_ptr<PreparedNetwork> network, backend.Prepare(model));
  std::string().swap(model);  // the engine has its own copy; boards are small
  LATIMER_ASSIGN_OR_RETURN(const TimingResult result, TimeNetwork(*network, options));
  ToProto(result, measurement->mutable_timing());
  if (const absl::StatusOr<double> estimate = network->CompilerEstimateSeconds(); estimate.ok()) {
    measurement->set_compiler_estimate_ms(*estimate * 1e3);
  }
  if (!backend.fingerprint().simulated) AddPower(*network, options, measurement);
  if (!task.layer_report()) return absl::OkStatus();
  const double affordable = 2 * options.budget_seconds / std::max(result.median_seconds, 1e-9);
  ProfileOptions profile;
  profile.flush_bytes = options.flush_bytes;
  profile.pace = options.pace;
  // Writing memory is not board time, but takes time all the same.
  profile.runs = static_cast<int>(std::clamp(affordable, 5.0, options.flush_bytes > 0 ? 20.0 : 50.0));
  const absl::StatusOr<std::vector<LayerTiming>> layers = network->ProfileLayers(profile);
  // The time of the whole network is good without the report.
  if (!layers.ok()) {
    if (!absl::IsUnimplemented(layers.status())) {
      measurement->add_incidents(
          CleanUtf8(absl::StrCat("no times per layer: ", layers.status().message()).substr(0, kMostIncidentBytes)));
    }
    return absl::OkStatus();
  }
  if (options.pace != nullptr) measurement->set_layers_pass_ns(options.pace->TakeSeriesPassSeconds() * 1e9);
  for (const LayerTiming& layer : *layers) {
    v1::LayerTiming* row = measurement->add_layers();
    row->set_name(CleanUtf8(layer.name));
    row->set_operation(CleanUtf8(layer.operation));
    row->set_node(CleanUtf8(layer.node));
    row->set_median_ms(layer.median_seconds * 1e3);
    row->set_min_ms(layer.min_seconds * 1e3);
    row->set_middle_ms(layer.middle_seconds * 1e3);
  }
  return absl::OkStatus();
}

}  // namespace

TimingOptions TimingFromProto(const v1::TimingOptions& message) {
  TimingOptions options;
  if (message.min_runs() > 0) options.min_runs = message.min_runs();
  if (message.max_runs() > 0) options.max_runs = message.max_runs();
  if (message.budget_ms() > 0) {
    options.budget_seconds = message.budget_ms() / 1e3;
    options.warmup_budget_seconds = options.budget_seconds / 2;
  }
  if (message.target_spread() > 0) options.target_spread = message.target_spread();
  options.min_runs = std::min(options.min_runs, options.max_runs);
  return options;
}

v1::Fingerprint FingerprintToProto(const Fingerprint& fingerprint) {
  v1::Fingerprint message;
  for (const auto& [key, value] : fingerprint.facts) (*message.mutable_facts())[key] = CleanUtf8(value);
  message.set_simulated(fingerprint.simulated);
  message.set_digest(fingerprint.Digest());
  return message;
}

v1::Measurement MeasureTask(Backend& backend, const v1::BenchmarkTask& task, const v1::TimingOptions& timing,
                            Pace* pace) {
  v1::Measurement measurement;
  measurement.set_measurement_id(task.measurement_id());
  absl::Status status;
  try {
    TimingOptions options = TimingFromProto(timing);
    if (backend.computes_on_host()) options.pace = pace;
    // Simulated boards compute their times.
    if (!backend.fingerprint().simulated)
      options.flush_bytes = std::clamp<int64_t>(task.flush_bytes(), 0, kMostFlushBytes);
    status = Measure(backend, task, options, &measurement);
  } catch (const std::bad_alloc&) {
    status = ResourceExhausted("OUT_OF_MEMORY", "the engine ran out of memory");
  } catch (const std::exception& error) {
    status = absl::AbortedError(absl::StrCat("the engine threw: ", error.what()));
  }
  for (const std::string& incident : backend.TakeIncidents()) {
    measurement.add_incidents(CleanUtf8(incident.substr(0, kMostIncidentBytes)));
  }
  if (!status.ok()) {
    measurement.clear_layers();
    *measurement.mutable_failure() = ToFailure(status);
  }
  if (!backend.fingerprint().simulated) *measurement.mutable_conditions() = ReadConditions();
  measurement.set_fingerprint_digest(backend.fingerprint().Digest());
  measurement.set_measure_time_unix_ms(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
  return measurement;
}

}  // namespace latimer::agent
