#include "backends/conditions/board_state.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "backends/conditions/board_files.h"

namespace latimer {
namespace {

// Sensors that are switched off say absolute zero, or -256.
constexpr double kColdest = -60;
constexpr double kHottest = 250;

std::string NameOf(const std::string& path) { return std::filesystem::path(path).filename().string(); }

void ReadClocks(const std::string& root, const std::vector<int>& cpus, BoardState& state) {
  const std::string folder = root + "/sys/devices/system/cpu";
  double sum = 0;
  int clocks = 0;
  for (const std::string& path : Entries(folder, "cpu")) {
    int cpu = 0;
    if (!absl::SimpleAtoi(NameOf(path).substr(3), &cpu)) continue;  // "cpufreq", "cpuidle"
    if (!cpus.empty() && std::find(cpus.begin(), cpus.end(), cpu) == cpus.end()) continue;
    if (!state.governor.has_value()) state.governor = FirstLine(path + "/cpufreq/scaling_governor");
    if (const std::optional<double> khz = NumberIn(path + "/cpufreq/scaling_cur_freq"); khz.has_value()) {
      sum += *khz / 1e3;
      ++clocks;
    }
  }
  if (clocks > 0) state.clock_mhz = sum / clocks;
  for (const std::string& device : Entries(root + "/sys/class/devfreq", "")) {
    const std::optional<double> hertz = NumberIn(device + "/cur_freq");
    if (hertz.has_value()) state.device_clocks_mhz[NameOf(device)] = *hertz / 1e6;
  }
}

void ReadThermal(const std::string& root, BoardState& state) {
  for (const std::string& zone : Entries(root + "/sys/class/thermal", "thermal_zone")) {
    const std::optional<double> millidegrees = NumberIn(zone + "/temp");
    if (!millidegrees.has_value()) continue;
    const double celsius = *millidegrees / 1e3;
    if (celsius < kColdest || celsius > kHottest) continue;
    state.temperature_celsius = std::max(state.temperature_celsius.value_or(celsius), celsius);
  }
  // The kernel lowers clocks through these; fans are none of them.
  for (const std::string& device : Entries(root + "/sys/class/thermal", "cooling_device")) {
    const std::string type = FirstLine(device + "/type").value_or("");
    if (!absl::StrContains(type, "cpufreq") && !absl::StrContains(type, "devfreq") && type != "Processor") continue;
    state.tells_throttling = true;
    if (NumberIn(device + "/cur_state").value_or(0) > 0) state.throttling.push_back("cooling by " + type);
  }
}

void ReadRaspberryPi(const std::string& root, BoardState& state) {
  const std::optional<std::string> line = FirstLine(root + "/sys/devices/platform/soc/soc:firmware/get_throttled");
  uint64_t flags = 0;
  if (!line.has_value() || !absl::SimpleHexAtoi(*line, &flags)) return;
  state.tells_throttling = true;
  for (std::string& word : RaspberryPiThrottling(flags)) state.throttling.push_back(std::move(word));
}

void ReadJetson(const std::string& root, BoardState& state) {
  const std::optional<std::string> line = FirstLine(root + "/var/lib/nvpmodel/status");
  int id = 0;
  if (line.has_value()) {
    for (const absl::string_view word : absl::StrSplit(*line, ' ')) {
      if (!absl::StartsWith(word, "pmode:") || !absl::SimpleAtoi(word.substr(6), &id)) continue;
      const std::optional<std::string> name = JetsonPowerMode(Contents(root + "/etc/nvpmodel.conf"), id);
      state.power_mode = name.value_or(absl::StrCat("mode ", id));
    }
  }
  // Counters of the limits on currents, since the start.
  for (const std::string& chip : Entries(root + "/sys/class/hwmon", "hwmon")) {
    for (const std::string& counter : Entries(chip, "oc")) {
      if (!absl::EndsWith(counter, "_event_cnt")) continue;
      state.tells_throttling = true;
      const double events = NumberIn(counter).value_or(0);
      if (events > 0)
        state.throttling.push_back(absl::StrCat("over-current earlier (", NameOf(counter), " ", events, ")"));
    }
  }
}

}  // namespace

std::vector<std::string> RaspberryPiThrottling(uint64_t flags) {
  constexpr std::array<const char*, 4> kWords = {"under-voltage", "clock capped", "throttled", "temperature limit"};
  std::vector<std::string> words;
  for (size_t i = 0; i < kWords.size(); ++i) {
    if ((flags >> i & 1) != 0) {
      words.push_back(absl::StrCat(kWords[i], " now"));
    } else if ((flags >> (16 + i) & 1) != 0) {
      words.push_back(absl::StrCat(kWords[i], " earlier"));
    }
  }
  return words;
}

std::optional<std::string> JetsonPowerMode(absl::string_view configuration, int id) {
  for (const absl::string_view line : absl::StrSplit(configuration, '\n')) {
    // "< POWER_MODEL ID=0 NAME=MAXN >"
    const std::vector<absl::string_view> words = absl::StrSplit(line, absl::ByAnyChar(" \t\r<>"), absl::SkipEmpty());
    int number = 0;
    if (words.size() < 3 || words[0] != "POWER_MODEL" || !absl::StartsWith(words[1], "ID=") ||
        !absl::SimpleAtoi(words[1].substr(3), &number) || number != id || !absl::StartsWith(words[2], "NAME=")) {
      continue;
    }
    return std::string(words[2].substr(5));
  }
  return std::nullopt;
}

BoardState ReadBoardState(const std::string& root, const std::vector<int>& cpus) {
  BoardState state;
  ReadClocks(root, cpus, state);
  ReadThermal(root, state);
  ReadRaspberryPi(root, state);
  ReadJetson(root, state);
  if (const std::optional<std::string> line = FirstLine(root + "/proc/loadavg"); line.has_value()) {
    double load = 0;
    const std::vector<absl::string_view> parts = absl::StrSplit(*line, ' ');
    if (absl::SimpleAtod(parts[0], &load)) state.load_average = load;
  }
  return state;
}

std::map<std::string, std::string> LastingSettings(const BoardState& state) {
  std::map<std::string, std::string> settings;
  if (state.governor.has_value()) settings["governor"] = *state.governor;
  if (state.power_mode.has_value()) settings["power_mode"] = *state.power_mode;
  return settings;
}

}  // namespace latimer
