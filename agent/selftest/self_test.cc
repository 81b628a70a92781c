#include "agent/selftest/self_test.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "agent/engine/conditions.h"
#include "agent/runner/reference_network.h"
#include "backends/conditions/power.h"
#include "backends/host.h"
#include "core/mapping/graph_matcher.h"
#include "core/network/read_network.h"

namespace latimer::agent {
namespace {

constexpr double kMostSpread = 0.05;      // of the median of one measurement
constexpr double kMostDifference = 0.10;  // of two measurements in a row
constexpr double kLeastMatched = 0.98;
constexpr double kLeastProfiled = 0.5;  // rows' sum against the network's own time
constexpr double kMostProfiled = 3;
constexpr double kTooHot = 90;
constexpr double kLeastWatts = 0.05;
constexpr double kMostWatts = 500;
constexpr int64_t kYear2024 = 1'704'067'200;
constexpr double kLeastFreeBytes = 64e6;

class SelfTest {
 public:
  SelfTest(const SelfTestOptions& options, Runner& runner, const std::function<void(const Check&)>& tell)
      : options_(options), runner_(runner), tell_(tell) {}

  std::vector<Check> Run(const std::function<absl::Status()>& reach) {
    Board();
    Engine();
    Power();
    Server(reach);
    return std::move(checks_);
  }

 private:
  void Add(const char* name, CheckOutcome outcome, std::string detail) {
    checks_.push_back({name, outcome, std::move(detail)});
    tell_(checks_.back());
  }
  void Judge(const char* name, bool good, std::string detail) {
    Add(name, good ? CheckOutcome::kPass : CheckOutcome::kFail, std::move(detail));
  }
  void NotHere(const char* name, std::string why) { Add(name, CheckOutcome::kNotHere, std::move(why)); }

  void Board() {
    const std::time_t now = std::time(nullptr);
    Judge("wall clock", now > kYear2024,
          now > kYear2024 ? "set" : "before 2024: set it, or TLS and the age of measurements are wrong");
    const BoardState state = ReadHostConditions();
    if (state.governor.has_value()) {
      Add("governor", CheckOutcome::kPass,
          absl::StrCat(*state.governor, *state.governor == "performance"
                                            ? ""
                                            : "; clocks may vary from run to run, 'performance' keeps them"));
    } else {
      NotHere("governor", "the kernel shows none");
    }
    std::vector<std::string> clocks;
    if (state.clock_mhz.has_value()) clocks.push_back(absl::StrFormat("processors %.0f MHz", *state.clock_mhz));
    for (const auto& [device, mhz] : state.device_clocks_mhz) {
      clocks.push_back(absl::StrFormat("%s %.0f MHz", device, mhz));
    }
    if (clocks.empty()) {
      NotHere("clocks", "the kernel shows none");
    } else {
      Add("clocks", CheckOutcome::kPass, absl::StrJoin(clocks, ", "));
    }
    if (state.temperature_celsius.has_value()) {
      Judge("temperature", *state.temperature_celsius < kTooHot,
            absl::StrFormat("%.0f C%s", *state.temperature_celsius,
                            *state.temperature_celsius < kTooHot ? "" : ": cool the board before measuring"));
    } else {
      NotHere("temperature", "the kernel shows none");
    }
    if (state.power_mode.has_value()) {
      Add("power mode", CheckOutcome::kPass, *state.power_mode);
    } else {
      NotHere("power mode", "the board has no modes, or does not show them");
    }
    Throttling("throttling", state);
    StateFolder();
  }

  void Throttling(const char* name, const BoardState& state) {
    if (!state.tells_throttling) return NotHere(name, "the board does not say");
    const bool now = std::any_of(state.throttling.begin(), state.throttling.end(),
                                 [](const std::string& reason) { return reason.find("earlier") == std::string::npos; });
    Judge(name, !now, state.throttling.empty() ? "none" : absl::StrJoin(state.throttling, ", "));
  }

  void StateFolder() {
    if (options_.state_dir.empty()) return NotHere("state folder", "give --state-dir to check it");
    struct statvfs disk {};
    if (access(options_.state_dir.c_str(), W_OK) != 0 || statvfs(options_.state_dir.c_str(), &disk) != 0) {
      return Judge("state folder", false,
                   absl::StrCat(options_.state_dir, " cannot be written: make it, or run as its owner"));
    }
    const double free = static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize);
    Judge("state folder", free > kLeastFreeBytes, absl::StrFormat("%.0f MB free", free / 1e6));
  }

  void Engine() {
    const absl::StatusOr<v1::Hello> hello = runner_.Describe();
    if (!hello.ok()) {
      Judge("tool", false, std::string(hello.status().message()));
      for (const char* name :
           {"version", "network", "spread", "repeats", "layer report", "report matches", "profiler"}) {
        NotHere(name, "the tool does not start");
      }
      return;
    }
    const auto fact = [&](const char* name) {
      const auto found = hello->fingerprint().facts().find(name);
      return found == hello->fingerprint().facts().end() ? std::string() : found->second;
    };
    const std::string tool = fact("toolchain");
    Judge("tool", true, tool.empty() ? options_.backend : tool);
    const bool version = tool.find_first_of("0123456789") != std::string::npos;
    Judge("version", version,
          version ? absl::StrCat(tool, fact("precision").empty() ? "" : ", ", fact("precision"))
                  : "the tool does not say its version: measurements of two versions would be mixed");
    Network(hello->has_layer_report());
    if (!hello->fingerprint().simulated()) {
      // After work, when heat and weak supplies show.
      Throttling("throttling under load", ReadHostConditions());
    }
  }

  v1::Measurement Measure(bool layers) {
    v1::BenchmarkTask task;
    task.set_measurement_id("self-test");
    *task.mutable_network() = ReferenceNetwork();
    task.set_layer_report(layers);
    return runner_.Run(task, options_.timing, options_.timeout);
  }

  void Network(bool has_report) {
    const v1::Measurement first = Measure(has_report);
    if (!first.has_timing()) {
      Judge("network", false, first.failure().message());
      for (const char* name : {"spread", "repeats", "layer report", "report matches", "profiler"}) {
        NotHere(name, "the network does not run");
      }
      return;
    }
    const v1::Timing& timing = first.timing();
    Judge("network", true, absl::StrFormat("%.4g ms, median of %d runs", timing.median_ms(), timing.runs()));
    Judge("spread", timing.median_spread() <= kMostSpread,
          absl::StrFormat("%.1f %% of the median, %.0f %% of the runs were disturbed%s", 100 * timing.median_spread(),
                          100 * timing.disturbed_share(),
                          timing.median_spread() <= kMostSpread ? "" : ": stop other programs, fix the clocks"));
    const v1::Measurement second = Measure(false);
    if (second.has_timing()) {
      const double difference = std::abs(second.timing().median_ms() / timing.median_ms() - 1);
      Judge("repeats", difference <= kMostDifference,
            absl::StrFormat("%.4g ms the second time, %.1f %% away%s", second.timing().median_ms(), 100 * difference,
                            difference <= kMostDifference ? "" : ": clocks or temperature change"));
    } else {
      Judge("repeats", false, second.failure().message());
    }
    Report(first, has_report);
    power_ = first.has_power() ? first.power() : second.power();
  }

  void Report(const v1::Measurement& measurement, bool has_report) {
    if (!has_report || measurement.layers().empty()) {
      if (has_report) {
        Judge("layer report", false, "the tool has times per layer, but gave none of this network");
      } else {
        NotHere("layer report", "the tool has no times per layer; whole networks are measured");
      }
      NotHere("report matches", "there is none");
      NotHere("profiler", "there is none");
      return;
    }
    std::vector<ReportRow> rows;
    double sum = 0;
    double own = 0;
    for (const v1::LayerTiming& layer : measurement.layers()) {
      sum += layer.median_ms();
      if (layer.node().empty()) {
        own += layer.median_ms();
        continue;
      }
      ReportRow& row = rows.emplace_back();
      row.name = layer.name();
      row.kind = layer.operation();
      row.original_names = {layer.node()};
      row.seconds = layer.median_ms() / 1e3;
    }
    Judge("layer report", sum > 0,
          absl::StrFormat("%d rows, %.4g ms, %.4g ms of it the tool's own work", measurement.layers_size(), sum, own));
    const absl::StatusOr<latimer::Network> network = ReadNetwork(ReferenceNetwork());
    if (network.ok()) {
      const double share = MatchReport(*network, rows).MatchedShare();
      Judge("report matches", share >= kLeastMatched,
            absl::StrFormat("%.1f %% of the rows' time is of known layers", 100 * share));
    }
    const double ratio = sum / measurement.timing().median_ms();
    Judge("profiler", ratio >= kLeastProfiled && ratio <= kMostProfiled,
          absl::StrFormat("layers add up to %.0f %% of the time without the profiler%s", 100 * ratio,
                          ratio > kMostProfiled ? ": take them as proportions at best" : ""));
  }

  void Power() {
    const PowerMeter meter = PowerMeter::Find(BoardRoot());
    if (meter.rails().empty()) return NotHere("power", "no sensor (INA226, INA3221) is shown");
    if (power_.samples() == 0) {
      const std::optional<PowerSample> sample = meter.Read();
      if (!sample.has_value()) return Judge("power", false, "there are sensors, but none can be read: run as root?");
      power_.set_mean_watts(sample->watts);
      power_.set_samples(1);
    }
    const bool plausible = power_.mean_watts() >= kLeastWatts && power_.mean_watts() <= kMostWatts;
    const bool grows = power_.idle_watts() == 0 || power_.mean_watts() >= 0.9 * power_.idle_watts();
    Judge("power", plausible && grows,
          absl::StrFormat("%.2f W at work, %.2f W at rest, %d samples, %d rails%s", power_.mean_watts(),
                          power_.idle_watts(), power_.samples(), meter.rails().size(),
                          plausible ? grows ? "" : ": less at work than at rest" : ": not plausible"));
  }

  void Server(const std::function<absl::Status()>& reach) {
    if (options_.server.empty()) return NotHere("server", "give --server to check the way to it");
    const absl::Status status = reach();
    Judge("server", status.ok(),
          status.ok() ? absl::StrCat(options_.server, " answers") : std::string(status.message()));
  }

  const SelfTestOptions& options_;
  Runner& runner_;
  const std::function<void(const Check&)>& tell_;
  std::vector<Check> checks_;
  v1::Power power_;
};

const char* Word(CheckOutcome outcome) {
  switch (outcome) {
    case CheckOutcome::kPass:
      return "PASS";
    case CheckOutcome::kFail:
      return "FAIL";
    case CheckOutcome::kNotHere:
      break;
  }
  return "NOT HERE";
}

std::string Quoted(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&quoted, "\\u%04x", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

}  // namespace

std::vector<Check> RunSelfTest(const SelfTestOptions& options, Runner& runner,
                               const std::function<absl::Status()>& reach,
                               const std::function<void(const Check&)>& tell) {
  return SelfTest(options, runner, tell).Run(reach);
}

std::string CheckLine(const Check& check) {
  return absl::StrFormat("%-8s  %-21s  %s", Word(check.outcome), check.name, check.detail);
}

std::string ChecksJson(const std::string& backend, const std::vector<Check>& checks) {
  const auto count = [&](CheckOutcome outcome) {
    return std::count_if(checks.begin(), checks.end(), [&](const Check& check) { return check.outcome == outcome; });
  };
  std::string json = absl::StrFormat(
      "{\n  \"backend\": %s,\n  \"passed\": %d,\n  \"failed\": %d,\n  \"notHere\": %d,\n", Quoted(backend),
      count(CheckOutcome::kPass), count(CheckOutcome::kFail), count(CheckOutcome::kNotHere));
  json += "  \"checks\": [";
  for (size_t i = 0; i < checks.size(); ++i) {
    absl::StrAppend(&json, i == 0 ? "\n" : ",\n", "    {\"name\": ", Quoted(checks[i].name),
                    ", \"outcome\": ", Quoted(Word(checks[i].outcome)), ", \"detail\": ", Quoted(checks[i].detail),
                    "}");
  }
  return json + "\n  ]\n}\n";
}

}  // namespace latimer::agent
