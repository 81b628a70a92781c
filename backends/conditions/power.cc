#include "backends/conditions/power.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "backends/conditions/board_files.h"

namespace latimer {
namespace {

constexpr double kMicro = 1e-6;
constexpr double kMilli = 1e-3;
constexpr double kLeastVolts = 0.1;  // below, it is the shunt's
constexpr auto kPause = absl::Milliseconds(20);
constexpr double kIdleSeconds = 0.1;

bool Exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// "ina226", "ina226_u76", "ina231"; not "ina3221".
bool IsSingle(const std::string& chip) { return absl::StartsWith(chip, "ina2"); }

// Two drivers number voltages differently: the bus is the one above 100 mV.
std::string BusVoltage(const std::string& chip) {
  for (const char* file : {"/in1_input", "/in2_input"}) {
    if (kMilli * NumberIn(chip + file).value_or(0) >= kLeastVolts) return chip + file;
  }
  return "";
}

void AddSingle(const std::string& chip, const std::string& name, std::vector<PowerRail>& rails) {
  PowerRail rail;
  rail.name = FirstLine(chip + "/device/of_node/label").value_or(FirstLine(chip + "/label").value_or(name));
  if (Exists(chip + "/power1_input")) {
    rail.power_path = chip + "/power1_input";
    rail.watts_per_unit = kMicro;
  } else {
    rail.volt_path = BusVoltage(chip);
    rail.current_path = chip + "/curr1_input";
    if (rail.volt_path.empty() || !Exists(rail.current_path)) return;
  }
  rails.push_back(std::move(rail));
}

void AddTriple(const std::string& chip, std::vector<PowerRail>& rails) {
  for (int channel = 1; channel <= 3; ++channel) {
    const std::string in = absl::StrCat(chip, "/in", channel);
    const std::string current = absl::StrCat(chip, "/curr", channel, "_input");
    const std::string label = FirstLine(in + "_label").value_or(absl::StrCat("channel ", channel));
    if (label == "NC" || label.empty() || !Exists(in + "_input") || !Exists(current)) continue;
    rails.push_back({label, "", 0, in + "_input", current});
  }
}

// JetPack 4: "rail_name_0" beside "in_power0_input" in milliwatts.
void AddIndustrial(const std::string& device, std::vector<PowerRail>& rails) {
  for (int channel = 0; channel < 3; ++channel) {
    const std::optional<std::string> label = FirstLine(absl::StrCat(device, "/rail_name_", channel));
    const std::string path = absl::StrCat(device, "/in_power", channel, "_input");
    if (!label.has_value() || *label == "NC" || label->empty() || !Exists(path)) continue;
    rails.push_back({*label, path, kMilli, "", ""});
  }
}

}  // namespace

PowerMeter PowerMeter::Find(const std::string& root) {
  PowerMeter meter;
  for (const std::string& chip : Entries(root + "/sys/class/hwmon", "hwmon")) {
    const std::string name = FirstLine(chip + "/name").value_or("");
    if (name == "ina3221") {
      AddTriple(chip, meter.rails_);
    } else if (IsSingle(name)) {
      AddSingle(chip, name, meter.rails_);
    }
  }
  if (meter.rails_.empty()) {
    for (const std::string& device : Entries(root + "/sys/bus/iio/devices", "iio:device")) {
      AddIndustrial(device, meter.rails_);
    }
  }
  // Chips of the same name on one board stay apart.
  std::map<std::string, int> seen;
  for (PowerRail& rail : meter.rails_) {
    const int times = ++seen[rail.name];
    if (times > 1) absl::StrAppend(&rail.name, "#", times);
    if (rail.name == "VDD_IN" || rail.name == "POM_5V_IN") meter.whole_ = rail.name;
  }
  return meter;
}

std::optional<PowerSample> PowerMeter::Read() const {
  PowerSample sample;
  for (const PowerRail& rail : rails_) {
    std::optional<double> watts;
    if (!rail.power_path.empty()) {
      watts = NumberIn(rail.power_path);
      if (watts.has_value()) *watts *= rail.watts_per_unit;
    } else {
      const std::optional<double> millivolts = NumberIn(rail.volt_path);
      const std::optional<double> milliamperes = NumberIn(rail.current_path);
      if (millivolts.has_value() && milliamperes.has_value()) watts = kMicro * *millivolts * *milliamperes;
    }
    if (!watts.has_value() || !(*watts >= 0)) continue;
    sample.rails[rail.name] = *watts;
    if (whole_.empty() || rail.name == whole_) sample.watts += *watts;
  }
  if (sample.rails.empty() || (!whole_.empty() && sample.rails.count(whole_) == 0)) return std::nullopt;
  return sample;
}

absl::StatusOr<PowerResult> MeasurePower(const PowerMeter& meter, double seconds,
                                         const std::function<absl::Status()>& run) {
  const auto mean_of = [](const std::vector<PowerSample>& samples) {
    double sum = 0;
    for (const PowerSample& sample : samples) sum += sample.watts;
    return samples.empty() ? 0 : sum / static_cast<double>(samples.size());
  };
  PowerResult result;
  std::vector<PowerSample> idle;
  for (const absl::Time end = absl::Now() + absl::Seconds(kIdleSeconds); absl::Now() < end;) {
    absl::SleepFor(kPause);
    if (std::optional<PowerSample> sample = meter.Read(); sample.has_value()) idle.push_back(*std::move(sample));
  }
  std::atomic<bool> stop = false;
  std::vector<PowerSample> samples;
  std::thread sampler([&] {
    // The chips average over some milliseconds: the first value may still be of the rest before.
    absl::SleepFor(kPause);
    while (!stop.load()) {
      absl::SleepFor(kPause);
      if (std::optional<PowerSample> sample = meter.Read(); sample.has_value()) samples.push_back(*std::move(sample));
    }
  });
  absl::Status status;
  for (const absl::Time end = absl::Now() + absl::Seconds(seconds); status.ok() && absl::Now() < end;) status = run();
  stop = true;
  sampler.join();
  if (!status.ok()) return status;
  if (samples.empty()) return absl::UnavailableError("the power sensors gave no value");
  result.idle_watts = mean_of(idle);
  result.mean_watts = mean_of(samples);
  result.samples = static_cast<int>(samples.size());
  for (const PowerSample& sample : samples) {
    result.max_watts = std::max(result.max_watts, sample.watts);
    for (const auto& [rail, watts] : sample.rails) {
      result.rail_watts[rail] += watts / static_cast<double>(samples.size());
    }
  }
  return result;
}

}  // namespace latimer
